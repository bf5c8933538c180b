// The stability gauge: the steepest bend up against the update, with the one that the learning rate bears; below it the
// steepest bend down.

import { largest, smallest } from "../live/axes.js";
import { Chart } from "../live/plot.js";
import { translucent } from "../live/theme.js";

// The updates of which a number is there, and the numbers.
export function measured(data, name) {
  const { steps, values } = data.column("curvature", name);
  const kept = steps.map((step, row) => [step, values[row]]).filter(([, value]) => Number.isFinite(value));
  return { steps: kept.map(([step]) => step), values: kept.map(([, value]) => value) };
}

export class Gauge extends Chart {
  drawRun(data) {
    const { palette, labels, size, narrow, present } = this.context;
    const [top, bottom, limit] = ["top", "bottom", "limit"].map((name) => measured(data, name));
    const wide = present ? 4 : 2.4;
    const line = (uid, name, column, style, yaxis) => ({ uid, type: "scatter", mode: column.steps.length < 60 ? "lines+markers" : "lines", name, x: column.steps, y: column.values, line: style, marker: { size: size * 0.4 }, yaxis, hovertemplate: "%{y:.3~g}<extra>%{fullData.name}</extra>" });
    // A rate that falls to 0 bears any bend: its line leaves the picture instead of flattening the curve.
    const most = largest(top.values);
    const high = Math.max(most, Math.min(largest(limit.values), 2.5 * most)) * 1.1;
    const isSeen = smallest(limit.values) <= high || !limit.values.length;
    const traces = [
      line("top", labels.top_bend, top, { color: palette.run(0), width: wide }),
      { ...line("limit", isSeen ? labels.limit : labels.limit_above, limit, { color: palette.text, width: wide * 0.7, dash: "dash", shape: "hv" }), mode: "lines" },
      line("bottom", labels.lowest_bend, bottom, { color: palette.run(1), width: wide }, "y2"),
    ];
    const low = Math.min(smallest(bottom.values), 0) * 1.15;
    const lastStep = Math.max(data.lastStep("curvature"), 1);
    const goingOn = ["queued", "running", "paused"].includes(data.meta.state);
    return this.draw(
      traces,
      {
        margin: { t: size * 2.2, r: size },
        showlegend: true,
        legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", font: { size: narrow ? size * 0.9 : size } },
        xaxis: { mode: "update", range: [0, goingOn ? Math.max(data.meta.num_steps ?? 0, lastStep) : lastStep * 1.02], title: { text: labels.axis_update, standoff: 2 }, zeroline: false, anchor: "y2" },
        yaxis: { mode: "top", range: [0, high > 0 ? high : 1], domain: [0.36, 1], title: { text: labels.axis_up, standoff: 4 }, nticks: 5, zeroline: false },
        yaxis2: { mode: "bottom", range: [low < 0 ? low : -1, 0], domain: [0, 0.3], title: { text: labels.axis_down, standoff: 4 }, nticks: 3, zeroline: false },
        shapes: [{ type: "rect", xref: "paper", x0: 0, x1: 1, yref: "paper", y0: 0, y1: 0.3, line: { width: 0 }, fillcolor: translucent(palette.run(1), 0.06), layer: "below" }],
      },
      labels.summary_gauge,
    );
  }
}
