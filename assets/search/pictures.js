// The pictures of a search: every trial's curve, the best so far, parallel coordinates, slices, what matters.

import { errorRange, smallest } from "../live/axes.js";
import { fill, short } from "../live/text.js";
import { ordered } from "./trials.js";

const ROOM = 0.06; // Between two slices, as a share of the width.
// Letters of room below an axis whose titles would lie under the buttons in the corner: with its own title, and without.
const BELOW = { titled: 5.2, plain: 4 };

// The error of every trial over its updates; the best one is drawn over the others.
export function drawCurves(chart, trials, runs, meta, context) {
  const factor = scaleOf(meta);
  const shares = sharesOf(trials);
  const drawn = [...ordered(trials)].reverse().filter((trial) => trial.runs.some((run) => runs.get(run)?.loaded));
  const traces = drawn.flatMap((trial) => {
    const isBest = trial.number === meta.best;
    const style = { color: context.palette.of({ slot: 0, share: shares.get(trial.number) }), width: isBest ? 3.2 : 1.3 };
    return trial.runs.map((run, place) => {
      const { steps, values } = runs.get(run)?.column("evaluation", "validation/error") ?? { steps: [], values: [] };
      return line(`trial${trial.number}_${place}`, steps, values.map((value) => factor * value), style, named(trial));
    });
  });
  const seen = traces.flatMap(({ x, y }) => y.filter((_, row) => x[row] > 0));
  const xaxis = { title: { text: context.labels.axis_update }, mode: "update", rangemode: "tozero" };
  return chart.draw(traces, { xaxis, yaxis: errorAxis(seen, meta, context) }, fill(context.labels.summary_curves, { count: drawn.length }));
}

// The error of each trial that is over, and the lowest up to it.
export function drawBest(chart, trials, meta, context) {
  const factor = scaleOf(meta);
  const over = trials.filter(({ isOver, now }) => isOver && Number.isFinite(now));
  const x = over.map(({ number }) => number);
  const y = over.map(({ now }) => factor * now);
  let lowest = Infinity;
  const best = over.map(({ state, now }) => (lowest = state === "complete" ? Math.min(lowest, factor * now) : lowest));
  const colour = context.palette.run(0);
  const symbols = over.map(({ state }) => (state === "complete" ? "circle" : "x-thin-open"));
  const points = { ...line("trials", x, y, {}, over.map((trial) => named(trial))), mode: "markers", marker: { color: context.palette.muted, size: 6, symbol: symbols } };
  const steps = { ...line("best", x, best.map((value) => (Number.isFinite(value) ? value : null)), { color: colour, width: 3, shape: "hv" }, context.labels.best_so_far) };
  const xaxis = { title: { text: context.labels.column_trial }, mode: "trial", tickformat: "d", range: [-0.6, Math.max(1, meta.num_trials ?? 1) - 0.4] };
  return chart.draw([points, steps], { xaxis, yaxis: errorAxis(y, meta, context) }, context.labels.best_so_far);
}

// A line for each trial through its settings to its error: what the good ones have in common.
export function drawParallel(chart, trials, meta, context) {
  const known = ordered(trials.filter(({ now }) => Number.isFinite(now))).reverse();
  const shares = sharesOf(known);
  const factor = scaleOf(meta);
  const columns = [...meta.spaces.map((space, place) => columnOf(space, known.map(({ values }) => values[place]))), columnOf({ title: errorTitle(meta, context), scale: "lin", names: [] }, known.map(({ now }) => factor * now))];
  const traces = known.map((trial, row) => line(`trial${trial.number}`, columns.map((_, place) => place), columns.map(({ places }) => places[row]), { color: context.palette.of({ slot: 0, share: shares.get(trial.number) }), width: trial.number === meta.best ? 3 : 1.2 }, named(trial)));
  const annotations = columns.flatMap(({ ticks }, place) => ticks.map(({ at, text }) => ({ x: place, y: at, text, showarrow: false, xanchor: place === columns.length - 1 ? "right" : "left", xshift: place === columns.length - 1 ? -5 : 5, yanchor: "middle", font: { size: context.size - 1, color: context.palette.muted }, bgcolor: context.palette.background, opacity: 0.85 })));
  const xaxis = { tickvals: columns.map((_, place) => place), ticktext: columns.map(({ title }) => title), range: [-0.1, columns.length - 0.85], zeroline: false, mode: "parallel" };
  const yaxis = { range: [-0.08, 1.08], showticklabels: false, ticks: "", showgrid: false, zeroline: false, mode: "parallel" };
  const margin = { b: context.size * BELOW.plain };
  return chart.draw(traces, { xaxis, yaxis, annotations, hovermode: "closest", margin }, context.labels.parallel);
}

// The error against each setting by itself.
export function drawSlices(chart, trials, meta, context) {
  const known = trials.filter(({ isOver, now }) => isOver && Number.isFinite(now));
  const factor = scaleOf(meta);
  const wide = (1 - ROOM * (meta.spaces.length - 1)) / meta.spaces.length;
  const y = known.map(({ now }) => factor * now);
  const shares = sharesOf(known);
  const colours = known.map(({ number }) => context.palette.of({ slot: 0, share: shares.get(number) }));
  const layout = { yaxis: errorAxis(y, meta, context), margin: { b: context.size * BELOW.titled } };
  const letters = (context.narrow ? 40 : 110) * wide; // So many have room under one axis.
  const traces = meta.spaces.map((space, place) => {
    const suffix = place ? String(place + 1) : "";
    const isListed = space.scale === null;
    const left = place * (wide + ROOM);
    layout[`xaxis${suffix}`] = {
      mode: space.path,
      domain: [left, left + wide],
      anchor: "y",
      title: { text: space.title },
      nticks: context.narrow ? 3 : 5,
      tickangle: 0,
      ...(isListed ? { tickvals: space.names.map((_, row) => row), ticktext: space.names.map((name) => clipped(String(name), letters / space.names.length)), range: [-0.5, space.names.length - 0.5] } : { type: space.scale === "log" ? "log" : "linear", tickformat: "~g" }),
    };
    return { uid: `slice${place}`, type: "scatter", mode: "markers", x: known.map(({ values }) => values[place]), y, xaxis: `x${suffix}`, yaxis: "y", marker: { color: colours, size: 7 }, text: known.map(named), hovertemplate: "%{text}<extra></extra>" };
  });
  return chart.draw(traces, layout, context.labels.slices);
}

// How much of what differs between the errors each setting explains.
export function drawImportances(chart, meta, context) {
  const shares = meta.spaces.map(({ path, title }) => ({ title, share: 100 * (meta.importances[path] ?? 0) })).sort((a, b) => a.share - b.share);
  const trace = { uid: "importances", type: "bar", orientation: "h", x: shares.map(({ share }) => share), y: shares.map(({ title }) => title), marker: { color: context.palette.run(0) }, hovertemplate: "%{x:.0f} %<extra></extra>" };
  const xaxis = { title: { text: context.labels.axis_importance }, range: [0, 100], mode: "importance" };
  return chart.draw([trace], { xaxis, yaxis: { type: "category", automargin: true, mode: "importance" }, margin: { l: context.size * 11, b: context.size * BELOW.titled } }, context.labels.importances);
}

function line(uid, x, y, style, name) {
  const text = Array.isArray(name) ? name : x.map(() => name);
  return { uid, type: "scatter", mode: x.length === 1 ? "markers" : "lines", x, y, line: style, marker: { color: style.color, size: 5 }, text, hovertemplate: "%{text}: %{y:.3~g}<extra></extra>" };
}

function named({ number, words }) {
  return `#${number} ${String(words).replaceAll("<", "&lt;")}`;
}

function scaleOf({ task }) {
  return task === "regression" ? 1 : 100;
}

function clipped(text, most) {
  return text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text;
}

function errorTitle({ task }, { labels }) {
  return labels[task === "regression" ? "axis_relative_error" : "axis_error_percent"];
}

function errorAxis(values, meta, context) {
  return { mode: "error", title: { text: errorTitle(meta, context) }, range: errorRange(values.filter(Number.isFinite), "linear", meta.task !== "regression") };
}

// Where each trial stands among all, the best at 0: its colour, as the lowest number has the first of the ramp.
function sharesOf(trials) {
  const order = ordered(trials);
  return new Map(order.map(({ number }, place) => [number, order.length > 1 ? place / (order.length - 1) : 0]));
}

// One of the parallel axes: where each value lies on it, 0 … 1, and its ticks.
function columnOf({ title, scale, names }, values) {
  if (scale === null) {
    const high = Math.max(1, names.length - 1);
    return { title, places: values.map((value) => value / high), ticks: names.map((name, row) => ({ at: row / high, text: String(name) })) };
  }
  const on = scale === "log" ? values.map(Math.log10) : values;
  const [low, high] = [smallest(on), -smallest(on.map((value) => -value))];
  const back = (value) => short(scale === "log" ? 10 ** value : value);
  const ticks = values.length ? [low, (low + high) / 2, high].map((value, row) => ({ at: high > low ? row / 2 : 0.5, text: back(value) })) : [];
  return { title, places: on.map((value) => (high > low ? (value - low) / (high - low) : 0.5)), ticks: high > low ? ticks : ticks.slice(0, 1) };
}
