// What the channel of a surface tells, as it is drawn: the sheet, the paths over it, and how far these are from it.

import { escaped, ticks } from "../compare/race_chart.js";
import { largest, smallest } from "../live/axes.js";
import { alike } from "../live/text.js";
import { rowsOf } from "../live/wire.js";
import { aroundEnds, NEAR } from "../surface/overlay.js";

// A point counts as off the sheet from this share of the way to the farthest point on.
const OFF_SHARE = 0.01;
// What lies higher above the sheet than so many times its own height does not set the scale.
const FAR = 1;
// How opaque the part of a path is that is still to come.
export const FAINT = 0.3;
// Numbers with more digits are written in powers of ten.
const LONG = 7;

// `meta`: of the channel, arrays unpacked; `runs`: [{run, name, letter, slot}, …]. Null without a grid.
export function pictureOf(meta, runs) {
  const { grid, plane } = meta;
  if (!grid) return null;
  const paths = meta.paths ?? [];
  const z = rowsOf(grid.loss);
  const [x, y] = [Array.from(grid.alpha), Array.from(grid.beta)];
  const reached = paths.flatMap(({ alpha, beta, off_plane: off }) => Array.from(alpha, (_, at) => Math.hypot(alpha[at], beta[at], off[at])));
  const limit = OFF_SHARE * largest([0, ...reached]);
  return {
    x,
    y,
    z,
    plane,
    resolution: grid.resolution,
    middle: z[(y.length - 1) / 2][(x.length - 1) / 2],
    paths: paths.map((path) => pathOf(path, runs.find(({ run }) => run === path.run), limit)).filter(Boolean),
  };
}

function pathOf(path, look, limit) {
  if (!look) return null;
  const points = Array.from(path.step, (step, at) => ({
    step,
    x: path.alpha[at],
    y: path.beta[at],
    loss: path.true_loss[at],
    sheet: path.surface_loss[at],
    isOff: path.off_plane[at] > limit,
  }));
  return { ...look, points };
}

// The last update of all paths.
export function lastStep({ paths }) {
  return largest([0, ...paths.flatMap(({ points }) => points.map(({ step }) => step))]);
}

// The picture with paths up to an update; one that begins later is not there yet. What is to come lies faint below them.
export function upTo(picture, last) {
  const paths = picture.paths.map((path) => ({ ...path, points: path.points.filter(({ step }) => step <= last) }));
  return { ...picture, paths: paths.filter(({ points }) => points.length) };
}

// The point that a picture misses most: where its path is farthest above or below the sheet; null without one.
export function largestMiss({ paths }) {
  const points = paths.flatMap(({ name, points: some }) => some.map((point) => ({ ...point, name, miss: Math.abs(point.loss - point.sheet) })));
  return points.filter(({ miss }) => Number.isFinite(miss)).reduce((most, point) => (most && most.miss >= point.miss ? most : point), null);
}

// How losses become heights: as they are, or as powers of ten; over the sheet and the paths beside it. Null where the
// sheet has no height.
export function heightsOf(picture, isLog) {
  const sheet = picture.z.flat().filter((loss) => Number.isFinite(loss) && (!isLog || loss > 0));
  if (!sheet.length) return null;
  const [low, high] = [smallest(sheet), largest(sheet)];
  const to = isLog ? (loss) => Math.log10(loss) : (loss) => loss;
  const span = to(high) - to(low) || Math.abs(to(high)) || 1;
  const beside = picture.paths.flatMap(({ points }) => points.map(({ loss }) => to(loss))).filter((at) => at >= to(low) - FAR * span && at <= to(high) + FAR * span);
  return { isLog, to: (loss) => (Number.isFinite(to(loss)) ? to(loss) : null), sheet: [to(low), to(high)], range: [smallest([to(low), ...beside]), largest([to(high), ...beside])] };
}

// The points of paths that stand higher or lower than is drawn.
export function beyond({ paths }, { to, range }) {
  return paths.flatMap(({ points }) => points).filter(({ loss }) => to(loss) === null || to(loss) < range[0] || to(loss) > range[1]).length;
}

// The losses with a tick on an axis of logarithms: powers of ten and parts of them, or where too few of these lie in the
// range its ends and its middle.
export function lossTicks([low, high]) {
  const within = ticks("log", [low, high]).tickvals.filter((loss) => Math.log10(loss) >= low && Math.log10(loss) <= high);
  return within.length > 1 ? within : [0.05, 0.5, 0.95].map((share) => Number((10 ** (low + share * (high - low))).toPrecision(4)));
}

// Ticks as Plotly takes them; `to`: where a loss stands on the axis.
export function ticksAt(losses, to = Number) {
  const texts = losses.map(String);
  return { tickvals: losses.map(to), ticktext: texts.some((text) => text.length > LONG) ? alike(losses) : texts };
}

// The letters at the ends of the paths, as columns: place, text, colour slot, and where they stand about it.
export function endsOf({ x, y, paths }) {
  const ends = paths.map(({ points }) => points[points.length - 1]);
  const columns = { x: ends.map((end) => end.x), y: ends.map((end) => end.y) };
  const near = [x, y].map((axis) => NEAR * (axis[axis.length - 1] - axis[0]));
  return { ...columns, losses: ends.map((end) => end.loss), text: paths.map(({ letter }) => `<b>${escaped(letter)}</b>`), textposition: aroundEnds(columns.x, columns.y, near) };
}

// The slope of the sheet at its middle, along both axes.
export function slopeAt({ x, y, z }) {
  const [column, row] = [(x.length - 1) / 2, (y.length - 1) / 2];
  return [(z[row][column + 1] - z[row][column - 1]) / (x[column + 1] - x[column - 1]), (z[row + 1][column] - z[row - 1][column]) / (y[row + 1] - y[row - 1])];
}
