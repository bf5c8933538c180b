// The surface of a real network, or a line of it: follows what is computed, and draws every finer picture as it comes.

import { Connected } from "../live/connected.js";
import { RunData } from "../live/run_data.js";
import { fill, grouped } from "../live/text.js";
import { decoded } from "../live/wire.js";
import { hasWebGL } from "../surface/space.js";
import { Curve } from "./curve.js";
import { build } from "./layout.js";
import { LineChart } from "./line.js";
import { NetworkMap } from "./map.js";
import { heightsOf, lastStep, pictureOf, upTo } from "./picture.js";
import { NetworkScene } from "./scene.js";
import { hereWords, lineWords, measuredWords, planeWords, trustWords } from "./words.js";

const KEPT = {
  className: "sp-live sp-surface sp-network",
  remembered: "saddlepoint.network.view",
  defaults: { height: "linear", misses: true, tab: "scene" },
};
const ARRAYS = ["grid", "paths", "line"];
const REST_MS = 400;

export class NetworkView extends Connected {
  constructor(parent, data, look) {
    super(parent, data, look, KEPT);
  }

  build() {
    return build(this.labels, this.settings, {
      change: (name, value) => this.change(name, value),
      stop: () => this.stop(),
      again: () => this.press("again", {}),
      moved: () => this.moved(),
      leave: () => this.press("leave", {}),
    });
  }

  chartsFor(refresh) {
    const { plots } = this.parts;
    const charts = { map: new NetworkMap(plots.map, null, refresh), curve: new Curve(plots.curve, null, refresh), line: new LineChart(plots.line, null, refresh) };
    this.isFlat = !hasWebGL();
    return this.isFlat ? charts : { ...charts, scene: new NetworkScene(plots.scene, null, refresh) };
  }

  // New data from Python: another picture was asked for, or only another theme. The old picture stays until there is one.
  update(data) {
    super.update(data);
    if (this.asked?.kind !== data.asked.kind) this.picture = this.line = this.shown = null;
    this.asked = data.asked;
    this.moment = data.moment;
    if (this.told?.run !== data.channel || this.count !== data.count) {
      if (this.told) this.connection.unwatch(this.told.run);
      this.count = data.count;
      this.told = new RunData(data.channel);
      this.connection.watch(this.told, () => this.news());
    }
    this.packed = [];
    this.read();
    this.schedule(true);
  }

  destroy() {
    clearTimeout(this.timer);
    super.destroy();
  }

  news() {
    this.read();
    this.schedule(false);
  }

  // Unpack what is new of the arrays.
  read() {
    const { meta } = this.told;
    const packed = ARRAYS.map((name) => meta[name]);
    if (packed.every((value, place) => value === this.packed[place])) return;
    this.packed = packed;
    const arrays = Object.fromEntries(ARRAYS.map((name, place) => [name, decoded(packed[place] ?? null)]));
    const picture = this.isLine ? null : pictureOf({ ...meta, ...arrays }, this.asked.runs);
    if (!picture && !arrays.line) return;
    Object.assign(this, { picture, line: arrays.line, shown: this.told });
    if (picture) this.loadPaths(lastStep(picture));
    this.drawn = {};
  }

  // Whole paths, unless the replay of the run that is looked at stands elsewhere, here or on the page from which one has come.
  loadPaths(steps) {
    const { asked, moment, parts: { toolbar } } = this;
    const [{ run }] = asked.runs;
    if (steps === toolbar.steps && run === this.replayed) return;
    const stands = run === this.replayed && toolbar.step < toolbar.steps ? toolbar.step : (moment ?? steps);
    this.replayed = run;
    toolbar.load(steps, stands);
  }

  // Another moment is watched: where it is stayed at, the other pages are to know. At the end there are whole paths again.
  moved() {
    const { toolbar } = this.parts;
    this.schedule(false);
    clearTimeout(this.timer);
    if (toolbar.playing) return;
    const at = toolbar.step < toolbar.steps ? toolbar.step : null;
    this.timer = setTimeout(() => at !== this.moment && this.press("replay", { run: this.replayed, at }), REST_MS);
  }

  get isLine() {
    return this.asked.kind !== "surface";
  }

  async stop() {
    const answer = await this.connection.command(this.told.run, "stop");
    if (answer?.type !== "received") this.complain(answer ? [answer.what, answer.why, answer.fix].join(" ") : this.labels.not_connected);
  }

  paint(context) {
    const { parts, view, picture, told, isLine, isFlat } = this;
    const isLog = view.height === "log";
    const heights = picture && heightsOf(picture, isLog);
    parts.show(view, this.said(heights), { ...context, isLine, isFlat });
    parts.progress.draw(told, this.asked.resolution, told === this.shown && picture ? picture.resolution : null, this.asked.active);
    const { step, steps } = parts.toolbar;
    const seen = picture && upTo(picture, step);
    const look = [isLog, view.misses, step < steps, seen?.paths.map(({ points }) => points.length)];
    const { charts, labels } = this;
    this.root.classList.toggle("sp-nothing", !heights && !this.line);
    const axes = picture && [1, 2].map((number) => labels[`axis_${picture.plane.kind}_${number}`]);
    if (this.line) return this.drawChanged({ line: [parts.plots.line, look, () => charts.line.drawLine(this.line, isLog, this.asked.runs)] });
    if (!heights) return [];
    const whole = step < steps ? picture.paths : [];
    return this.drawChanged({
      ...(charts.scene && { scene: [parts.plots.scene, look, () => charts.scene.drawPicture(seen, heights, { misses: view.misses, axes, whole })] }),
      map: [parts.plots.map, look, () => charts.map.drawPicture(seen, heights, { axes, whole })],
      curve: [parts.plots.curve, [look, step], () => charts.curve.drawPicture(picture, step < steps ? step : this.shown.meta.step, isLog)],
    });
  }

  // All sentences beside the pictures.
  said(heights) {
    const { labels, picture, line, shown, told } = this;
    const { meta } = shown ?? told;
    const at = { step: meta.step === undefined ? "…" : grouped(meta.step) };
    if (this.isLine) return { title: fill(labels[`title_${this.asked.kind}`], at), none: "", here: [], paths: [], truth: "", measured: measuredWords(meta, labels), words: line ? lineWords(line, labels) : [] };
    const drawn = heights && picture;
    return {
      title: fill(labels.title_surface, at),
      none: picture && !heights ? labels.no_number : "",
      here: hereWords(meta, drawn, labels),
      paths: drawn ? drawn.paths : [],
      truth: drawn ? trustWords(meta, drawn, heights, labels).join(" ") : "",
      measured: measuredWords(meta, labels),
      words: drawn ? planeWords(drawn, labels) : [],
    };
  }
}
