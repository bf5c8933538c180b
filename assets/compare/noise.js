// How far the gradient of a batch lies from that of all training samples, against the size of the batch, at the first
// weights: points are measured, the line is the law 1/√size with what batches without replacement have in common.

import { largest, smallest, verticalRange } from "../live/axes.js";
import { fill, grouped } from "../live/text.js";
import { colourOf, escaped, ticks } from "./race_chart.js";

const LINE_POINTS = 60;

export function drawNoise(chart, { study, groups }, view, context) {
  const { labels, palette, size } = context;
  const { points, num_train: count } = study.meta.noise;
  const measured = points
    .map(({ variant, batch_size: batch, noise }) => ({ group: groups.find(({ key }) => key === `v${variant}`), batch, noise: 100 * noise }))
    .filter(({ group }) => group && !view.hidden.includes(group.key));
  const spread = spreadOf(study.meta.noise);
  const sizes = points.map(({ batch_size: batch }) => batch);
  const [low, high] = [Math.max(1, smallest(sizes) / 2), Math.min(count, largest(sizes) * 2)];
  const xs = Array.from({ length: LINE_POINTS }, (_, i) => low * (high / low) ** (i / (LINE_POINTS - 1)));
  const law = xs.map((batch) => 100 * spread * Math.sqrt(1 / batch - 1 / count));
  const inside = law.filter((value) => value > 0.5);
  const range = verticalRange([...measured.map(({ noise }) => noise), ...inside].filter((value) => value > 0), "log", 100);
  return chart.draw(
    [
      { uid: "law", type: "scatter", mode: "lines", x: xs, y: law.map((value) => Math.max(value, 10 ** range[0])), line: { color: palette.muted, width: 1.5, dash: "dash" }, hoverinfo: "skip" },
      {
        uid: "noise",
        type: "scatter",
        mode: "markers+text",
        x: measured.map(({ batch }) => batch),
        y: measured.map(({ noise }) => noise),
        text: measured.map(({ noise }) => `\u2002${noise.toPrecision(2) >= 10 ? Math.round(noise) : noise.toPrecision(2)}\u00a0%`),
        textposition: "middle right",
        cliponaxis: false,
        marker: { size: size * 0.9, symbol: measured.map(({ group }) => palette.symbol(group.slot)), color: measured.map(({ group }) => colourOf(group, view, palette)) },
        customdata: measured.map(({ group }) => escaped(group.name)),
        hovertemplate: "%{customdata}: %{y:.3~g} %<extra></extra>",
      },
    ],
    {
      margin: { r: size * 4 },
      xaxis: { mode: "batch", type: "log", range: [Math.log10(low), Math.log10(high)], title: { text: labels.axis_batch, standoff: 2 }, tickvals: sizes, ticktext: sizes.map(grouped) },
      yaxis: { mode: "noise", type: "log", range, title: { text: labels.axis_noise, standoff: 6 }, ...ticks("log", range) },
      shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: 100, y1: 100, line: { color: palette.muted, width: 1.2, dash: "dot" } }],
    },
    labels.summary_noise,
  );
}

// At which size a batch's gradient is as much noise as gradient, in words.
export function noiseFinding({ study }, labels) {
  const { num_train: count } = study.meta.noise;
  const size = 1 / (1 / spreadOf(study.meta.noise) ** 2 + 1 / count);
  return fill(labels.noise_finding, { size: grouped(Math.max(1, Number(size.toPrecision(2)))) });
}

// c in the law noise = c·√(1/size − 1/count), from what was measured; batches of all samples have no noise to tell it.
function spreadOf({ points, num_train: count }) {
  const found = points.filter(({ batch_size: batch }) => batch < count).map(({ batch_size: batch, noise }) => Math.log(noise / Math.sqrt(1 / batch - 1 / count)));
  return Math.exp(found.reduce((sum, value) => sum + value, 0) / found.length);
}
