// All lines on shared axes: colour and symbol = run, thick = validation, thin and dashed = training, shaded = gap or range
// of the seeds; names at the line ends; the target, and where each run has reached it.

import { apart, errorRange, interpolated } from "../live/axes.js";
import { widest } from "../live/plot.js";
import { alike, fill, grouped, percent, short } from "../live/text.js";
import { translucent } from "../live/theme.js";
import { placing, ranked } from "./groups.js";
import { quantity, updatesTo } from "./quantities.js";
import { scaleTrace } from "./sweep.js";

const SYMBOLS_A_LINE = 4;

// The groups that have something to draw, without the hidden ones.
export function seen(groups, view) {
  return groups.filter((group) => group.loaded && !view.hidden.includes(group.key));
}

// How far the horizontal axis reaches over all groups: to the planned end, or to what the slowest clock shows; `planned`
// says it by kind of axis as long as nothing has been measured.
export function reach(groups, mode, planned) {
  const ends = groups.flatMap((group) =>
    group.runs.filter((run) => run.loaded).map((run) => {
      const at = placing(run, mode);
      const done = Math.max(run.lastStep("update"), run.lastStep("evaluation"), 0);
      const planned = run.meta.state === "diverged" ? done : Math.max(run.meta.num_steps || 0, done);
      return mode === "seconds" ? at(done) * 1.02 : at(planned);
    }),
  );
  return ends.length ? Math.max(...ends, mode === "seconds" ? 0.01 : 1) : planned[mode];
}

export function colourOf(group, view, palette) {
  return view.focus && view.focus !== group.key ? translucent(palette.text, 0.25) : palette.of(group);
}

// `settings`: the comparison as the page knows it; `planned`: as for `reach`.
export function drawRace(chart, groups, view, context, { settings, planned }) {
  const { labels, narrow, present, size } = context;
  const shown = seen(groups, view);
  const regression = shown[0]?.first.meta.task === "regression";
  const what = quantity(view.quantity, regression);
  const scale = what.always ?? view.scale;
  const lines = shown.map((group) => {
    const at = placing(group.first, view.x);
    return { group, at, main: group.over(what.main), thin: what.thin ? group.over(what.thin) : null };
  });
  // The untrained network stands far above what follows; it alone does not set the scale.
  const trained = lines.flatMap(({ main, thin, group }) => [main, thin].filter(Boolean).flatMap(({ steps, mid, high }) => (group.runs.length > 1 ? high : mid).filter((_, row) => steps[row] > 0)));
  const lowest = lines.flatMap(({ main, thin }) => [main, thin].filter(Boolean).flatMap(({ steps, low }) => low.filter((_, row) => steps[row] > 0)));
  const range = errorRange(trained.length ? [...trained, ...lowest] : lines.flatMap(({ main }) => main.mid), scale, what.percent);
  const floor = scale === "log" ? 10 ** range[0] : -Infinity;
  const reached = reach(shown, view.x, planned);
  const isScaled = groups.some(({ share }) => share !== null);
  lines.sort((a, b) => Number(a.group.key === view.focus) - Number(b.group.key === view.focus)); // On top of the others.
  const traces = lines.flatMap((line) => tracesOf(line, what, floor, view, context));
  const named = isScaled ? outstanding(lines, view) : lines;
  // Alone on its axis it would leave Plotly without the main one.
  if (lines.length) traces.push(...(isScaled ? [scaleTrace(settings, context)] : [symbols(lines, reached, floor, view, context)]), endNames(named, range, scale, view, context));
  const shapes = [];
  const annotations = [];
  guessing(what, shown, range, scale, context, shapes, annotations);
  branchPoints(lines, context, shapes, view);
  stages(lines, context, shapes, annotations);
  const target = what.target ? targetOf(lines, what, range, scale, view, context) : null;
  if (target) {
    shapes.push(target.shape);
    annotations.push(target.label);
    traces.push(target.crossings);
  }
  // Room for every name from the beginning, so that nothing moves when the lines come.
  const names = groups.map((group) => labelOf(group, context));
  const title = labels[what.title];
  return chart.draw(
    traces,
    {
      margin: { r: (narrow ? 4 : 16) + Math.min(widest(names, context), narrow ? 96 : 190) + (isScaled ? size * 6.2 : 0), t: size * (what.guess ? 1.8 : 0.9) },
      xaxis: { mode: view.x, range: [0, reached], title: { text: labels[`axis_${view.x}`], standoff: 4 }, zeroline: false },
      yaxis: { mode: `${view.quantity} ${scale}`, type: scale, range, title: narrow ? undefined : { text: title, standoff: 6 }, nticks: 6, ...ticks(scale, range) },
      yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true },
      annotations,
      shapes,
      showlegend: false,
      dragmode: narrow ? false : "zoom",
    },
    summary(lines, title, present, labels),
  );
}

// Of very many lines the first, the last, the lowest at its end, and the one in colour.
function outstanding(lines, view) {
  const variants = lines.filter(({ group }) => !group.fork);
  const end = ({ main }) => main.mid.findLast(Number.isFinite) ?? Infinity;
  const lowest = variants.reduce((best, line) => (end(line) < end(best) ? line : best), variants[0]);
  const inOrder = [...variants].sort((a, b) => a.group.share - b.group.share);
  return [...new Set([inOrder[0], inOrder.at(-1), lowest, lines.find(({ group }) => group.key === view.focus), ...lines.filter(({ group }) => group.fork)])].filter(Boolean);
}

function tracesOf({ group, at, main, thin }, what, floor, view, context) {
  const { palette, present, size } = context;
  const many = group.share !== null;
  const colour = colourOf(group, view, palette);
  const dash = palette.broken(group) ? "dashdot" : "solid";
  const focused = view.focus === group.key;
  const width = (present ? 4 : 2.4) * (many ? 0.6 : 1) + (focused ? 1.2 : 0);
  const unit = what.percent ? " %" : "";
  const line = (part, column, values, style, extra = {}) => ({
    uid: `${group.key} ${part}`,
    type: "scatter",
    mode: column.steps.length === 1 ? "markers" : "lines",
    name: group.name,
    x: column.steps.map(at),
    y: values.map((value) => (value < floor ? floor : value)),
    line: { shape: what.stepped ? "hv" : "linear", ...style },
    marker: { color: colour, size: size * 0.55 },
    hovertemplate: `%{y:.3~g}${unit}<extra>%{fullData.name}</extra>`,
    ...extra,
  });
  const invisible = { hoverinfo: "skip", hovertemplate: undefined, showlegend: false, line: { width: 0 }, mode: "lines" };
  const traces = [];
  if (thin) traces.push(line("thin", thin, thin.mid, { color: colour, width: present ? 2.4 : 1.3, dash: "dash" }, { showlegend: false }));
  const gap = what.gap && (focused || !view.focus) ? { fill: "tonexty", fillcolor: translucent(colour, palette.dark ? 0.16 : 0.1) } : {};
  if (group.runs.length > 1 && !what.gap && (focused || !view.focus)) {
    traces.push(line("low", main, main.low, {}, invisible));
    traces.push(line("high", main, main.high, {}, { ...invisible, fill: "tonexty", fillcolor: translucent(colour, palette.dark ? 0.2 : 0.13) }));
  }
  const style = what.dashed ? { color: colour, width: present ? 3 : 1.6, dash: "dash" } : { color: colour, width, dash };
  traces.push(line("main", main, main.mid, style, { ...gap, meta: escaped(labelOf(group, context)) }));
  return traces;
}

// The symbols of the runs on their lines, at places that stand still while the lines grow: the second sign beside colour.
function symbols(lines, end, floor, view, { palette, size, present }) {
  const marks = lines.flatMap(({ group, at, main }, place) => {
    const xs = main.steps.map(at);
    if (xs.length < 2) return [];
    return Array.from({ length: SYMBOLS_A_LINE }, (_, i) => ((i + (place + 0.5) / lines.length) / SYMBOLS_A_LINE) * end)
      .filter((x) => x >= xs[0] && x <= xs[xs.length - 1])
      .map((x) => ({ group, x, y: Math.max(floor, interpolated(xs, main.mid, x)) }));
  });
  const colours = marks.map(({ group }) => colourOf(group, view, palette));
  return {
    uid: "symbols",
    type: "scatter",
    mode: "markers",
    x: marks.map(({ x }) => x),
    y: marks.map(({ y }) => y),
    marker: { symbol: marks.map(({ group }) => palette.symbol(group.slot)), size: size * (present ? 0.8 : 0.7), color: colours, opacity: 1, line: { width: 1, color: palette.background } },
    hoverinfo: "skip",
    showlegend: false,
  };
}

// The target as a dashed line, and on it the update after which each run has reached it (median over the seeds).
function targetOf(lines, what, range, scale, view, { labels, palette, size }) {
  const y = view.target * what.factor;
  const height = scale === "log" ? Math.log10(y) : y;
  if (!(height >= range[0] && height <= range[1])) return null;
  const found = lines
    .map(({ group, at }) => ({ group, at, step: ranked(group.runs.filter((run) => run.loaded).map((run) => updatesTo(run, view.target))).mid }))
    .filter(({ step }) => Number.isFinite(step));
  const value = what.percent ? percent(view.target) : short(view.target);
  return {
    shape: { type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: y, y1: y, line: { color: palette.text, width: 1, dash: "dash" } },
    label: { xref: "paper", x: 1, xanchor: "right", yref: "y", y: height, yanchor: "bottom", showarrow: false, text: fill(labels.target_line, { value }), font: { color: palette.text, size: size * 0.92 }, bgcolor: translucent(palette.background, 0.7) },
    crossings: {
      uid: "reached",
      type: "scatter",
      mode: "markers",
      x: found.map(({ at, step }) => at(step)),
      y: found.map(() => y),
      text: found.map(({ group, step }) => fill(labels.target_reached, { name: escaped(group.name), step: grouped(step) })),
      hovertemplate: "%{text}<extra></extra>",
      marker: { size: size * 0.75, color: palette.background, opacity: 1, line: { width: 2.5, color: found.map(({ group }) => colourOf(group, view, palette)) } },
      showlegend: false,
    },
  };
}

// Names at the line ends, moved apart where the ends meet; one trace of texts, because annotations are slow to draw.
function endNames(lines, range, scale, view, context) {
  const { palette, size, height } = context;
  const share = (value) => ((scale === "log" ? Math.log10(value) : value) - range[0]) / (range[1] - range[0]);
  const ends = lines
    .map(({ group, at, main }) => {
      const row = main.mid.findLastIndex((value) => Number.isFinite(value));
      return row < 0 ? null : { group, x: at(main.steps[row]), share: Math.min(1, Math.max(0, share(main.mid[row]) || 0)), value: main.mid[row] };
    })
    .filter(Boolean)
    .sort((a, b) => b.value - a.value); // Below the axis all shares are 0.
  apart(ends, (size * 1.2) / Math.max(80, height - 5 * size));
  return {
    uid: "names",
    type: "scatter",
    mode: "text",
    yaxis: "y2",
    x: ends.map((end) => end.x),
    y: ends.map((end) => end.share),
    text: ends.map(({ group }) => `\u2002${escaped(labelOf(group, context))}`),
    textposition: "middle right",
    textfont: { color: ends.map(({ group }) => colourOf(group, view, palette)), size: size * 0.95 },
    cliponaxis: false,
    hoverinfo: "skip",
    showlegend: false,
  };
}

// The name at a line's end, after the symbol that stands on the line.
function labelOf(group, context) {
  const name = nameOf(group, context, context.narrow ? 12 : 26);
  return group.share === null ? `${context.palette.glyph(group.slot)} ${name}` : name;
}

// The name in a picture: names of a sweep begin alike, so that where there is little room only what differs is said.
export function nameOf(group, { narrow }, most = 26) {
  return clipped(narrow && group.share === null ? group.differs : group.brief, most);
}

export function clipped(name, most = 26) {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}

// Plotly reads a few tags in its texts; what a person typed is shown letter by letter.
export function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

// What guessing would reach: a dotted line, told above the picture, where no line can run through the words.
function guessing(what, shown, range, scale, { labels, palette }, shapes, annotations) {
  const guess = what.guess ? shown.map((group) => group.first.meta[what.guess]).find(Number.isFinite) : undefined;
  if (guess === undefined) return;
  const at = guess * what.factor;
  const value = scale === "log" ? Math.log10(at) : at;
  const text = (what.guess === "guess_error" && shown[0].first.meta.guess_text) || fill(labels.guess_loss, { value: short(at) });
  const isAbove = value > range[1];
  annotations.push({ xref: "paper", x: 0, xanchor: "left", yref: "paper", y: 1, yanchor: "bottom", showarrow: false, font: { color: palette.muted }, text: isAbove ? fill(labels.guess_above, { text }) : `··· ${text}` });
  if (isAbove) return;
  shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: at, y1: at, line: { color: palette.muted, width: 1.2, dash: "dot" } });
}

// A vertical tick where a branch left its parent.
function branchPoints(lines, { palette }, shapes, view) {
  for (const { group, at } of lines) {
    if (!group.fork) continue;
    const x = at(group.fork.step);
    shapes.push({ type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: { color: colourOf(group, view, palette), width: 1, dash: "dot" } });
  }
}

const MOST_NAMED = 5; // More names of stages than these do not fit beside each other on a phone.

// Where a pre-training begins and goes over to another layer, or to the whole network: a dotted line with its name, once
// for all runs.
export function stages(lines, { palette, narrow, size }, shapes, annotations) {
  const firstOf = ({ group, at }) => (group.facts.first_stage && !group.fork ? [[at(0), group.facts.first_stage]] : []);
  const furtherOf = ({ group, at }) => group.first.events.filter((event) => event.kind === "stage").map((event) => [at(event.step), event.text]);
  const begun = new Map(lines.flatMap((line) => [...firstOf(line), ...furtherOf(line)]));
  for (const [x, text] of begun) {
    shapes.push({ type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: { color: palette.muted, width: 1, dash: "dot" } });
    if (!narrow || begun.size <= MOST_NAMED) annotations.push({ x, xanchor: "left", yref: "paper", y: 0, yanchor: "bottom", showarrow: false, textangle: 90, text: escaped(text), font: { color: palette.muted, size: size * 0.85 } });
  }
}

// 1, 2 and 5 times the powers of ten, written out; fewer over several decades.
export function ticks(scale, [low, high]) {
  if (scale !== "log") return {};
  const factors = high - low > 3 ? [1] : high - low > 1.5 ? [1, 3] : [1, 2, 5];
  const every = Math.max(1, Math.ceil((high - low) / 8));
  const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, i) => Math.floor(low) + i).filter((power) => power % every === 0);
  const tickvals = powers.flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)));
  return { tickvals, ticktext: alike(tickvals) };
}

function summary(lines, title, present, labels) {
  const parts = lines.map(({ group, main }) => `${group.name} ${short(main.mid.findLast(Number.isFinite) ?? NaN)}`);
  return fill(labels.summary_race, { title, values: parts.join(", ") });
}
