// Share of bends that lead down against the size of the gradient, a point for each snapshot of the run.

import { largest, smallest } from "../live/axes.js";
import { Chart } from "../live/plot.js";
import { fill, grouped, percent } from "../live/text.js";
import { number } from "../surface/tables.js";

const APART = 0.1;

// The updates in words at points that stand far enough from the one named before, and at the last one.
function named(points, range) {
  const place = ({ found }) => [(Math.log10(found.gradient_norm || 10 ** range[0]) - range[0]) / (range[1] - range[0]), found.negative_share];
  let before = null;
  const texts = [...points].reverse().map((point) => {
    const here = place(point);
    if (before && Math.abs(here[0] - before[0]) < APART && Math.abs(here[1] - before[1]) < APART * largest(points.map(({ found }) => found.negative_share))) return "";
    before = here;
    return grouped(point.step);
  });
  return texts.reverse();
}

export class Trail extends Chart {
  // `points`: [{step, found}], by step.
  drawPoints(points) {
    const { palette, labels, size, present } = this.context;
    const slopes = points.map(({ found }) => found.gradient_norm).filter((slope) => slope > 0);
    const shares = points.map(({ found }) => 100 * found.negative_share);
    const space = 0.15;
    const range = slopes.length ? [Math.log10(smallest(slopes)) - space, Math.log10(largest(slopes)) + space] : [-2, 0];
    const trace = {
      uid: "trail",
      type: "scatter",
      mode: "lines+markers+text",
      x: points.map(({ found }) => found.gradient_norm || null),
      y: shares,
      text: named(points, range),
      textposition: "top center",
      textfont: { size: size * 0.85, color: palette.muted },
      line: { color: palette.run(0), width: present ? 3 : 1.6, dash: "dot" },
      marker: { size: size * 0.7, color: palette.run(0) },
      cliponaxis: false,
      customdata: points.map(({ step, found }) => fill(labels.point, { step: grouped(step), share: percent(found.negative_share), slope: number(found.gradient_norm) })),
      hovertemplate: "%{customdata}<extra></extra>",
    };
    return this.draw(
      [trace],
      {
        margin: { t: size * 1.8, r: size * 1.6 },
        xaxis: { mode: "slope", type: "log", range, title: { text: labels.axis_slope, standoff: 4 }, zeroline: false, nticks: 6 },
        yaxis: { mode: "share", range: [0, Math.max(5, largest(shares) * 1.15)], ticksuffix: " %", title: { text: labels.axis_share, standoff: 4 }, nticks: 5, zeroline: false },
      },
      labels.summary_trail,
    );
  }
}
