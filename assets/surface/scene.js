// The same surface in three dimensions, to be turned: paths lie on it, also between two updates.

import { heightTicks, lossAt } from "./heights.js";
import { aroundEnds, NEAR } from "./overlay.js";
import { Space } from "./space.js";

const MOST_POINTS = 4000;
const MOST_PIECES = 30;
// Above the surface by this share of its height, or the drawing would lose half of the line in it.
const LIFT = 0.006;
const LETTER_LIFT = 0.04;
const SIGNS = { minimum: "×", saddle: "◇", maximum: "△" };

export class Scene extends Space {
  drawSurface(data, heights, step) {
    const { palette, labels, size, present } = this.context;
    this.step = step;
    const { surface } = data;
    const [left, right, bottom, top] = surface.domain;
    const [low, high] = [heights.to(heights.low), heights.to(heights.high)];
    this.lift = LIFT * (high - low);
    this.letterLift = LETTER_LIFT * (high - low);
    this.paths = data.racers.map((racer) => onSurface(racer, surface, (loss) => this.height(loss, heights)));
    this.near = [(right - left) * NEAR, (top - bottom) * NEAR];
    const z = surface.z.map((row) => row.map((loss) => (Number.isFinite(loss) ? heights.to(loss) : null)));
    const ground = this.sheet({ x: surface.x, y: surface.y, z, low, high });
    const wide = present ? 1.6 : 1;
    const lines = data.racers.map((racer) => ({
      type: "scatter3d",
      mode: "lines",
      name: racer.name,
      line: { color: palette.run(racer.slot), width: 5 * wide, dash: palette.dashed(racer.slot) ? "dash" : "solid" },
      hoverinfo: "skip",
    }));
    const ends = { type: "scatter3d", mode: "text", text: data.racers.map(({ letter }) => letter), textfont: { size: size * 1.1, color: data.racers.map(({ slot }) => palette.run(slot)) }, hoverinfo: "skip" };
    const at = this.until(step);
    const moving = [...lines, ends].map((trace, row) => ({ ...trace, ...Object.fromEntries(Object.entries(at).map(([name, values]) => [name, values[row]])) }));
    const layout = this.space({
      x: { title: "x", range: [left, right] },
      y: { title: "y", range: [bottom, top] },
      z: { title: heights.isLog ? labels.height_log : labels.loss, range: [low, high + this.lift], ...(heights.isLog && heightTicks(heights)) },
    });
    return this.draw([ground, critical(surface, (loss) => this.height(loss, heights) + this.letterLift, this.context), ...moving], layout, labels.summary_scene);
  }

  // The height of a loss in the picture; null where it is above or below what is drawn.
  height(loss, heights) {
    return loss <= heights.high && loss >= heights.low - (heights.high - heights.low) * LIFT ? heights.to(loss) + this.lift : null;
  }

  // The paths and their ends up to an update, by what Plotly calls them.
  until(step) {
    const parts = this.paths.map(({ x, y, z, ends }) => {
      const end = ends[Math.min(step, ends.length - 1)];
      return { x: x.slice(0, end), y: y.slice(0, end), z: z.slice(0, end), last: ends.length > step ? end - 1 : -1 };
    });
    const above = (height) => (height === null ? null : height + this.letterLift);
    const tips = (axis) => parts.map((part) => part[axis][part.last] ?? null);
    const all = (axis) => [...parts.map((part) => part[axis]), axis === "z" ? tips(axis).map(above) : tips(axis)];
    return { x: all("x"), y: all("y"), z: all("z"), textposition: [...parts.map(() => "top right"), aroundEnds(tips("x"), tips("y"), this.near)] };
  }

  show(step) {
    this.step = step;
    if (!this.paths || !this.drawing) return null;
    this.keepTurn();
    const rows = Array.from({ length: this.paths.length + 1 }, (_, row) => row + 2);
    return this.context.Plotly.restyle(this.node, this.until(step), rows);
  }
}

// A path on a surface: between two updates it follows the surface below the straight way on the map. `ends`: how many of
// its points belong to each update and those before it.
export function onSurface({ x, y, loss, finite }, surface, height) {
  const path = { x: [], y: [], z: [], ends: [] };
  const push = (left, up, z) => {
    path.x.push(left);
    path.y.push(up);
    path.z.push(z);
  };
  const [x0, x1, y0, y1] = surface.domain;
  const most = Math.max(1, Math.min(MOST_PIECES, Math.floor(MOST_POINTS / finite)));
  for (let step = 0; step < finite; step += 1) {
    if (step) {
      const [right, up] = [x[step] - x[step - 1], y[step] - y[step - 1]];
      const cells = surface.x.length * Math.max(Math.abs(right) / (x1 - x0), Math.abs(up) / (y1 - y0));
      const pieces = Math.min(most, Math.ceil(cells));
      for (let piece = 1; piece < pieces; piece += 1) {
        const [left, high] = [x[step - 1] + (right * piece) / pieces, y[step - 1] + (up * piece) / pieces];
        push(left, high, at(lossAt(surface, left, high), height));
      }
    }
    const isIn = x[step] >= x0 && x[step] <= x1 && y[step] >= y0 && y[step] <= y1;
    push(x[step], y[step], isIn ? height(loss[step]) : null);
    path.ends.push(path.x.length);
  }
  return path;
}

function at(loss, height) {
  return loss === null ? null : height(loss);
}

function critical(surface, height, { palette, size }) {
  const { critical: points } = surface;
  return {
    type: "scatter3d",
    mode: "text",
    x: points.map(({ x }) => x),
    y: points.map(({ y }) => y),
    z: points.map(({ x, y }) => at(lossAt(surface, x, y), height)),
    text: points.map(({ kind }) => SIGNS[kind]),
    textposition: "middle center",
    textfont: { size: 1.3 * size, color: palette.text },
    hoverinfo: "skip",
  };
}
