// Every fold as a thin line, the mean as a thick one with a band of one standard deviation: validation whole, training
// dashed, on one axis.

import { ticks } from "../compare/race_chart.js";
import { epochsOf, errorRange } from "../live/axes.js";
import { fill, percent, short } from "../live/text.js";
import { translucent } from "../live/theme.js";
import { meanCurve } from "./means.js";

const SPLITS = [
  { key: "training", name: "train/error", dash: "dash", wide: 1.8 },
  { key: "validation", name: "validation/error", dash: "solid", wide: 3.2 },
];

// `meta`: of all of them together; `scale`: log or linear; `single`: with one sample a fold is all right or all wrong, and
// only the mean is drawn.
export function drawFolds(chart, runs, meta, { scale, single }, context) {
  const { labels, palette, present, size } = context;
  const loaded = runs.filter((run) => run.loaded);
  const first = loaded[0];
  if (!first) return chart.draw([], { xaxis: { visible: false }, yaxis: { visible: false } }, labels.folds_none);
  const regression = first.meta.task === "regression";
  const factor = regression ? 1 : 100;
  const at = epochsOf(meta);
  const colour = palette.run(0);
  const curves = SPLITS.map((split) => {
    const columns = loaded.map((run) => run.column("evaluation", split.name)).filter(({ steps }) => steps.length);
    const mean = meanCurve(columns.length === runs.length ? columns : []);
    return { ...split, columns: single && split.key === "validation" ? [] : columns, mean };
  });
  // The untrained networks stand far above what follows; they alone do not set the scale.
  const lines = curves.flatMap(({ columns, mean: { steps, mean } }) => [...columns, { steps, values: mean }]);
  const seen = lines.flatMap(trained).map((error) => factor * error);
  const range = errorRange(seen, scale, !regression);
  const floor = scale === "log" ? 10 ** range[0] : -Infinity;
  const height = (error) => Math.max(floor, factor * error);
  const traces = [];
  const annotations = [];
  for (const { key, columns, mean: { steps, mean, low, high }, dash, wide } of curves) {
    columns.forEach((column, place) => traces.push(line(`${key}${place}`, column.steps.map(at), column.values.map(height), { color: translucent(colour, 0.3), width: 1, dash }, { hoverinfo: "skip" })));
    const x = steps.map(at);
    if (key === "validation" && columns.length) {
      const edge = { color: "rgba(0,0,0,0)", width: 0 };
      traces.push(line("low", x, low.map(height), edge, { hoverinfo: "skip" }));
      traces.push(line("high", x, high.map(height), edge, { hoverinfo: "skip", fill: "tonexty", fillcolor: translucent(colour, palette.dark ? 0.26 : 0.16) }));
    }
    const style = { color: key === "validation" ? colour : palette.text, width: wide * (present ? 1.6 : 1), dash };
    traces.push(line(key, x, mean.map(height), style, { name: labels[`mean_${key}`], hovertemplate: `%{y:.3~g}${regression ? "" : " %"}<extra>%{fullData.name}</extra>` }));
    if (mean.length) {
      const end = height(mean[mean.length - 1]);
      annotations.push(lineEnd(labels[`mean_${key}`], x[x.length - 1], scale === "log" ? Math.log10(end) : end, style.color, size));
    }
  }
  apart(annotations);
  const xaxis = { range: [0, at(Math.max(1, meta.num_steps || 0))], title: { text: labels.axis_epoch }, mode: "epoch" };
  const yaxis = { range, type: scale, ...ticks(scale, range), title: { text: labels[regression ? "axis_relative_error" : "axis_error_percent"] }, mode: scale };
  const [training, validation] = curves.map(({ mean: { mean } }) => (regression ? short : percent)(mean.at(-1) ?? NaN));
  const summary = fill(labels.summary_folds, { folds: runs.length, training, validation });
  return chart.draw(traces, { xaxis, yaxis, annotations, margin: { t: size * 1.2, r: size * 9 } }, summary);
}

function line(uid, x, y, style, extra = {}) {
  return { uid, type: "scatter", mode: x.length === 1 ? "markers" : "lines", x, y, line: style, marker: { color: style.color, size: 5 }, ...extra };
}

function trained({ steps, values }) {
  return values.filter((_, row) => steps[row] > 0 || steps.length === 1);
}

function lineEnd(text, x, y, color, size) {
  return { text, x, y, showarrow: false, xanchor: "left", yanchor: "middle", xshift: 8, font: { color, size } };
}

// Names of lines that end close to each other stand above and below.
function apart(annotations) {
  const [lower, upper] = [...annotations].sort((a, b) => a.y - b.y);
  if (!upper) return;
  lower.yanchor = "top";
  upper.yanchor = "bottom";
}
