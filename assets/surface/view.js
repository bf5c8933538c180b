// A practice surface and the paths on it: which data is shown, and when each picture is drawn again or only moved.

import { setText } from "../live/dom.js";
import { Frame } from "../live/frame.js";
import { fill } from "../live/text.js";
import { Curves } from "./curves.js";
import { lossAt, sceneHeights } from "./heights.js";
import { build } from "./layout.js";
import { SurfaceMap } from "./map.js";
import { Scene } from "./scene.js";
import { hasWebGL } from "./space.js";
import { number } from "./tables.js";

const KEPT = {
  className: "sp-live sp-surface",
  remembered: "saddlepoint.surface.view",
  defaults: { curve: "", arrows: false, tab: "map" },
};
const SCENE_MS = 200;

export class SurfaceView extends Frame {
  constructor(parent, data, look) {
    super(parent, data, look, KEPT);
    this.count = 0;
    this.sceneAt = 0;
  }

  build() {
    return build(this.labels, this.settings, {
      change: (name, value) => this.change(name, value),
      moved: () => this.moved(),
      trigger: (name, value) => this.press(name, value),
    });
  }

  destroy() {
    clearTimeout(this.later);
    super.destroy();
  }

  chartsFor(refresh) {
    const { plots, stages, flat } = this.parts;
    const on = { start: (point) => this.press("start", point), point: (point) => this.readOut(point) };
    const charts = { map: new SurfaceMap(stages.map, plots.map, refresh, on), curves: new Curves(stages.curves, plots.curves, refresh) };
    flat.hidden = hasWebGL();
    plots.scene.hidden = !flat.hidden;
    if (flat.hidden) charts.scene = new Scene(plots.scene, null, refresh);
    return charts;
  }

  // New data from Python: other paths, or only another theme.
  update(data) {
    super.update(data);
    const stamp = JSON.stringify([data.surface.expression, data.surface.domain, data.start, data.racers, data.leaving, data.caption]);
    if (stamp !== this.stamp) {
      this.stamp = stamp;
      this.count += 1;
      this.data = data;
      this.heights = sceneHeights(data.surface);
      if (!data.racers.some(({ key }) => key === this.view.racer)) this.view.racer = data.racers[0].key;
      this.parts.toolbar.load(data.steps);
    }
    this.schedule(true);
  }

  paint(context) {
    const { parts, view, data, charts, count } = this;
    const picked = parts.draw(data, view, context);
    const drawings = this.drawChanged({
      map: [parts.panels.map, [count], () => charts.map.drawSurface(data)],
      curves: [parts.stages.curves, [count, picked], () => charts.curves.drawCurves(data, picked, this.heights)],
      ...(charts.scene && { scene: [parts.panels.scene, [count], () => charts.scene.drawSurface(data, this.heights, parts.toolbar.step)] }),
    });
    this.moved();
    return drawings;
  }

  // All pictures show the moment of the player.
  moved() {
    const { charts, parts, view, data } = this;
    if (!charts || !data) return;
    const { step } = parts.toolbar;
    parts.show(data, step);
    charts.map.show({ step, racer: view.racer, arrows: view.arrows });
    charts.curves.show(step);
    if (charts.scene) this.moveScene();
  }

  // The scene follows a little behind: it costs more than all the others together.
  moveScene() {
    if (this.later) return;
    const wait = this.sceneAt - performance.now();
    if (wait > 0) {
      this.later = setTimeout(() => {
        this.later = null;
        this.moveScene();
      }, wait);
      return;
    }
    const { scene } = this.charts;
    const { step } = this.parts.toolbar;
    if (this.gone || scene.step === step || this.parts.panels.scene.offsetParent === null) return;
    const begin = performance.now();
    scene.show(step);
    this.sceneAt = performance.now() + Math.max(SCENE_MS, 2 * (performance.now() - begin));
  }

  // What is under the mouse, or where the keys have moved the start.
  readOut(point) {
    const { labels, parts, data } = this;
    parts.readout.hidden = !point;
    setText(parts.readout, point ? fill(labels.readout, { x: number(point.x), y: number(point.y), loss: number(lossAt(data.surface, point.x, point.y)) }) : "");
  }
}
