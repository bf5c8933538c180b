// Gradient size, layer × update, on a log scale: the input's side below, the output above. Values are log10; exactly
// zero, underflow and non-finite have marks of their own.

import { extent, largest, positions, smallest } from "./axes.js";
import { level } from "./buckets.js";
import { widest } from "./plot.js";
import { fill, short } from "./text.js";

const MAX_COLUMNS = 96;
const MAX_MARKS = 24;
const UNDERFLOW = -37.9;
const SYMBOLS = { zero: "circle-open", underflow: "triangle-down-open", broken: "x" };

// What a log10 norm is: "zero", "underflow", "broken" or "normal".
export function kind(value) {
  if (value === -Infinity) return "zero";
  if (!Number.isFinite(value)) return "broken";
  return value < UNDERFLOW ? "underflow" : "normal";
}

export function layersOf(data) {
  return (data.meta.layers ?? []).filter((layer) => data.column("update", `gradient_norm/${layer}`).steps.length);
}

// Columns of equally many updates; a cell holds the last ordinary value and the worst kind in it.
export function cells(data, layers) {
  const columns = layers.map((layer) => data.column("update", `gradient_norm/${layer}`));
  // In a replay a column that was thinned by itself may reach beyond the last update that all of them have.
  const last = largest([0, data.lastStep("update"), ...columns.map(({ steps }) => steps[steps.length - 1])]);
  const size = 2 ** level(last, MAX_COLUMNS);
  const count = Math.floor(last / size) + 1;
  const rank = { normal: 0, underflow: 1, zero: 2, broken: 3 };
  const grid = columns.map(({ steps, values }) => {
    const row = Array.from({ length: count }, () => ({ value: null, kind: "normal", empty: true }));
    values.forEach((value, i) => {
      const cell = row[Math.floor(steps[i] / size)];
      const found = kind(value);
      cell.empty = false;
      if (found === "normal") cell.value = value;
      if (rank[found] > rank[cell.kind]) cell.kind = found;
    });
    // A column may be newer than the last value that thinning left to a layer: it keeps that layer's value.
    row.forEach((cell, column) => {
      if (cell.empty && column > 0) Object.assign(cell, row[column - 1]);
    });
    return row;
  });
  return { size, count, grid };
}

// The powers of ten between which the ordinary norms of some runs lie: one scale for all of them.
export function gradientLimits(runs) {
  const values = runs.flatMap((data) => layersOf(data).flatMap((layer) => data.column("update", `gradient_norm/${layer}`).values.filter((value) => kind(value) === "normal")));
  return [Math.max(-16, Math.min(-5, Math.floor(smallest(values)))), Math.max(0, Math.ceil(largest(values)))];
}

// `view`: `x`, the kind of horizontal axis; for a run among others their common `limits`, and its own `colour`.
export function drawGradients(chart, data, view, context) {
  const { labels, palette, size, present } = context;
  const layers = layersOf(data);
  const names = layers.map((layer) => (layer === "output" ? labels.layer_output : layer));
  if (!layers.length) return chart.draw([], empty(labels.gradients_none, palette), labels.gradients_none);
  const { size: width, count, grid } = cells(data, layers);
  const [low, high] = view.limits ?? gradientLimits([data]);
  const said = gradientSummary(layers, grid, labels);
  // The first updates would be columns too narrow to see: bars show the newest.
  const early = data.lastStep("update") < extent(data, "update")[1] / 50;
  const colour = view.colour ?? palette.run(data.meta.slot);
  if (early || (count === 1 && width === 1)) return drawBars(chart, names, grid.map((row) => row[count - 1]), [low, high], { ...context, colour }, said);
  const marked = grid.some((row) => row.some((cell) => cell.kind !== "normal"));
  const height = Math.max(40, chart.node.offsetHeight - (5.2 - (present ? 1.4 : 0)) * size);
  const rowHeight = height / names.length;
  const room = height / (1.15 * size);
  const at = positions(data, view.x);
  const centre = (column) => at((column + 0.5) * width);
  const colours = {
    uid: "cells",
    type: "heatmap",
    x: Array.from({ length: count + 1 }, (_, column) => at(column * width)),
    y: names,
    z: grid.map((row) => row.map((cell) => cell.value)),
    zmin: low,
    zmax: high,
    colorscale: "Viridis",
    hoverongaps: false,
    hovertemplate: "%{y}: 10<sup>%{z:.1f}</sup><extra></extra>",
    colorbar: colourBar(low, high, context),
  };
  const traces = [colours, ...marks(grid, names, centre, rowHeight, context)];
  return chart.draw(
    traces,
    {
      margin: { l: widest(names, context) + 12, r: size * 3.4, t: size * 2 },
      showlegend: marked,
      legend: { orientation: "h", y: 1, yanchor: "bottom", x: 0, font: { size: size * 0.85 } },
      xaxis: { mode: view.x, range: extent(data, view.x), title: present ? undefined : { text: labels[`axis_${view.x}`], standoff: 2 }, showgrid: false, nticks: 5 },
      yaxis: { mode: "layers", type: "category", categoryarray: names, range: [-0.5, names.length - 0.5], showgrid: false, ...sparse(names, room) },
    },
    said,
  );
}

function colourBar(low, high, { size }) {
  const step = Math.max(1, Math.ceil((high - low) / 4));
  const ticks = [];
  for (let power = high; power >= low; power -= step) ticks.push(power);
  return {
    thickness: size * 0.6,
    xpad: 4,
    outlinewidth: 0,
    tickvals: ticks,
    ticktext: ticks.map((power) => (power === 0 ? "1" : `10<sup>${power}</sup>`)),
  };
}

// Before and right after the first updates: one bar a layer.
function drawBars(chart, names, cells, range, { labels, palette, size, colour }, said) {
  const bars = {
    uid: "bars",
    type: "bar",
    orientation: "h",
    y: names,
    x: cells.map((cell) => (cell.value === null ? 0 : cell.value - range[0])),
    base: range[0],
    marker: { color: colour },
    text: cells.map((cell) => (cell.value === null ? labels[`gradient_${cell.kind}`] : norm(cell.value))),
    textposition: "auto",
    hoverinfo: "skip",
  };
  const span = range[1] - range[0];
  return chart.draw(
    [bars],
    {
      margin: { l: widest(names, { size, palette }) + 12, t: size * 0.3 },
      bargap: 0.35,
      uniformtext: { mode: "hide", minsize: 0.7 * size }, // too small a number says nothing
      xaxis: { mode: "size", range: [range[0], range[1] + span * 0.06], tickvals: powers(range), ticktext: powers(range).map((power) => (power === 0 ? "1" : `10<sup>${power}</sup>`)), title: { text: labels.gradient_norm, standoff: 2 }, tickfont: { size: size * 0.9 } },
      yaxis: { mode: "layers", type: "category", categoryarray: names, ...sparse(names, chart.node.offsetHeight / (1.15 * size) - 3) },
    },
    said,
  );
}

// A norm as people write it, as a power of ten where it is very large or small.
function norm(power) {
  return Math.abs(power) < 3 ? short(10 ** power) : `10<sup>${power.toFixed(1).replace("-", "−")}</sup>`;
}

function powers([low, high]) {
  const step = Math.max(1, Math.round((high - low) / 4));
  return Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => high - i * step).reverse();
}

// As many names as there is room for, the first and the last among them.
function sparse(names, room) {
  const last = names.length - 1;
  const every = Math.max(1, Math.ceil(last / Math.max(1, Math.floor(room) - 1)));
  // Evenly from the output on; the input's side gives way to no other name.
  const shown = names.filter((_, i) => i === 0 || ((last - i) % every === 0 && i >= every));
  return { tickvals: shown, ticktext: shown };
}

function marks(grid, names, centre, rowHeight, { labels, palette, size }) {
  return Object.entries(SYMBOLS).map(([found, symbol]) => {
    const x = [];
    const y = [];
    grid.forEach((row, layer) => {
      const every = Math.max(1, Math.ceil(row.length / MAX_MARKS));
      row.forEach((cell, column) => {
        const starts = column === 0 || row[column - 1].kind !== found;
        if (cell.kind !== found || !(starts || column % every === 0)) return;
        x.push(centre(column));
        y.push(names[layer]);
      });
    });
    return {
      uid: found,
      type: "scatter",
      mode: "markers",
      name: labels[`gradient_${found}`],
      x,
      y,
      showlegend: x.length > 0,
      marker: { symbol, size: Math.max(4, Math.min(size * 0.6, rowHeight * 0.8)), color: palette.text, line: { width: 1.5, color: palette.text } },
      hovertemplate: "%{y}<extra>%{fullData.name}</extra>",
    };
  });
}

function gradientSummary(layers, grid, labels) {
  const newest = (row) => row.findLast((cell) => cell.value !== null)?.value;
  const [first, last] = [newest(grid[0]), newest(grid[grid.length - 1])];
  if (first === undefined || last === undefined) return labels.gradients_none;
  return fill(labels.summary_gradients, { count: layers.length, first: first.toFixed(1), last: last.toFixed(1) });
}

export function empty(text, palette) {
  return {
    xaxis: { mode: "empty", visible: false, range: [0, 1] },
    yaxis: { mode: "empty", visible: false, range: [0, 1] },
    annotations: [{ text, x: 0.5, y: 0.5, showarrow: false, font: { color: palette.muted } }],
  };
}
