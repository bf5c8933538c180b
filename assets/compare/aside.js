// The picture beside the race: final loss against the rate, every rate at once, a curve over one number, the noise of the
// gradient, the grid of two things, or the gap of every run.

import { errorRange, smallest } from "../live/axes.js";
import { empty } from "../live/gradients.js";
import { widest } from "../live/plot.js";
import { alike, fill, percent, short, signed } from "../live/text.js";
import { translucent } from "../live/theme.js";
import { drawEvery, everyRate } from "./every_rate.js";
import { spread } from "./groups.js";
import { drawNoise, noiseFinding } from "./noise.js";
import { outcome } from "./quantities.js";
import { clipped, colourOf, escaped, nameOf, seen, ticks } from "./race_chart.js";
import { drawRates, rateFinding } from "./rates.js";
import { finding, named, regions } from "./regions.js";
import { isSweep } from "./sweep.js";

export const ASIDES = ["rate", "every", "noise", "grid", "curve", "gap"];

// The pictures that this comparison has something for, the first of them first.
export function asides(model) {
  const { study, settings } = model;
  const has = {
    rate: Boolean(study?.meta.search?.curves?.length) || settings.rates === "own",
    every: everyRate(model),
    noise: Boolean(study?.meta.noise),
    curve: Boolean(settings.number),
    grid: Boolean(settings.grid),
    gap: !isSweep(settings),
  };
  return ASIDES.filter((name) => has[name]);
}

export function drawAside(chart, name, model, view, context) {
  const draw = { rate: drawRates, every: drawEvery, noise: drawNoise, curve, grid, gap }[name];
  return draw(chart, model, view, context);
}

// What can be read from the picture, in words.
export function found(name, model, labels) {
  return { rate: rateFinding, noise: noiseFinding, curve: curveFinding }[name]?.(model, labels) ?? "";
}

// -- the final errors against one number -----------------------------------------------------------------------------

function pointsOf(groups) {
  return groups
    .filter((group) => !group.fork && group.loaded && Number.isFinite(group.facts.number))
    .map((group) => ({ group, x: group.facts.number, ...ends(group) }))
    .sort((a, b) => a.x - b.x);
}

function bestOf(points) {
  return points.reduce((least, point) => (point.validation.mid < least.validation.mid || Number.isNaN(least.validation.mid) ? point : least), points[0]);
}

// Where the curve underfits and overfits, which is known once all have ended; one seed has no range to tell it by.
function fitting(points) {
  const best = bestOf(points);
  return !best || best.group.runs.length < 2 || points.some(({ group }) => group.active) ? [] : regions(points, best);
}

function curveFinding({ groups }, labels) {
  const points = pointsOf(groups);
  return finding(fitting(points), points, labels);
}

function curve(chart, { groups, settings }, view, context) {
  const { labels, palette, size } = context;
  const points = pointsOf(groups);
  if (!points.length) return chart.draw([], empty(labels.race_none, palette), labels.race_none);
  const regression = isRegression(groups);
  const factor = regression ? 1 : 100;
  const isMany = points.length > 8;
  const traces = ["training", "validation"].flatMap((split) => {
    const at = (which) => points.map((point) => point[split][which] * factor);
    const x = points.map((point) => point.x);
    const colour = palette.muted;
    const band = { type: "scatter", mode: "lines", x, line: { width: 0 }, hoverinfo: "skip", name: labels[split], showlegend: false };
    const thick = split === "validation";
    return [
      { ...band, uid: `${split} low`, y: at("low") },
      { ...band, uid: `${split} high`, y: at("high"), fill: "tonexty", fillcolor: translucent(colour, thick ? 0.18 : 0.08) },
      { uid: split, type: "scatter", mode: "lines+markers", x, y: at("mid"), name: labels[split], line: { color: colour, width: thick ? 2.6 : 1.5, dash: thick ? "solid" : "dash" }, marker: { size: thick ? size * 0.6 : size * 0.35, color: thick ? points.map(({ group }) => colourOf(group, view, palette)) : colour }, hovertemplate: `%{x:.3~g}: %{y:.3~g}<extra>%{fullData.name}</extra>` },
    ];
  });
  const gaps = points.map(({ gap }) => gap.mid * factor);
  const tall = [...traces.flatMap((trace) => trace.y), ...gaps].filter(Number.isFinite);
  // Logarithmic only where all of it can be: an error of 0 or a gap below it would leave the picture.
  const scale = smallest(tall) > 0 ? view.scale : "linear";
  const range = errorRange(tall, scale, !regression);
  // First: the legend names them from the last to the first.
  traces.unshift({ uid: "gap", type: "scatter", mode: "lines", x: points.map((point) => point.x), y: gaps, name: labels.aside_gap, line: { color: palette.muted, width: 1.2, dash: "dot" }, hovertemplate: "%{x:.3~g}: %{y:.3~g}<extra>%{fullData.name}</extra>" });
  const best = bestOf(points);
  traces.push({ uid: "best", type: "scatter", mode: "markers", x: [best.x], y: [best.validation.mid * factor], showlegend: false, hoverinfo: "skip", marker: { symbol: "circle-open", size: size * 1.2, color: palette.text, line: { width: 2 } } });
  const logarithmic = settings.number.scale === "log" && points[0].x > 0;
  const xs = points.map((point) => point.x);
  return chart.draw(
    traces,
    {
      ...named(fitting(points), points, logarithmic, context),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", font: { size: size * 0.9 }, traceorder: "reversed" },
      margin: { t: size * 2 },
      xaxis: { mode: "number", type: logarithmic ? "log" : "linear", title: { text: settings.number.title, standoff: 2 }, tickvals: xs, ticktext: alike(xs), zeroline: false, ...(isMany ? { tickvals: undefined, ticktext: undefined, ...ticks(logarithmic ? "log" : "linear", [Math.log10(smallest(xs)), Math.log10(xs[xs.length - 1])]) } : {}) },
      yaxis: { mode: `curve ${scale}`, type: scale, range, title: { text: labels[regression ? "axis_relative_error" : "axis_error_percent"], standoff: 6 }, ...ticks(scale, range) },
    },
    fill(labels.summary_curve, { title: settings.number.title }),
  );
}

// Where a group's seeds end: {validation, training}, each {low, mid, high}.
export function ends(group) {
  const outcomes = group.runs.filter((run) => run.loaded).map(outcome);
  return { validation: spread(outcomes.map(({ last }) => last)), training: spread(outcomes.map(({ training }) => training)), gap: spread(outcomes.map(({ gap }) => gap)) };
}

export function isRegression(groups) {
  return groups.some((group) => group.first?.meta.task === "regression");
}

// -- two things at once ----------------------------------------------------------------------------------------------

function grid(chart, { groups, settings }, view, context) {
  const { labels, palette, size } = context;
  const { rows, columns, row_title: rowTitle, column_title: columnTitle, places } = settings.grid;
  const regression = isRegression(groups);
  const cells = rows.map(() => columns.map(() => null));
  const words = rows.map(() => columns.map(() => ""));
  groups.forEach((group) => {
    const place = group.fork ? null : places[group.variant];
    if (!place || !group.loaded) return;
    const { validation } = ends(group);
    if (!Number.isFinite(validation.mid)) return;
    cells[place[0]][place[1]] = validation.mid * (regression ? 1 : 100);
    words[place[0]][place[1]] = regression ? short(validation.mid) : percent(validation.mid);
  });
  const names = { rows: rows.map((name) => escaped(clipped(name))), columns: columns.map((name) => escaped(clipped(name))) };
  return chart.draw(
    [{ uid: "grid", type: "heatmap", x: names.columns, y: names.rows, z: cells, text: words, texttemplate: "%{text}", colorscale: "Viridis", reversescale: true, showscale: false, xgap: 2, ygap: 2, hovertemplate: "%{y}, %{x}: %{text}<extra></extra>", textfont: { size: size * 1.1 } }],
    {
      margin: { l: widest(rows, context) + size * 3, t: size * 0.6 },
      xaxis: { mode: "grid", type: "category", title: { text: columnTitle, standoff: 2 }, showgrid: false },
      yaxis: { mode: "grid", type: "category", title: { text: rowTitle, standoff: 4 }, autorange: "reversed", showgrid: false },
    },
    labels.summary_grid,
  );
}

// -- the gap of every run --------------------------------------------------------------------------------------------

function gap(chart, { groups }, view, context) {
  const { labels, palette, size } = context;
  const shown = seen(groups, view).filter((group) => Number.isFinite(ends(group).gap.mid)).reverse();
  if (!shown.length) return chart.draw([], empty(labels.race_none, palette), labels.race_none);
  const regression = isRegression(groups);
  const factor = regression ? 1 : 100;
  const found = shown.map((group) => ends(group).gap);
  const several = shown.some((group) => group.runs.length > 1);
  const colours = shown.map((group) => colourOf(group, view, palette));
  const bars = {
    uid: "gap",
    type: "bar",
    orientation: "h",
    y: shown.map((_, place) => place),
    x: found.map(({ mid }) => mid * factor),
    marker: { color: colours.map((colour) => translucent(colour, 0.45)), line: { width: 1.5, color: colours } },
    hoverinfo: "skip",
  };
  // Behind bar and range, where nothing lies over it.
  const numbers = {
    uid: "gaps",
    mode: "text",
    x: found.map(({ mid, high }) => Math.max(high, mid, 0) * factor),
    y: bars.y,
    text: found.map(({ mid }) => ` ${regression ? short(mid) : signed((100 * mid).toFixed(1))}`),
    textposition: "middle right",
    cliponaxis: false,
    hoverinfo: "skip",
  };
  if (several) {
    bars.error_x = { type: "data", symmetric: false, array: found.map(({ mid, high }) => (high - mid) * factor), arrayminus: found.map(({ mid, low }) => (mid - low) * factor), thickness: 1.2, color: palette.text };
  }
  const names = shown.map((group) => escaped(nameOf(group, context)));
  const reach = Math.max(...found.map(({ high }) => high * factor), 0);
  const below = Math.min(...found.map(({ low }) => low * factor), 0);
  return chart.draw(
    [bars, numbers],
    {
      margin: { l: Math.min(widest(names, context), 170) + size, r: size * 3, t: size * 0.5 },
      bargap: 0.35,
      xaxis: { mode: "gap", range: [below * 1.12, Math.max(reach, -below * 0.1, 1e-9) * 1.12], title: { text: labels[regression ? "axis_gap" : "axis_gap_points"], standoff: 2 } },
      yaxis: { mode: "gap", tickvals: shown.map((_, place) => place), ticktext: names, range: [-0.6, shown.length - 0.4], showgrid: false, zeroline: false },
    },
    labels.summary_gap,
  );
}
