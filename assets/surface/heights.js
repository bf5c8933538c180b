// Heights of a surface: how a loss becomes a height in the picture, and the loss at any place between the grid points.

import { short } from "../live/text.js";

// The share of the surface that lies below the unit of the logarithm, where the heights begin to be drawn together.
const LOW_SHARE = { map: 0.03, scene: 0.1 };
const STEEP = 100;

function finite(surface) {
  return surface.z.flat().filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
}

function made(losses, share) {
  const low = losses[0] ?? 0;
  const high = losses[losses.length - 1] ?? 1;
  const unit = losses[Math.floor(losses.length * share)] - low || (high - low) / 1000 || 1;
  return { low, high, unit, isLog: true, to: (loss) => Math.log10(1 + Math.max(0, loss - low) / unit) };
}

// Logarithmic from the lowest place on, so that the lines of a valley are seen as well as those of the slopes around it.
export function mapHeights(surface) {
  return made(finite(surface), LOW_SHARE.map);
}

// The loss itself; logarithmic where the slopes are so much higher than the valleys that these would look flat.
export function sceneHeights(surface) {
  const heights = made(finite(surface), LOW_SHARE.scene);
  if (heights.high - heights.low > STEEP * heights.unit) return heights;
  return { ...heights, isLog: false, to: (loss) => Math.max(heights.low, loss) };
}

// Ticks of a logarithmic axis of heights: the lowest loss, and powers of ten above it.
export function heightTicks({ low, high, unit, to }) {
  const first = Math.ceil(Math.log10(unit));
  const last = Math.floor(Math.log10(high - low));
  const powers = Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => low + 10 ** (first + place));
  const losses = [Math.abs(low) < unit / 100 ? 0 : low, ...powers];
  return { tickvals: losses.map(to), ticktext: losses.map((loss) => short(Number(loss.toPrecision(3)))) };
}

// The loss at a place by the four grid points around it; null outside of the grid, and where the surface has no value.
export function lossAt({ x: xs, y: ys, z }, x, y) {
  const [column, right] = cell(xs, x);
  const [row, up] = cell(ys, y);
  if (column === null || row === null) return null;
  const corners = [z[row][column], z[row][column + 1], z[row + 1][column], z[row + 1][column + 1]];
  if (corners.some((corner) => !Number.isFinite(corner))) return null;
  const [a, b, c, d] = corners;
  return (a * (1 - right) + b * right) * (1 - up) + (c * (1 - right) + d * right) * up;
}

// The interval of an evenly spaced axis in which a value lies, and how far in it.
function cell(axis, value) {
  const last = axis.length - 1;
  const place = ((value - axis[0]) / (axis[last] - axis[0])) * last;
  if (!(place >= 0 && place <= last)) return [null, 0];
  const begin = Math.min(Math.floor(place), last - 1);
  return [begin, place - begin];
}
