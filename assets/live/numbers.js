// The three big numbers: training, validation, gap. Always with a count and, for validation, with ±.

import { element, setText } from "./dom.js";
import { fill, grouped, percent, short, signed } from "./text.js";

export class Numbers {
  constructor(labels) {
    this.labels = labels;
    this.cells = {};
    this.node = element("div", { className: "sp-numbers" });
    for (const key of ["training", "validation", "gap"]) {
      const cell = {
        value: element("span", { className: "sp-value" }),
        spread: element("span", { className: "sp-spread" }),
        note: element("div", { className: "sp-note" }),
      };
      this.cells[key] = cell;
      const figure = element("div", { className: "sp-figure" }, cell.value, cell.spread);
      cell.title = element("div", { className: "sp-name", text: labels[`${key}_error`] });
      this.node.append(element("div", { className: `sp-number sp-${key}` }, cell.title, figure, cell.note));
    }
    this.note = element("div", { className: "sp-note sp-measured" });
    this.node.append(this.note);
  }

  draw(data) {
    const { labels } = this;
    const regression = data.meta.task === "regression";
    const value = (name) => data.newest("evaluation", name);
    const shown = (error) => (regression ? short(error) : percent(error));
    const splits = { training: "train", validation: "validation" };
    const known = data.column("evaluation", "validation/error").values.length > 0;
    for (const [key, split] of Object.entries(splits)) {
      const [error, num, wrong] = [value(`${split}/error`), value(`${split}/num`), value(`${split}/wrong`)];
      const { value: node, note, spread } = this.cells[key];
      setText(node, known ? shown(error) : "–");
      const counts = { wrong: grouped(wrong), num: grouped(num) };
      const template = regression ? labels.of_samples : labels.of_wrong;
      setText(note, Number.isFinite(num) && (regression || Number.isFinite(wrong)) ? fill(template, counts) : "");
      setText(spread, key === "validation" && known ? this.spread(error, num, value("validation/uncertainty"), regression) : "");
    }
    const gap = value("validation/error") - value("train/error");
    const points = regression ? short(gap) : signed((100 * gap).toFixed(1));
    const negative = regression ? gap < 0 : points.startsWith("−");
    setText(this.cells.gap.value, Number.isFinite(gap) ? points : "–");
    setText(this.cells.gap.spread, Number.isFinite(gap) && !regression ? labels.points : "");
    setText(this.cells.gap.note, Number.isFinite(gap) ? (negative ? labels.gap_negative : labels.gap_area) : "");
    // After the first single updates, too, the numbers are still those from before them.
    this.note.hidden = !["untrained", "paused"].includes(data.meta.state) || data.lastStep("evaluation") > 0;
    setText(this.note, this.note.hidden ? "" : labels.untrained_measured);
  }

  // One standard error: as measured, else of a share p of n, √(p(1−p)/n), or 1/(n+1) where none or all are wrong.
  spread(error, num, measured, regression) {
    const spread = Number.isFinite(measured) ? measured : regression || !Number.isFinite(error) ? NaN : Math.sqrt((error * (1 - error)) / num) || 1 / (num + 1);
    if (!(spread > 0)) return "";
    return `± ${regression ? short(spread) : (100 * spread).toFixed(1)}`;
  }
}
