// What differs, then what came out, a row a variant, the best first or as a press on a head wants it; and what can be done
// with each row.

import { element, setAttribute, setText } from "../live/dom.js";
import { epochs, fill, grouped, percent, short, signed } from "../live/text.js";
import { firstRate, ranked, spread } from "./groups.js";
import { RowControls } from "./row_controls.js";
import { outcome, updatesTo } from "./quantities.js";

const BEST_FIRST = ["last", false];

export class Table {
  // `on.sort(name)`; `on.focus(group)`, and so hide, branch and drop; `on.act(group, kind, values)`: a command to its runs.
  constructor(labels, on) {
    this.labels = labels;
    this.on = on;
    this.head = element("tr");
    this.body = element("tbody");
    this.node = element("table", { className: "sp-table" }, element("thead", {}, this.head), this.body);
    this.rows = new Map();
    this.heads = this.asked = "";
    for (const left of ["pointerleave", "focusout"]) this.body.addEventListener(left, () => this.drawn && this.draw(...this.drawn));
  }

  columns(settings) {
    const { labels } = this;
    const costs = settings.costs ? ["parameters", "multiplications", "ms"] : ["parameters"];
    const results = ["last", "best", "epoch", "training", "gap", "target", "seconds", ...costs];
    return [
      ...settings.columns.map(({ text }, place) => ({ name: `setting${place}`, text })),
      ...results.map((name) => ({ name, text: labels[`column_${name}`] })),
    ];
  }

  draw(model, view) {
    const { groups, settings } = model;
    this.drawn = [model, view];
    const sort = view.sort ?? BEST_FIRST;
    const columns = this.columns(settings);
    this.drawHead(columns, sort);
    const rows = groups.map((group) => ({ group, cells: this.cells(group, model, view) }));
    const sorted = this.isHeld(rows, sort) ? this.inPlace(rows) : inFamilies(sortedBy(sortedBy(rows, ["best", false]), sort));
    for (const [key, row] of this.rows) if (!sorted.some(({ group }) => group.key === key)) this.forget(key, row);
    sorted.forEach(({ group, cells }, place) => {
      const row = this.row(group);
      if (this.body.children[place] !== row.node) this.body.insertBefore(row.node, this.body.children[place] ?? null);
      this.fillRow(row, group, columns, cells, model, view);
    });
  }

  // Rows do not move away under a pointer or a keyboard that is about to press one of their buttons.
  isHeld(rows, sort) {
    const asked = JSON.stringify([sort, rows.map(({ group }) => group.key)]);
    const isSame = asked === this.asked;
    this.asked = asked;
    return isSame && (this.body.matches(":hover") || this.body.contains(document.activeElement));
  }

  inPlace(rows) {
    const keys = [...this.body.children].map((node) => node.dataset.key);
    return [...rows].sort((a, b) => keys.indexOf(a.group.key) - keys.indexOf(b.group.key));
  }

  drawHead(columns, [sorted, down]) {
    const stamp = JSON.stringify([columns, sorted, down]);
    if (stamp === this.heads) return;
    this.heads = stamp;
    const button = ({ name, text }) => {
      const mark = name === sorted ? (down ? "\u00a0▾" : "\u00a0▴") : "";
      const head = element("th", { scope: "col", "aria-sort": name === sorted ? (down ? "descending" : "ascending") : "none" });
      head.append(element("button", { type: "button", text: `${text}${mark}`, onclick: () => this.on.sort(name === sorted ? [name, !down] : [name, false]) }));
      return head;
    };
    this.head.replaceChildren(button({ name: "name", text: this.labels.column_name }), ...columns.map(button), element("th", { scope: "col", label: this.labels.column_actions }));
  }

  cells(group, { study, settings }, view) {
    const { labels } = this;
    const runs = group.runs.filter((run) => run.loaded);
    const outcomes = runs.map(outcome);
    const over = (name) => spread(outcomes.map((found) => found[name]));
    const regression = runs[0]?.meta.task === "regression";
    const error = regression ? short : percent;
    const points = (value) => (regression ? short(value) : signed((100 * value).toFixed(1)));
    const target = runs.map((run) => updatesTo(run, view.target));
    const reached = target.filter(Number.isFinite).length;
    const seconds = over("seconds");
    const steps = over("step");
    const { facts } = group;
    const cells = {
      name: { text: group.name, value: group.name, note: this.remarks(group, study, settings).join(" · ") },
      last: ranged(ranked(outcomes.map((found) => found.last)), (value) => (value === Infinity ? labels.state_diverged : error(value))),
      best: ranged(over("best"), error),
      epoch: ranged(over("bestEpoch"), epochs),
      training: ranged(over("training"), error),
      gap: ranged(over("gap"), points),
      target: ranged(ranked(target), (value) => (value === Infinity ? "–" : grouped(value))),
      seconds: ranged(seconds, (value) => value.toFixed(value < 10 ? 2 : 1)),
      parameters: { text: Number.isFinite(facts.parameters) ? grouped(facts.parameters) : "–", value: facts.parameters ?? NaN },
      multiplications: { text: Number.isFinite(facts.multiplications) ? grouped(facts.multiplications) : "–", value: facts.multiplications ?? NaN },
      ms: { text: steps.mid ? short((1000 * seconds.mid) / steps.mid) : "–", value: seconds.mid / steps.mid },
    };
    if (reached && reached < target.length) cells.target.note = fill(labels.reached_by, { count: reached, num: target.length });
    // What a branch had from the beginning, the run it left has reached, at some update before.
    if (group.fork && cells.target.value === group.fork.step) cells.target.text = `≤ ${cells.target.text}`;
    settings.columns.forEach(({ path, rate }, place) => {
      const found = rate && facts.has_rate ? firstRate(group) : NaN;
      const known = Number.isFinite(found) ? { text: short(found), value: found } : written(facts.settings?.[place]);
      cells[`setting${place}`] = group.fork ? written(group.fork.settings?.[path]) : known;
    });
    return cells;
  }

  // What else is to be known of a row: where it branched, that it has one seed only, why it has not come to its end.
  remarks(group, study, { seeds }) {
    const { labels } = this;
    const at = (label) => fill(label, { step: grouped(group.lastStep()) });
    const found = group.fork ? [fill(labels.branched_at, { step: grouped(group.fork.step) })] : [];
    if (group.fork && seeds > 1) found.push(labels.one_seed);
    if (group.state === "stopped") found.push(at(study?.meta.state === "stopped" ? labels.stopped_at : labels.dropped_at));
    if (["failed", "interrupted"].includes(group.state)) found.push(labels[`state_${group.state}`]);
    return found;
  }

  row(group) {
    if (!this.rows.has(group.key)) this.rows.set(group.key, this.made(group.key));
    const row = this.rows.get(group.key);
    row.group = group;
    return row;
  }

  made(key) {
    const { labels } = this;
    const row = { cells: new Map() };
    const act = (name) => {
      const button = element("button", { type: "button", className: `sp-${name}`, onclick: () => this.on[name](row.group) });
      return button;
    };
    row.controls = new RowControls(labels, (kind, values) => this.on.act(row.group, kind, values));
    row.buttons = { hide: act("hide"), branch: act("branch"), drop: act("drop") };
    row.swatch = element("i", { className: "sp-swatch", "aria-hidden": "true" });
    row.name = element("button", { type: "button", className: "sp-group-name", title: labels.focus_help, onclick: () => this.on.focus(row.group) });
    row.note = element("small");
    row.alarms = element("details", { className: "sp-row-alarms", hidden: true }, element("summary"), element("p"));
    row.first = element("th", { scope: "row" }, row.swatch, row.name, row.note, row.alarms);
    row.actions = element("td", { className: "sp-actions" }, ...row.controls.nodes, ...Object.values(row.buttons));
    row.node = element("tr", { "data-key": key }, row.first, row.actions);
    return row;
  }

  fillRow(row, group, columns, cells, { settings }, view) {
    const { labels } = this;
    setText(row.name, group.name);
    setText(row.note, cells.name.note ?? "");
    fillAlarms(row.alarms, group);
    row.swatch.style.setProperty("--sp-run", this.palette.of(group));
    setAttribute(row.swatch, "data-symbol", group.share === null ? this.palette.glyph(group.slot) : "");
    row.swatch.classList.toggle("sp-dashed", this.palette.broken(group));
    row.node.classList.toggle("sp-fork", Boolean(group.fork));
    row.node.classList.toggle("sp-unseen", view.hidden.includes(group.key));
    row.node.classList.toggle("sp-focus", view.focus === group.key);
    for (const { name, text } of columns) {
      if (!row.cells.has(name)) {
        const cell = { value: element("span"), note: element("small") };
        cell.node = element("td", { className: `sp-cell-${name.replace(/\d+$/, "")}` }, cell.value, cell.note);
        row.cells.set(name, cell);
      }
      const cell = row.cells.get(name);
      setAttribute(cell.node, "data-title", text);
      setText(cell.value, cells[name]?.text ?? "");
      setText(cell.note, cells[name]?.note ?? "");
    }
    for (const [name, cell] of row.cells) if (!columns.some((column) => column.name === name)) this.remove(row, name, cell);
    // Under the heads, whatever columns came and went before.
    let left = row.first;
    for (const { name } of columns) {
      const { node } = row.cells.get(name);
      if (left.nextSibling !== node) left.after(node);
      left = node;
    }
    row.controls.draw(group, settings);
    setText(row.buttons.hide, view.hidden.includes(group.key) ? labels.show : labels.hide);
    setText(row.buttons.branch, labels.branch);
    setText(row.buttons.drop, labels.drop);
    setAttribute(row.buttons.drop, "title", labels.drop_help);
    row.buttons.branch.disabled = !group.loaded || !group.first.meta.state || group.first.meta.state === "untrained";
    row.buttons.drop.disabled = !group.active;
  }

  remove(row, name, cell) {
    cell.node.remove();
    row.cells.delete(name);
  }

  forget(key, row) {
    row.node.remove();
    this.rows.delete(key);
  }
}

// What is wrong with gradients or units, as the first run that has something says it; rules and numbers one press away.
function fillAlarms(details, group) {
  const alarms = group.runs.map((run) => run.meta?.status?.alarms ?? []).find((found) => found.length) ?? [];
  const numbers = alarms.flatMap((alarm) => alarm.numbers).map((row) => row.join(" "));
  details.hidden = !alarms.length;
  setText(details.firstChild, alarms.map(({ text }) => text).join(" "));
  setText(details.lastChild, [...alarms.map(({ rule }) => rule), numbers.join(" · ")].join("\n"));
}

// A median with, below it, the range over the seeds.
function ranged({ low, mid, high, count }, write) {
  if (!count) return { text: "–", value: NaN };
  const [from, to] = [write(low), write(high)];
  const range = count > 1 && from !== to ? `${from} – ${to}`.replace(/\u00a0% – /, " – ") : "";
  return { text: write(mid), note: range, value: mid };
}

// A setting: a number as numbers are written here.
function written(text) {
  if (!text) return { text: "–", value: "" };
  const value = Number(text);
  return Number.isFinite(value) ? { text: short(value), value } : { text, value: text };
}

// Rows by one column; what has no number, or is without end, comes last.
export function sortedBy(rows, [name, down]) {
  const value = (row) => row.cells[name]?.value;
  const missing = (found) => found === undefined || found === null || found === "" || (typeof found === "number" && !Number.isFinite(found));
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (missing(x) || missing(y)) return Number(missing(x)) - Number(missing(y));
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
    return down ? -order : order;
  });
}

// Branches stand right below the run they left.
function inFamilies(rows) {
  const children = (group) => rows.filter((row) => row.group.fork && group.runs.some(({ run }) => run === row.group.fork.parent));
  const withBranches = (row) => [row, ...children(row.group).flatMap(withBranches)];
  const roots = rows.filter((row) => !row.group.fork || !rows.some(({ group }) => group.runs.some(({ run }) => run === row.group.fork.parent)));
  return roots.flatMap(withBranches);
}

