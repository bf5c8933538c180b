// The whole picture of one run: what stands where, and when each part is drawn again.

import { BaseView } from "./base_view.js";
import { Expected } from "./expected.js";
import { drawGradients } from "./gradients.js";
import { build } from "./layout.js";
import { Learned } from "./learned.js";
import { drawMain } from "./main_chart.js";
import { drawMore } from "./more.js";
import { Chart } from "./plot.js";
import { Replay } from "./replay.js";
import { RunData } from "./run_data.js";
import { drawSamples } from "./thumbnails.js";

const KEPT = {
  className: "sp-live",
  remembered: "saddlepoint.live.view",
  defaults: { quantity: "error", scale: "linear", x: "epoch", smoothing: 0, more: "", tab: "learned", pace: "10s" },
};

export class LiveView extends BaseView {
  constructor(parent, data, look) {
    super(parent, data, look, KEPT);
  }

  build() {
    const change = (name, value) => this.change(name, value);
    this.expected = new Expected(this.labels, () => this.schedule(false), (heights) => this.press("expect", { heights }));
    this.replay = new Replay(this.labels, {
      seek: (...asked) => this.connection.seek(...asked),
      moved: () => this.schedule(false),
      rests: (at) => this.press("replay", { at }),
      complain: (text) => this.parts.toolbar.complain(text),
      keep: change,
    });
    // In a replay the keys play it.
    const played = () => (this.replay.isOn ? this.replay.player : this.parts.toolbar);
    this.hand = { startOrPause: () => played().startOrPause(), oneUpdate: () => played().oneUpdate() };
    return build(this.labels, this.settings, {
      act: (kind, values) => this.connection.command(this.run, kind, values),
      trigger: (name, value) => this.press(name, value),
      change,
      replay: () => this.replay.open(this.current(), null, this.view.pace),
      hand: this.hand,
      sketch: this.expected.node,
    });
  }

  keys() {
    return { ...super.keys(), ...this.hand };
  }

  status(status) {
    super.status(status);
    if (status === "connected") this.replay.askAgain();
  }

  destroy() {
    this.replay.end();
    super.destroy();
  }

  press(name, value) {
    this.trigger(name, { run: this.run, ...value });
  }

  chartsFor(refresh) {
    const { plots, samples, caption } = this.parts;
    const chart = (node) => new Chart(node, null, refresh);
    const charts = { main: chart(plots.main), learned: chart(plots.learned), gradients: chart(plots.gradients), more: chart(plots.more) };
    this.learned = new Learned(charts.learned, plots.learned, samples, caption);
    return charts;
  }

  // New data from Python: another run, another ghost, or only another theme.
  update(data) {
    super.update(data);
    this.run = data.run;
    this.parts.words.caption = data.caption;
    this.ghost = data.ghost && data.ghost !== data.run ? data.ghost : null;
    this.isKin = data.is_kin;
    this.differs = data.differs;
    this.offer = data.offer;
    this.expected.update(data.curve);
    if (data.replay && data.replay.number !== this.replayed && !this.replay.isOn) this.wanted = data.replay;
    this.replayed = data.replay?.number;
    const wanted = [this.run, this.ghost].filter(Boolean);
    for (const run of [...this.runs.keys()].filter((name) => !wanted.includes(name) && name !== this.shown)) this.drop(run);
    for (const run of wanted.filter((name) => !this.runs.has(name))) {
      this.runs.set(run, new RunData(run));
      this.connection.watch(this.runs.get(run), () => this.schedule(false));
    }
    this.schedule(true);
  }

  drop(run) {
    this.runs.delete(run);
    this.connection.unwatch(run);
  }

  // The run to show: the wanted one as soon as anything of it is here, until then the one before.
  current() {
    const wanted = this.runs.get(this.run);
    if (wanted?.loaded || wanted?.unknown) {
      if (this.shown !== this.run) {
        const before = this.shown;
        this.shown = this.run;
        if (before && before !== this.ghost && before !== this.run) this.drop(before);
      }
      return wanted;
    }
    return this.runs.get(this.shown) ?? wanted;
  }

  // What the tool bar is told.
  control() {
    return this.current();
  }

  paint(context) {
    const told = this.current();
    if (!told) return { stamps: [], drawings: [] };
    this.openWanted(told);
    const data = this.replay.shown(told);
    const ghost = this.ghost === data.run ? null : (this.runs.get(this.ghost) ?? null);
    const { parts } = this;
    // What is expected is drawn on the axes of the first look.
    const view = this.expected.isOpen ? { ...this.view, quantity: "error", scale: "linear", x: "epoch" } : this.view;
    this.root.style.setProperty("--sp-run", this.palette.run(data.meta.slot));
    const replayer = this.replay.isOn ? this.replay.node : null;
    this.root.classList.toggle("sp-replaying", Boolean(replayer));
    parts.show(data, view, { ...context, replayer });
    parts.numbers.draw(data);
    parts.words.draw(data);
    parts.toolbar.nextPace = view.pace;
    parts.toolbar.draw(told);
    const drawings = data.loaded ? this.drawCharts(data, ghost, view, context) : [];
    this.expected.place(this.charts.main);
    return { stamps: told.stamps.splice(0), drawings };
  }

  // Begin the replay that Python has asked for, as soon as the run is here.
  openWanted(told) {
    if (!this.wanted || !told.loaded || told.run !== this.run) return;
    const { at } = this.wanted;
    this.wanted = null;
    this.replay.open(told, at, this.view.pace);
  }

  context() {
    const { isKin, differs, offer } = this;
    const { curve } = this.expected;
    return { ...super.context(), isKin, differs, offer, curve };
  }

  drawCharts(data, ghost, view, context) {
    const { charts, parts } = this;
    const { plots, panels } = parts;
    const rows = data.rows ?? {};
    const common = [data.run, data.lineage, data.meta.num_steps, data.meta.layers?.length];
    const seconds = view.x === "seconds" ? rows.update : 0;
    const before = [ghost?.run, ghost?.rows?.evaluation];
    return this.drawChanged({
      main: [plots.main, [...common, rows.evaluation, ...before, data.events.length, seconds, data.meta.guess_text, context.curve], () => drawMain(charts.main, data, ghost, view, context)],
      gradients: [panels.gradients, [...common, rows.update], () => drawGradients(charts.gradients, data, view, context)],
      learned: [panels.learned, [...common, data.meta.state, ...pictureSteps(data)], () => this.learned.draw(data, context)],
      more: [panels.more, [...common, rows.update, data.pictures.wrong?.step, view.more], () => this.drawMore(data, view, context)],
    });
  }

  drawMore(data, view, context) {
    if (view.more === "wrong") {
      if (data.pictures.wrong) drawSamples(this.parts.wrong, data.pictures.wrong, context);
      return null;
    }
    return view.more ? drawMore(this.charts.more, data, view, context) : null;
  }
}

function pictureSteps(data) {
  return Object.entries(data.pictures).map(([name, payload]) => [name, payload.step, payload.caption]);
}
