// Is that the rate, or what differs? The loss at the end against the learning rate, and what can be read from it.

import { largest, smallest, verticalRange } from "../live/axes.js";
import { empty } from "../live/gradients.js";
import { fill, short } from "../live/text.js";
import { colourOf, ticks } from "./race_chart.js";

export function drawRates(chart, { study, groups }, view, context) {
  const { labels, palette, size } = context;
  const curves = study?.meta.search?.curves ?? [];
  if (!curves.length) return chart.draw([], empty(labels.rate_none, palette), labels.rate_none);
  const traces = curves.flatMap((found) => {
    const group = groups.find(({ key }) => key === `v${found.variant}`);
    if (!group || view.hidden.includes(group.key)) return [];
    const colour = colourOf(group, view, palette);
    const [x, y] = [found.points.map(([lr]) => lr), found.points.map(([, loss]) => loss)];
    const line = { uid: group.key, type: "scatter", mode: "lines+markers", name: group.name, x, y, line: { color: colour, width: 2, dash: palette.broken(group) ? "dashdot" : "solid" }, marker: { symbol: palette.symbol(group.slot), size: size * 0.5, color: colour }, hovertemplate: "%{x:.3~g}: %{y:.3~g}<extra>%{fullData.name}</extra>" };
    const best = x.indexOf(found.best);
    const mark = { uid: `${group.key} best`, type: "scatter", mode: "markers", name: group.name, x: best < 0 ? [] : [x[best]], y: best < 0 ? [] : [y[best]], marker: { symbol: "circle-open", size: size * 1.1, color: colour, line: { width: 2.5, color: colour } }, hoverinfo: "skip" };
    return [line, mark];
  });
  const rates = traces.flatMap((trace) => trace.x);
  const range = verticalRange(traces.flatMap((trace) => trace.y), "log", 1);
  const [low, high] = rates.length ? [Math.log10(smallest(rates)), Math.log10(largest(rates))] : [-3, 0];
  const margin = Math.max(0.1, (high - low) * 0.04);
  return chart.draw(
    traces,
    {
      xaxis: { mode: "rate", type: "log", range: [low - margin, high + margin], title: { text: labels.learning_rate, standoff: 2 }, ...ticks("log", [low, high]) },
      yaxis: { mode: "rate", type: "log", range, title: { text: labels.axis_training_loss, standoff: 6 }, ...ticks("log", range) },
    },
    labels.summary_rate,
  );
}

// What the search says in words once it is over: the best and the worst at their own best rates, and both at one rate.
export function rateFinding({ study, groups }, labels) {
  const { curves = [], running, notes = [] } = study?.meta.search ?? {};
  if (running) return "";
  const found = curves
    .map(({ variant, points, best }) => ({ name: groups[groups.findIndex(({ key }) => key === `v${variant}`)]?.name, points, rate: best, loss: points.find(([rate]) => rate === best)?.[1] }))
    .filter(({ name, loss }) => name && Number.isFinite(loss))
    .sort((a, b) => a.loss - b.loss);
  if (found.length < 2) return notes.join(" ");
  const [first, last] = [found[0], found[found.length - 1]];
  const own = fill(labels.rate_own, { first: first.name, last: last.name, loss_first: short(first.loss), loss_last: short(last.loss), rate_first: short(first.rate), rate_last: short(last.rate) });
  const shared = lossAt(last.points, first.rate);
  const said = { name: last.name, rate: short(first.rate), loss: short(shared ?? NaN) };
  const one = shared === null ? "" : fill(Number.isFinite(shared) ? labels.rate_one : labels.rate_diverges, said);
  const isRate = Math.log(shared / first.loss) >= 2 * Math.log(last.loss / first.loss);
  const judged = shared === null ? "" : isRate ? labels.rate_mostly : labels.rate_not_only;
  return [own, one, judged, ...notes].filter(Boolean).join(" ");
}

// The loss of a curve at a rate between two that were tried (on logarithmic scales), Infinity where it diverged; null outside.
export function lossAt(points, rate) {
  const after = points.findIndex(([tried]) => tried >= rate * 0.9999);
  if (after < 0 || (after === 0 && points[0][0] > rate * 1.0001)) return null;
  const [right, high] = points[after];
  const [left, low] = after > 0 && right > rate * 1.0001 ? points[after - 1] : points[after];
  if (!Number.isFinite(low) || !Number.isFinite(high)) return Infinity;
  const share = right === left ? 0 : Math.log(rate / left) / Math.log(right / left);
  return low * (high / low) ** share;
}
