// The loss of the runs against the update, on a logarithmic axis that has room for update 0: what the snapshots measure.

import { escaped } from "../compare/race_chart.js";
import { largest, verticalRange } from "../live/axes.js";
import { Chart } from "../live/plot.js";
import { fill, grouped } from "../live/text.js";
import { number } from "../surface/tables.js";
import { lossTicks, ticksAt } from "./picture.js";

// Update 0 stands at 0, and from 10 on a decade is as wide as any other.
export function placeOf(step) {
  return Math.log10(1 + step);
}

export function updateTicks(last) {
  const powers = Array.from({ length: Math.max(0, Math.floor(Math.log10(Math.max(1, last)))) + 1 }, (_, power) => 10 ** power);
  const steps = [0, ...powers];
  return { tickvals: steps.map(placeOf), ticktext: steps.map(grouped) };
}

export class Curve extends Chart {
  drawPicture(picture, step, isLog) {
    const { palette, labels, size, present } = this.context;
    const last = largest([1, ...picture.paths.flatMap(({ points }) => points.map((point) => point.step))]);
    const scale = isLog ? "log" : "linear";
    const range = verticalRange(picture.paths.flatMap(({ points }) => points.map(({ loss }) => loss)), scale, 1);
    const traces = picture.paths.map(({ run, name, slot, points }) => ({
      uid: run,
      type: "scatter",
      mode: "lines+markers",
      name: escaped(name),
      x: points.map((point) => placeOf(point.step)),
      y: points.map(({ loss }) => (Number.isFinite(loss) ? loss : null)),
      text: points.map((point) => escaped(fill(labels.point_of_curve, { step: grouped(point.step), loss: number(point.loss) }))),
      line: { color: palette.run(slot), width: present ? 3.5 : 2, dash: palette.dashed(slot) ? "dash" : "solid" },
      marker: { size: present ? 8 : 5 },
      hovertemplate: "%{text}<extra>%{fullData.name}</extra>",
    }));
    const layout = {
      margin: { t: size, r: size * 2, l: size * 4.4 },
      xaxis: { mode: "update", range: [0, 1.03 * placeOf(last)], ...updateTicks(last), title: { text: labels.axis_update, standoff: 2 }, zeroline: false },
      yaxis: { mode: scale, type: scale, range, title: { text: labels[isLog ? "loss_log" : "loss"], standoff: 6 }, zeroline: false, nticks: 5, ...(isLog && ticksAt(lossTicks(range))) },
      shapes: [{ type: "line", x0: placeOf(step), x1: placeOf(step), yref: "paper", y0: 0, y1: 1, line: { color: palette.text, width: 1, dash: "dot" } }],
    };
    return this.draw(traces, layout, labels.summary_curve);
  }
}
