// Every learning rate at once: loss over learning rate × update, filling in while the runs go on.

import { empty } from "../live/gradients.js";
import { level } from "../live/buckets.js";
import { interpolated } from "../live/axes.js";
import { alike, short } from "../live/text.js";
import { firstRate, placing, quantile } from "./groups.js";
import { reach } from "./race_chart.js";
import { spaced } from "./sweep.js";

const MAX_COLUMNS = 96;
const FEWEST = 3;

// One group a rate, lowest first; of two with the same rate the first.
function byRate(groups) {
  const found = new Map();
  for (const group of groups) {
    if (group.fork) continue;
    const measured = firstRate(group);
    const lr = Number.isFinite(measured) ? measured : group.facts.rate;
    if (Number.isFinite(lr) && !found.has(lr)) found.set(lr, group);
  }
  return [...found].sort(([a], [b]) => a - b);
}

// Whether the picture says something: the same rule of update at three rates or more.
export function everyRate({ groups, settings }) {
  return settings.varies_rate && byRate(groups).length >= FEWEST;
}

export function drawEvery(chart, { groups, planned }, view, context) {
  const { labels, palette, size } = context;
  const rows = byRate(groups);
  const kept = rows.map(([, group]) => group);
  const last = Math.max(0, ...kept.map((group) => group.lastStep()));
  const names = alike(rows.map(([lr]) => lr));
  const shown = spaced([...rows.keys()], Math.max(2, Math.floor((chart.node.offsetHeight - 4 * size) / (1.4 * size))));
  const layout = {
    margin: { l: size * 6, r: size * 5, t: size * 0.6 },
    xaxis: { mode: view.x, range: [0, reach(kept, view.x, planned)], title: { text: labels[`axis_${view.x}`], standoff: 2 }, showgrid: false },
    yaxis: { mode: "every", range: [-0.5, rows.length - 0.5], tickvals: shown, ticktext: shown.map((place) => names[place]), title: { text: labels.learning_rate, standoff: 2 }, showgrid: false, zeroline: false },
  };
  const width = 2 ** level(last, MAX_COLUMNS);
  const count = Math.floor(last / width) + 1;
  const z = last < 1 ? [] : kept.map((group) => lossesOf(group, width, count));
  const finite = z.flat().filter((value) => value !== null);
  if (!finite.length) {
    const { annotations } = empty(labels.every_none, palette);
    return chart.draw([], { ...layout, annotations: annotations.map((words) => ({ ...words, xref: "paper", yref: "paper" })) }, labels.every_none);
  }
  const at = placing(kept[0].first, view.x);
  // A rate that explodes must not take the colours from all others: twice the loss of the first weights is the end.
  const begin = quantile(z.map((row) => row[0]).filter((value) => value !== null), 0.5);
  const low = Math.min(...finite);
  const limits = [low, Math.min(Math.max(...finite), Math.max(begin + Math.log10(2), low + 0.1))];
  const heat = {
    uid: "every",
    type: "heatmap",
    x: Array.from({ length: count + 1 }, (_, column) => at(column * width)),
    y: rows.map((_, place) => place),
    z,
    zmin: limits[0],
    zmax: limits[1],
    colorscale: "Viridis",
    reversescale: true,
    hoverongaps: false,
    customdata: z.map((row, place) => row.map((value) => [names[place], value === null ? "" : short(10 ** value)])),
    hovertemplate: "%{customdata[0]}: %{customdata[1]}<extra></extra>",
    colorbar: { title: { text: labels.axis_loss, side: "right", font: { size, color: palette.muted } }, thickness: size * 0.6, xpad: 4, outlinewidth: 0, ...powersOfTen(...limits) },
  };
  return chart.draw([heat], layout, labels.summary_every);
}

// log10 of the batch loss in each column of updates, null where there is none or it is not finite.
function lossesOf(group, width, count) {
  const smooth = group.first.column("update", "batch/loss~0.9");
  const { steps, values } = smooth.steps.length ? smooth : group.first.column("update", "batch/loss");
  return Array.from({ length: count }, (_, column) => {
    const step = (column + 0.5) * width;
    if (!steps.length || column * width > steps[steps.length - 1]) return null;
    const value = Math.log10(interpolated(steps, values, step));
    return Number.isFinite(value) ? value : null;
  });
}

function powersOfTen(low, high) {
  const count = 4;
  const tickvals = Array.from({ length: count + 1 }, (_, i) => low + ((high - low) * i) / count);
  return { tickvals, ticktext: alike(tickvals.map((power) => 10 ** power)) };
}
