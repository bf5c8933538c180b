// What the pictures show as numbers: where everybody is after so many updates, and one update taken apart.

import { element, setAttribute, setText } from "../live/dom.js";
import { fill, grouped, short } from "../live/text.js";

// Three digits; a dash where there is no number.
export function number(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const isPlain = size === 0 || (size < 1e5 && size >= 1e-3);
  return isPlain ? short(value) : value.toExponential(2).replace("e+", "e").replaceAll("-", "−");
}

// Everybody after some updates, in the order in which they end.
export class Standings {
  constructor(labels) {
    this.labels = labels;
    this.title = element("h3");
    this.body = element("tbody");
    const heads = ["optimizer", "loss", "x", "y"].map((name) => element("th", { scope: "col", className: `sp-cell-${name}`, text: labels[`column_${name}`] ?? name }));
    const table = element("table", { className: "sp-table" }, element("thead", {}, element("tr", {}, ...heads)), this.body);
    this.node = element("section", { className: "sp-panel sp-after", label: labels.standings }, this.title, element("div", { className: "sp-scroll" }, table));
  }

  draw(data, palette) {
    const end = ({ loss, finite }) => (finite > data.steps ? loss[data.steps] : Infinity);
    const sorted = [...data.racers].sort((a, b) => end(a) - end(b));
    this.rows = sorted.map((racer) => {
      const cells = ["loss", "x", "y"].map((name) => element("td", { className: `sp-cell-${name}` }));
      const node = element("tr", { "data-racer": racer.key }, element("th", { scope: "row" }, badge(racer, palette), racer.name), ...cells);
      return { racer, node, cells };
    });
    this.body.replaceChildren(...this.rows.map(({ node }) => node));
  }

  show(step) {
    const { labels } = this;
    setText(this.title, fill(labels.after, { step: grouped(step) }));
    this.rows.forEach(({ racer, cells: [loss, x, y] }) => {
      const isThere = step < racer.finite;
      setText(loss, isThere ? number(racer.loss[step]) : fill(labels.beyond, { step: grouped(racer.finite) }));
      loss.colSpan = isThere ? 1 : 3;
      setText(x, number(racer.x[step]));
      setText(y, number(racer.y[step]));
      x.hidden = y.hidden = !isThere;
    });
  }
}

export function hasLeft({ left_at: left }, step) {
  return left !== null && left !== undefined && left <= step;
}

// The letter of an optimizer in its colour.
export function badge({ slot, letter }, palette) {
  const node = element("span", { className: "sp-badge", text: letter, "aria-hidden": "true" });
  node.style.setProperty("--sp-run", palette.run(slot));
  return node;
}

// One update of one optimizer: gradient, memory and move, as numbers and, if wanted, as arrows on the map.
export class Anatomy {
  constructor(labels, change) {
    this.labels = labels;
    this.title = element("h3", { text: labels.anatomy });
    this.picker = element("select", { label: labels.anatomy_of, onchange: () => change("racer", this.picker.value) });
    this.caption = element("th", { scope: "col" });
    this.body = element("tbody");
    const head = element("tr", {}, this.caption, element("th", { scope: "col", text: "x" }), element("th", { scope: "col", text: "y" }));
    const table = element("table", { className: "sp-table" }, element("thead", {}, head), this.body);
    this.arrows = element("input", { type: "checkbox", onchange: () => change("arrows", this.arrows.checked) });
    const below = element("label", { className: "sp-arrows" }, this.arrows, element("span", { text: labels.arrows }));
    const heading = element("div", { className: "sp-heading" }, this.title, this.picker);
    this.lines = ["x", "y"].map(() => element("p", { className: "sp-rule" }));
    const scroll = element("div", { className: "sp-scroll" }, table, ...this.lines);
    this.node = element("section", { className: "sp-panel sp-anatomy", label: labels.anatomy }, heading, scroll, below);
  }

  draw(data, { racer, arrows }) {
    this.racer = data.racers.find(({ key }) => key === racer);
    this.picker.replaceChildren(...data.racers.map(({ key, letter, name }) => element("option", { value: key, text: `${letter}  ${name}` })));
    this.picker.value = racer;
    this.arrows.checked = arrows;
    const { rows } = this.racer.anatomy;
    let arrowsBefore = 0;
    this.rows = rows.map((row) => {
      const sign = row.arrow ? element("span", { className: "sp-arrow-number", text: String((arrowsBefore += 1)), hidden: !arrows, "aria-hidden": "true" }) : null;
      const [x, y] = [element("td"), element("td")];
      return { row, x, y, node: element("tr", {}, element("th", { scope: "row" }, row.label, sign), x, y) };
    });
    this.body.replaceChildren(...this.rows.map(({ node }) => node));
  }

  show(step) {
    const { labels, racer } = this;
    setText(this.caption, step ? fill(labels.update, { step: grouped(step) }) : labels.no_update);
    setAttribute(this.node, "data-step", String(step));
    const isThere = step > 0 && step < racer.finite;
    this.rows.forEach(({ row, x, y }) => {
      setText(x, isThere ? number(row.x[step - 1]) : "–");
      setText(y, isThere ? number(row.y[step - 1]) : "–");
    });
    this.lines.forEach((line, place) => setText(line, isThere ? this.rule(["x", "y"][place], step) : ""));
  }

  // One coordinate of the update as a line of numbers: before − rate · direction = after.
  rule(axis, step) {
    if (!this.racer.anatomy.rule) return axis === "x" ? this.labels.no_rule : "";
    const { rates, directions, decay } = this.racer.anatomy.rule;
    const before = this.racer[axis][step - 1];
    const inBrackets = (value) => (value < 0 ? `(${number(value)})` : number(value));
    const shrink = decay ? ` − ${number(decay)} · ${inBrackets(before)}` : "";
    const change = ` − ${number(rates[axis][step - 1])} · ${inBrackets(directions[axis][step - 1])}`;
    return `${axis} ← ${number(before)}${change}${shrink} = ${number(this.racer[axis][step])}`;
  }
}
