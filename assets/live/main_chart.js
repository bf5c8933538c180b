// Training and validation on one axis, the gap between them as an area: colour = run, thick = validation, thin and
// dashed = training.

import { apart, epochsOf, errorRange, extent, positions } from "./axes.js";
import { expectedTraces } from "./expected.js";
import { fitted, widest } from "./plot.js";
import { alike, epochs, fill, percent, short } from "./text.js";
import { translucent } from "./theme.js";

const NO_VALUE = { steps: [], values: [] };
// What a legend needs beside its words, in heights of its letters.
const LEGEND_LINE = 4;

// Column of the split in the view's quantity, smoothed as the view says.
function curve(data, split, view) {
  const name = `${split}/${view.quantity}`;
  const raw = data.column("evaluation", name);
  const smooth = view.smoothing ? data.column("evaluation", `${name}~${view.smoothing}`) : raw;
  return { raw, shown: smooth.steps.length ? smooth : raw };
}

// The earliest lowest evaluation of validation, from the run itself, never smoothed: {step, value}, null without one.
export function lowest(data, quantity) {
  const { steps, values } = data.column("evaluation", `validation/${quantity}`);
  let best = null;
  values.forEach((value, row) => {
    if (Number.isFinite(value) && (best === null || value < best.value)) best = { step: steps[row], value };
  });
  return best;
}

export function drawMain(chart, data, ghost, view, context) {
  const { labels, palette, size, narrow, present, isKin, curve: sketch } = context;
  const inPercent = view.quantity === "error" && data.meta.task !== "regression";
  const factor = inPercent ? 100 : 1;
  const colour = palette.run(data.meta.slot);
  const at = positions(data, view.x);
  const curves = { training: curve(data, "train", view), validation: curve(data, "validation", view) };
  const scaled = (column) => column.values.map((value) => value * factor);
  const before = ghost?.loaded ? { training: curve(ghost, "train", view), validation: curve(ghost, "validation", view) } : null;
  const ghostAt = before ? positions(ghost, view.x) : at;
  const guess = (view.quantity === "error" ? data.meta.guess_error : data.meta.guess_loss) ?? null;
  // The untrained network stands far above what follows; it alone does not set the scale.
  const trained = Object.values(curves).flatMap(({ raw }) => scaled(raw).filter((_, row) => raw.steps[row] > 0));
  const all = trained.length ? trained.concat(inPercent || isKin ? ghostly(before, factor) : []) : Object.values(curves).flatMap(({ raw }) => scaled(raw)).concat(guess === null ? [] : guess * factor);
  const expected = expectedTraces(inPercent ? sketch : null, data, view, factor, context);
  const range = sketch?.isOpen && inPercent ? [0, 100 * sketch.high] : errorRange(all.concat(expected.values), view.scale, inPercent);
  const floor = view.scale === "log" ? 10 ** range[0] : -Infinity;

  const line = (key, column, place, style, extra = {}) => ({
    uid: key,
    type: "scatter",
    mode: column.steps.length === 1 ? "markers" : "lines",
    name: labels[key] ?? key,
    x: column.steps.map(place),
    y: scaled(column).map((value) => (value < floor ? floor : value)),
    line: style,
    marker: { color: style.color, size: size * 0.55, symbol: key === "training" ? "circle-open" : "circle" },
    hovertemplate: `%{y:.3~g}${inPercent ? " %" : ""}<extra>%{fullData.name}</extra>`,
    ...extra,
  });
  const dashes = palette.dashed(data.meta.slot) ? "dashdot" : "solid";
  const wide = present ? 5 : 3;
  // A branch and what it has left are of one kind, each in its own colour and dash; any other run behind is pale.
  const ghostSlot = ghost?.meta.slot;
  const ghostStyle = (width, dash) => ({ color: isKin ? translucent(palette.run(ghostSlot), 0.75) : translucent(palette.text, 0.38), width, dash });
  const faint = (key, column) =>
    line(`${key}_raw`, view.smoothing ? column : NO_VALUE, at, { color: translucent(colour, 0.3), width: 1 }, { name: labels[key], showlegend: false, hoverinfo: "skip" });
  const room = chart.node.offsetWidth - LEGEND_LINE * size;
  const ghostLine = (key, width, dash) =>
    line(`ghost_${key}`, before?.[key].shown ?? NO_VALUE, ghostAt, ghostStyle(width, dash), {
      name: fitted(fill(labels[`${isKin ? "kin" : "ghost"}_${key}`], { name: ghost ? differing(ghost, data, context) : "" }), room, context),
      showlegend: Boolean(before),
    });
  const traces = [
    ...expected.traces,
    ghostLine("training", 1, "dot"),
    ghostLine("validation", 2, isKin && palette.dashed(ghostSlot) ? "dashdot" : "solid"),
    faint("training", curves.training.raw),
    faint("validation", curves.validation.raw),
    line("training", curves.training.shown, at, { color: colour, width: present ? 3 : 1.6, dash: "dash" }, { showlegend: false }),
    line("validation", curves.validation.shown, at, { color: colour, width: wide, dash: dashes }, { showlegend: false, fill: "tonexty", fillcolor: translucent(colour, palette.dark ? 0.22 : 0.14) }),
    edgeMarks(curves, at, factor, view, context),
  ];

  const best = lowest(data, view.quantity);
  const names = endNames(data, curves, at, scaled, range, view, context, colour);
  const annotations = [...names, ...expected.names];
  if (best && best.step > (data.meta.fork_step ?? 0) && isPast(best, data)) {
    const y = Math.max(best.value * factor, floor);
    const height = view.scale === "log" ? Math.log10(y) : y;
    const along = at(best.step) / extent(data, view.x)[1];
    annotations.push({
      x: at(best.step),
      y: height,
      xanchor: along < 0.15 ? "left" : along > 0.85 ? "right" : "center",
      text: fill(labels.lowest_at, { epoch: epochs(epochsOf(data.meta)(best.step)) }),
      showarrow: true,
      arrowhead: 2,
      arrowsize: 1,
      arrowwidth: 1.5,
      arrowcolor: palette.text,
      ax: 0,
      // Below, where the validation curve never is, unless the axis is there.
      ay: (present ? 52 : 34) * (height > range[0] + 0.2 * (range[1] - range[0]) ? 1 : -1),
      bgcolor: translucent(palette.background, 0.75),
    });
  }
  const shapes = [];
  const drawn = Object.values(curves).flatMap(({ shown }) => shown.steps.map((step, row) => ({ x: at(step), y: shown.values[row] * factor })));
  guessing(guess, factor, range, data, view, context, shapes, annotations, { drawn, names });
  events(data, at, extent(data, view.x)[1], context, shapes, annotations);

  // Only the ghost and what is expected need one: the run's own names stand at its line ends.
  const legend = (Boolean(before) || expected.values.length > 0) && !narrow;
  const unit = inPercent ? labels.axis_error_percent : view.quantity === "error" ? labels.axis_relative_error : labels.axis_loss;
  return chart.draw(
    traces,
    {
      margin: { r: narrow ? 10 : 14 + widest([labels.training, labels.validation], context), t: size * (legend ? 3.8 : guess !== null ? 1.6 : 0.8) },
      showlegend: legend,
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1, yanchor: "bottom" },
      xaxis: { mode: view.x, range: extent(data, view.x), title: { text: labels[`axis_${view.x}`], standoff: 4 }, zeroline: false },
      yaxis: { mode: `${view.quantity} ${view.scale}`, type: view.scale, range, title: narrow ? undefined : { text: unit, standoff: 6 }, nticks: 6, ...logTicks(view, range) },
      yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true },
      annotations,
      shapes,
    },
    summary(data, view, best, labels, inPercent),
  );
}

// The name that a person gave a run, else what it has that the other has not, in words.
export function differing(ghost, { meta }, { labels, differs }) {
  if (ghost.meta.is_named) return ghost.meta.name;
  const others = (ghost.meta.choices ?? []).filter((words, place) => words !== meta.choices?.[place]);
  if (others.length) return others.join(", ");
  return meta.parent === ghost.run ? labels.kin_parent : differs || ghost.meta.name;
}

// What the ghost had reached once it was trained, so that it stays in sight beside the new run.
function ghostly(before, factor) {
  return Object.values(before ?? {}).flatMap(({ raw }) => raw.values.filter((_, row) => raw.steps[row] > 0).map((value) => value * factor));
}

// 1, 2 and 5 times the powers of ten, written out; only the powers over more than four decades.
function logTicks(view, [low, high]) {
  if (view.scale !== "log") return {};
  const factors = high - low > 4 ? [1] : high - low > 2 ? [1, 3] : [1, 2, 5];
  const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, i) => Math.floor(low) + i);
  const tickvals = powers.flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)));
  return { tickvals, ticktext: alike(tickvals) };
}

// Whether the lowest point lies so far back that saying so is news: 3 % of the run, or the run has ended.
function isPast(best, data) {
  const since = data.lastStep("evaluation") - best.step;
  const running = ["running", "queued", "paused"].includes(data.meta.state);
  return since >= (running ? 0.03 * (data.meta.num_steps || 0) : 1);
}

// Values that no line can show stand on the edge: NaN and ∞ above, and below what is too small for a log axis.
function edgeMarks(curves, at, factor, view, { labels, palette, size }) {
  const marks = { x: [], y: [], text: [], symbol: [] };
  for (const [key, { raw }] of Object.entries(curves)) {
    raw.values.forEach((value, row) => {
      const broken = !Number.isFinite(value);
      if (!broken && !(view.scale === "log" && value <= 0)) return;
      marks.x.push(at(raw.steps[row]));
      marks.y.push(broken ? 0.975 : 0.02);
      marks.symbol.push(broken ? "x" : "triangle-down");
      marks.text.push(`${labels[key]}: ${short(value * factor)}`);
    });
  }
  return {
    uid: "edge",
    type: "scatter",
    mode: "markers",
    name: labels.edge_marks,
    showlegend: false,
    yaxis: "y2",
    x: marks.x,
    y: marks.y,
    text: marks.text,
    hovertemplate: "%{text}<extra></extra>",
    cliponaxis: false,
    marker: { symbol: marks.symbol, size: size * 0.65, color: palette.text },
  };
}

// Names at the line ends, moved apart where the ends meet.
export function endNames(data, curves, at, scaled, range, view, { labels, palette, narrow, size, height }, colour) {
  const log = view.scale === "log";
  const height01 = (value) => ((log ? Math.log10(value) : value) - range[0]) / (range[1] - range[0]);
  const ends = [];
  for (const key of ["validation", "training"]) {
    const column = curves[key].shown;
    const row = column.values.findLastIndex((value) => Number.isFinite(value));
    if (row < 0) continue;
    const share = Math.min(1, Math.max(0, height01(scaled(column)[row])));
    ends.push({ key, x: at(column.steps[row]), share: Number.isFinite(share) ? share : 0, value: column.values[row] });
  }
  ends.sort((a, b) => b.value - a.value); // Below the axis all shares are 0.
  apart(ends, (size * 1.35) / Math.max(80, height - 5 * size));
  const reach = extent(data, view.x)[1];
  return ends.map(({ key, x, share }) => ({
    x,
    yref: "y2",
    y: share,
    text: labels[key],
    showarrow: false,
    xanchor: narrow && x > 0.72 * reach ? "right" : "left",
    yanchor: narrow ? "bottom" : "middle",
    xshift: narrow && x > 0.72 * reach ? 0 : 8,
    font: { color: key === "validation" ? colour : palette.text, size },
    bgcolor: translucent(palette.background, 0.75),
    borderpad: 0,
  }));
}

function guessing(guess, factor, range, data, view, { labels, palette, size, height }, shapes, annotations, { drawn, names }) {
  if (guess === null || guess === undefined) return;
  const log = view.scale === "log";
  const value = log ? Math.log10(guess * factor) : guess * factor;
  const text = view.quantity === "error" && data.meta.guess_text ? data.meta.guess_text : fill(labels.guess_loss, { value: short(guess) });
  const common = { xref: "paper", showarrow: false, font: { color: palette.muted } };
  if (value > range[1]) {
    annotations.push({ ...common, x: 0.5, xanchor: "center", yref: "paper", y: 1, yanchor: "top", text: fill(labels.guess_above, { text }) });
    return;
  }
  shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: guess * factor, y1: guess * factor, line: { color: palette.muted, width: 1.2, dash: "dot" } });
  // Above its line, or below where the curves are above; to one side where their names come across.
  const share = (y) => (y - range[0]) / (range[1] - range[0]);
  const line = (size * 1.5) / Math.max(80, height - 5 * size);
  const reach = extent(data, view.x)[1];
  const across = (x) => x > 0.3 * reach && x < 0.7 * reach;
  const heights = drawn.filter(({ x }) => across(x)).map(({ y }) => share(log ? Math.log10(y) : y));
  const taken = (low, high) => heights.filter((y) => y > low && y < high).length;
  const level = share(value);
  const crossing = names.find(({ x, y }) => x > 0.15 * reach && x < 0.72 * reach && Math.abs(y - level) < 1.5 * line);
  const place = crossing ? (crossing.x > 0.4 * reach ? { x: 0.02, xanchor: "left" } : { x: 1, xanchor: "right" }) : { x: 0.5, xanchor: "center" };
  const below = level > 2 * line && taken(level, level + line) > taken(level - line, level);
  annotations.push({ ...common, ...place, yref: "y", y: value, yanchor: below ? "top" : "bottom", text, bgcolor: translucent(palette.background, 0.75), borderpad: 0 });
}

function events(data, at, reach, { palette, size }, shapes, annotations) {
  let before = { x: -Infinity, side: "left" };
  for (const event of data.events) {
    if (event.mark === false) continue;
    const x = at(event.step);
    // What happens at one place is told on both sides of its line, a third thing further down.
    const isClose = x - before.x < 0.03 * reach;
    const side = isClose ? (before.side === "right" ? "left" : "right") : x < 0.06 * reach ? "left" : "right";
    const place = isClose ? before.place + 1 : 0;
    before = { x, side, place };
    shapes.push({ type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: { color: palette.muted, width: 1, dash: "dashdot" } });
    annotations.push({ x, yref: "paper", y: 0.9 - 0.4 * Math.floor((place % 4) / 2), text: event.text ?? event.kind, showarrow: false, textangle: -90, xanchor: side, yanchor: "top", font: { color: palette.muted, size: size * 0.9 } });
  }
}

function summary(data, view, best, labels, inPercent) {
  const shown = (value) => (inPercent ? percent(value) : short(value));
  const now = (split) => shown(data.newest("evaluation", `${split}/${view.quantity}`));
  const parts = [fill(labels.summary_main, { training: now("train"), validation: now("validation") })];
  if (best && best.step > 0) parts.push(fill(labels.summary_lowest, { value: shown(best.value), epoch: epochs(epochsOf(data.meta)(best.step)) }));
  return parts.join(" ");
}
