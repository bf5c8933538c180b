// A small chart a run: gradient size by layer, all on the same horizontal axis.

import { element, setText } from "../live/dom.js";
import { drawGradients } from "../live/gradients.js";
import { Chart } from "../live/plot.js";
import { positions } from "../live/axes.js";

export class Multiples {
  constructor(cursor, refresh) {
    this.cursor = cursor;
    this.refresh = refresh;
    this.node = element("div", { className: "sp-multiples" });
    this.cells = new Map();
  }

  draw(groups, view, context) {
    const wanted = groups.filter((group) => group.loaded);
    for (const [key, cell] of this.cells) if (!wanted.some((group) => group.key === key)) this.forget(key, cell);
    // The axes of the pictures of one run know no gradient evaluations.
    const mode = view.x === "gradients" ? "update" : view.x;
    return wanted.map((group) => {
      const cell = this.cells.get(group.key) ?? this.made(group.key);
      cell.run = group.first;
      cell.mode = mode;
      setText(cell.title, group.name);
      cell.title.style.color = context.palette.run(group.slot);
      cell.chart.context = context;
      const rows = JSON.stringify([group.first.run, group.first.rows?.update, group.first.lineage, mode, context.size, context.palette.dark, group.first.meta.num_steps]);
      if (rows === cell.drawn) return null;
      cell.drawn = rows;
      return drawGradients(cell.chart, group.first, { x: mode }, { ...context, present: false });
    });
  }

  made(key) {
    const title = element("h3");
    const plot = element("div", { className: "sp-plot sp-plot-small" });
    const node = element("figure", { className: "sp-multiple" }, title, plot);
    const cell = { title, node, chart: new Chart(plot, null, this.refresh) };
    this.node.append(node);
    this.cells.set(key, cell);
    this.cursor.attach(`gradients ${key}`, node, cell.chart, () => (cell.run ? positions(cell.run, cell.mode) : null));
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
