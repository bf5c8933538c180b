// The surface seen from above: lines of equal loss, and on them the paths up to the present update. A click, or the arrow
// keys and Enter, choose another start.

import { Chart } from "../live/plot.js";
import { mixed } from "../live/theme.js";
import { mapHeights } from "./heights.js";
import { arrow, change, disc, drawnPath, isInside, mark, placed, svg } from "./overlay.js";

const LEVELS = 15;
const KEY_STEPS = 50;
const ARROW_SHARE = 0.4;
const FEW = 60;
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
let count = 0;

// The colours of heights, from the lowest on: quiet, so that the paths stand out.
export function ground(palette) {
  const [low, high] = palette.dark ? [0, 0.3] : [0.24, 0.01];
  return [0, 1].map((share) => [share, mixed(palette.background, palette.text, low + share * (high - low))]);
}

export class SurfaceMap extends Chart {
  // `on.start({x, y})`: another start was chosen; `on.point({x, y} | null)`: a place is pointed at, by mouse or keys.
  constructor(stage, node, refresh, on) {
    super(node, null, refresh);
    Object.assign(this, { stage, on, aim: null, shown: { step: 0, racer: null, arrows: false } });
    this.layers = { marks: svg("g"), paths: svg("g"), arrows: svg("g"), start: svg("g"), letters: svg("g") };
    count += 1;
    this.window = svg("rect");
    this.inside = svg("g", { "clip-path": `url(#sp-map-${count})` }, this.layers.marks, this.layers.paths, this.layers.arrows);
    this.svg = svg("svg", { class: "sp-overlay", "aria-hidden": "true" }, svg("clipPath", { id: `sp-map-${count}` }, this.window), this.inside, this.layers.start, this.layers.letters);
    stage.append(this.svg);
    stage.addEventListener("click", (event) => this.clicked(event));
    stage.addEventListener("pointermove", (event) => this.on.point(this.pointed(event)));
    stage.addEventListener("pointerleave", () => this.on.point(null));
    stage.addEventListener("keydown", (event) => this.key(event));
    stage.addEventListener("blur", () => this.take(null));
  }

  // Nothing in the picture answers to the mouse but this class: the axes stay as they are.
  configuration() {
    return { staticPlot: true, responsive: false };
  }

  drawSurface(data) {
    const { palette, size, labels } = this.context;
    const { surface } = data;
    const [left, right, bottom, top] = surface.domain;
    const heights = mapHeights(surface);
    const z = surface.z.map((row) => row.map((loss) => (Number.isFinite(loss) ? heights.to(loss) : null)));
    const spacing = heights.to(heights.high) / LEVELS;
    const contour = {
      type: "contour",
      x: surface.x,
      y: surface.y,
      z,
      colorscale: ground(palette),
      zmin: 0,
      zmax: heights.to(heights.high),
      showscale: false,
      hoverinfo: "skip",
      contours: { start: spacing / 2, end: heights.to(heights.high), size: spacing, coloring: "fill" },
      line: { width: 0.8, color: mixed(palette.text, palette.background, 0.6) },
    };
    if (this.data !== data) this.aim = null;
    this.data = data;
    const axis = (range) => ({ mode: "map", range, fixedrange: true, zeroline: false, showgrid: false });
    const layout = {
      margin: { t: size, r: size, l: size * 3.4, b: size * 3 },
      xaxis: { ...axis([left, right]), title: { text: "x", standoff: 4 } },
      yaxis: { ...axis([bottom, top]), title: { text: "y", standoff: 2 } },
      dragmode: false,
    };
    return this.draw([contour], layout, labels.summary_map).then(() => this.place());
  }

  resize() {
    return super.resize()?.then(() => this.place());
  }

  // Where the picture lies, in pixels of the stage.
  get area() {
    const { l: left, t: top, w: width, h: height } = this.node._fullLayout._size;
    return { left, top, width, height };
  }

  pixel(x, y) {
    const { domain: [left, right, bottom, top] } = this.data.surface;
    const { width, height } = this.area;
    return [((x - left) / (right - left)) * width, ((top - y) / (top - bottom)) * height];
  }

  // Lay everything out anew: after other data, another size or other colours.
  place() {
    if (!this.data || !this.node._fullLayout || !this.node.offsetWidth) return;
    const { area, layers, context, data } = this;
    const { palette } = context;
    const shift = `translate(${area.left} ${area.top})`;
    change(this.window, { width: area.width, height: area.height });
    for (const layer of [this.inside, layers.start, layers.letters]) change(layer, { transform: shift });
    layers.marks.replaceChildren(...data.surface.critical.map(({ kind, x, y }) => mark(kind, this.pixel(x, y), palette)));
    const wide = context.present ? 1.5 : 1;
    const dot = (data.steps > FEW ? 3.5 : 5.5) * wide;
    this.racers = data.racers.map((racer) => {
      const colour = palette.run(racer.slot);
      const points = Array.from(racer.x, (x, step) => (step < racer.finite ? this.pixel(x, racer.y[step]) : null));
      const common = { fill: "none", "stroke-linecap": "round", "stroke-linejoin": "round" };
      const line = svg("path", { ...common, class: "sp-path", "data-racer": racer.key, stroke: colour, "stroke-width": 2 * wide, "stroke-dasharray": palette.dashed(racer.slot) ? "6 5" : "none" });
      const halo = svg("path", { ...common, stroke: palette.background, "stroke-width": 4.5 * wide, "stroke-opacity": 0.7 });
      const dots = svg("path", { ...common, stroke: colour, "stroke-width": dot });
      const letter = disc([0, 0], racer.letter, { fill: colour, ink: palette.background, radius: 8 * wide });
      return { racer, points, halo, line, dots, letter, drawn: drawnPath(points, area) };
    });
    layers.paths.replaceChildren(...this.racers.flatMap(({ halo, line, dots }) => [halo, line, dots]));
    layers.letters.replaceChildren(...this.racers.map(({ letter }) => letter));
    this.placeStart();
    this.show(this.shown);
  }

  placeStart() {
    const { palette } = this.context;
    const ring = (point, dash) => {
      const [x, y] = this.pixel(...point);
      const circle = (attributes) => svg("circle", { cx: x, cy: y, r: 8, fill: "none", ...attributes });
      return [circle({ stroke: palette.background, "stroke-width": 5 }), circle({ stroke: palette.text, "stroke-width": 2, "stroke-dasharray": dash }), circle({ r: 2.5, fill: palette.text })];
    };
    this.layers.start.replaceChildren(...ring(this.data.start, "none"), ...(this.aim ? ring(this.aim, "4 3") : []));
  }

  // The moment: paths up to an update, and of one racer what this update was made of.
  show(shown) {
    this.shown = shown;
    if (!this.racers) return;
    const { step } = shown;
    this.racers.forEach(({ halo, line, dots, drawn }) => {
      const end = drawn.ends[Math.min(step, drawn.ends.length - 1)];
      const d = drawn.line.slice(0, end.line);
      halo.setAttribute("d", d);
      line.setAttribute("d", d);
      dots.setAttribute("d", drawn.dots.slice(0, end.dots));
    });
    const ends = this.racers.map(({ points }) => (points[step] && isInside(points[step], this.area) ? points[step] : null));
    placed(ends).forEach((place, row) => {
      const { letter } = this.racers[row];
      letter.style.display = place ? "" : "none";
      if (place) letter.setAttribute("transform", `translate(${place[0].toFixed(1)} ${place[1].toFixed(1)})`);
    });
    this.layers.arrows.replaceChildren(...this.arrows(shown));
  }

  arrows({ step, racer, arrows }) {
    const from = step && this.racers.find((one) => one.racer.key === racer);
    if (!arrows || !from?.points[step - 1]) return [];
    const { palette } = this.context;
    const { width, height } = this.area;
    const [left, top] = this.pixel(0, 0);
    const { rows } = from.racer.anatomy;
    return rows.filter((row) => row.arrow && Number.isFinite(row.x[step - 1]) && Number.isFinite(row.y[step - 1])).map((row, place) => {
      const [x, y] = this.pixel(row.x[step - 1], row.y[step - 1]);
      return arrow(from.points[step - 1], [x - left, y - top], ARROW_SHARE * Math.min(width, height), place + 1, { colour: palette.run(from.racer.slot), background: palette.background });
    }).filter(Boolean);
  }

  // -- choosing a start ----------------------------------------------------------------------------------------------

  // The place under the mouse, rounded to what a pixel can tell; null beside the picture.
  pointed({ clientX, clientY }) {
    if (!this.data) return null;
    const { left, top } = this.node.getBoundingClientRect();
    const { area } = this;
    const [x, y] = [(clientX - left - area.left) / area.width, (clientY - top - area.top) / area.height];
    return x >= 0 && x <= 1 && y >= 0 && y <= 1 ? this.at(x, 1 - y) : null;
  }

  // The place at a share of the width and the height.
  at(right, up) {
    const [x0, x1, y0, y1] = this.data.surface.domain;
    const rounded = (value, span) => Number(value.toFixed(Math.max(0, 3 - Math.floor(Math.log10(span)))));
    return { x: rounded(x0 + right * (x1 - x0), x1 - x0), y: rounded(y0 + up * (y1 - y0), y1 - y0) };
  }

  clicked(event) {
    const point = this.pointed(event);
    if (!point) return;
    this.take(point);
    this.on.start(point);
  }

  key(event) {
    const move = MOVES[event.key];
    if (!this.data || (!move && event.key !== "Enter") || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (!move) {
      if (this.aim) this.on.start({ x: this.aim[0], y: this.aim[1] });
      return;
    }
    const [x0, x1, y0, y1] = this.data.surface.domain;
    const [x, y] = this.aim ?? this.data.start;
    const share = (value, low, high, by) => Math.min(1, Math.max(0, (value - low) / (high - low) + by / KEY_STEPS));
    this.take(this.at(share(x, x0, x1, move[0]), share(y, y0, y1, move[1])));
  }

  // Show a start that is not yet that of the paths.
  take(point) {
    this.aim = point ? [point.x, point.y] : null;
    if (this.data) this.placeStart();
    this.on.point(point);
  }

  destroy() {
    super.destroy();
    this.svg.remove();
  }
}
