// Small multiples: the gradient norm of every layer over the updates, a picture a run; one scale of colours for all.

import { positions } from "../live/axes.js";
import { element, setText } from "../live/dom.js";
import { drawGradients, gradientLimits } from "../live/gradients.js";
import { Chart } from "../live/plot.js";
import { fill } from "../live/text.js";
import { spaced } from "./sweep.js";

const MOST = 8;

export class Multiples {
  constructor(cursor, refresh) {
    this.cursor = cursor;
    this.refresh = refresh;
    this.note = element("p", { className: "sp-hint" });
    this.pictures = element("div", { className: "sp-multiples" });
    this.nodes = [this.note, this.pictures];
    this.cells = new Map();
  }

  draw(groups, view, context) {
    const { labels, palette, size } = context;
    const wanted = spaced(groups, MOST);
    this.note.hidden = wanted.length === groups.length;
    setText(this.note, fill(labels.multiples_some, { count: wanted.length, num: groups.length }));
    for (const [key, cell] of this.cells) if (!wanted.some((group) => group.key === key)) this.forget(key, cell);
    // The axes of the pictures of one run know no gradient evaluations.
    const mode = view.x === "gradients" ? "update" : view.x;
    const limits = gradientLimits(wanted.map(({ first }) => first));
    return wanted.map((group) => {
      const cell = this.cells.get(group.key) ?? this.made(group.key);
      const { first } = group;
      cell.run = first;
      setText(cell.title, group.name);
      cell.title.style.color = palette.of(group);
      cell.chart.context = { ...context, present: false };
      const stamp = JSON.stringify([first.run, first.rows?.update, first.lineage, mode, limits, size, palette.dark, first.meta.num_steps]);
      if (stamp === cell.drawn) return null;
      cell.drawn = stamp;
      return drawGradients(cell.chart, first, { x: mode, limits, colour: palette.of(group) }, cell.chart.context);
    });
  }

  made(key) {
    const title = element("h3");
    const plot = element("div", { className: "sp-plot sp-plot-small" });
    const node = element("figure", { className: "sp-multiple" }, title, plot);
    const cell = { title, node, chart: new Chart(plot, null, this.refresh) };
    this.pictures.append(node);
    this.cells.set(key, cell);
    this.cursor.attach(`gradients ${key}`, node, cell.chart, (mode) => (cell.run ? positions(cell.run, mode) : null));
    return cell;
  }

  forget(key, cell) {
    this.cursor.detach(`gradients ${key}`);
    cell.chart.destroy();
    cell.node.remove();
    this.cells.delete(key);
  }

  clear() {
    for (const [key, cell] of [...this.cells]) this.forget(key, cell);
  }

  redraw() {
    this.cells.forEach((cell) => (cell.drawn = ""));
  }
}
