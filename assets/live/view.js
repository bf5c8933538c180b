// The whole picture of one run: what stands where, and when each part is drawn again.

import { element, setText } from "./dom.js";
import { drawGradients } from "./gradients.js";
import { listen } from "./keyboard.js";
import { recordLatency } from "./latency.js";
import { build } from "./layout.js";
import { Learned } from "./learned.js";
import { drawMain } from "./main_chart.js";
import { drawMore } from "./more.js";
import { Chart, loadPlotly } from "./plot.js";
import { RunData } from "./run_data.js";
import { Connection } from "./socket.js";
import { palette } from "./theme.js";
import { drawSamples } from "./thumbnails.js";

const REMEMBERED = "saddlepoint.live.view";
const DEFAULTS = { quantity: "error", scale: "linear", x: "epoch", smoothing: 0, more: "", tab: "learned", pace: "10s" };
const NARROW_PX = 640;
const PAUSE_MS = 16;

export class LiveView {
  constructor(parent, data, look) {
    this.look = look;
    this.parent = parent;
    this.settings = data.settings;
    this.labels = data.labels;
    this.view = { ...DEFAULTS, ...remembered(), ...data.settings.view };
    this.runs = new Map();
    this.drawn = {};
    this.busyUntil = 0;
    this.root = element("div", { className: this.settings.present ? "sp-live sp-present" : "sp-live" });
    this.style = element("link", { rel: "stylesheet", href: data.css });
    const styled = new Promise((resolve) => Object.assign(this.style, { onload: resolve, onerror: resolve }));
    this.parts = build(this.labels, this.settings, {
      act: (kind, values) => this.connection.command(this.run, kind, values),
      trigger: (name, value) => this.trigger(name, { run: this.run, ...value }),
      change: (name, value) => this.change(name, value),
    });
    this.root.append(this.style, ...this.parts.nodes);
    this.root.style.visibility = "hidden";
    parent.append(this.root);
    this.connection = new Connection({
      url: new URL(data.socket, window.location.href.replace(/^http/, "ws")).href,
      token: data.token,
      lang: data.lang,
      measure: this.settings.measure,
      onStatus: (status) => this.status(status),
    });
    this.stopListening = listen({
      startOrPause: () => this.parts.toolbar.startOrPause(),
      oneUpdate: () => this.parts.toolbar.oneUpdate(),
      leave: this.settings.present ? () => this.trigger("leave", { run: this.run }) : null,
    });
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.root);
    // Commands that were never acknowledged stop looking pending even when nothing arrives.
    this.timer = setInterval(() => this.parts.toolbar.pending.size && this.parts.toolbar.draw(this.current()), 2000);
    Promise.all([loadPlotly(data.plotly), styled]).then(
      ([Plotly]) => this.ready(Plotly),
      () => this.status("lost"),
    );
  }

  destroy() {
    this.gone = true;
    this.stopListening();
    this.connection.close();
    this.observer.disconnect();
    clearInterval(this.timer);
    Object.values(this.charts ?? {}).forEach((chart) => chart.destroy());
    this.root.remove();
  }

  ready(Plotly) {
    if (this.gone) return;
    this.Plotly = Plotly;
    const refresh = () => this.schedule(true);
    const chart = (node) => new Chart(node, null, refresh);
    const { plots } = this.parts;
    this.charts = { main: chart(plots.main), learned: chart(plots.learned), gradients: chart(plots.gradients), more: chart(plots.more) };
    this.learned = new Learned(this.charts.learned, plots.learned, this.parts.samples, this.parts.caption);
    this.root.style.visibility = "";
    this.resized();
    this.schedule(true);
  }

  // New data from Python: another run, another ghost, or only another theme.
  update(data) {
    this.slots = data.colors;
    this.palette = palette(this.parent, this.slots);
    this.run = data.run;
    this.parts.toolbar.blocked = data.blocked;
    this.parts.words.caption = data.caption;
    this.ghost = data.ghost && data.ghost !== data.run ? data.ghost : null;
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

  change(name, value) {
    this.view[name] = value;
    remember(this.view);
    this.schedule(true);
  }

  status(status) {
    const text = { lost: this.labels.lost, expired: this.labels.expired, connected: "" }[status];
    setText(this.parts.banner, text);
    this.parts.banner.hidden = !text;
  }

  resized() {
    const narrow = this.root.offsetWidth < NARROW_PX;
    if (narrow !== this.narrow) {
      this.narrow = narrow;
      this.root.classList.toggle("sp-narrow", narrow);
      this.schedule(true);
    }
  }

  // Ask for a drawing in the next frame that is free; `all` also draws what has not changed.
  schedule(all) {
    if (all) this.drawn = {};
    if (this.waiting || !this.charts || !this.runs.size) return;
    this.waiting = true;
    const frame = () => requestAnimationFrame(() => this.draw());
    const pause = this.busyUntil - performance.now();
    if (pause > 4) setTimeout(frame, pause);
    else frame();
  }

  draw() {
    this.waiting = false;
    if (this.gone) return;
    const begin = performance.now();
    const data = this.current();
    if (!data) return;
    const ghost = this.ghost === data.run ? null : (this.runs.get(this.ghost) ?? null);
    const { parts, view } = this;
    const context = this.context();
    this.root.style.setProperty("--sp-run", this.palette.run(data.meta.slot));
    Object.values(this.charts).forEach((chart) => (chart.context = context));
    parts.show(data, view, context);
    parts.numbers.draw(data);
    parts.words.draw(data);
    parts.toolbar.nextPace = view.pace;
    parts.toolbar.draw(data);
    const stamps = data.stamps.splice(0);
    const drawings = data.loaded ? this.drawCharts(data, ghost, view, context) : [];
    if (this.settings.measure && stamps.length) recordLatency(stamps, drawings);
    const cost = performance.now() - begin;
    this.busyUntil = performance.now() + Math.max(PAUSE_MS, cost / 2);
  }

  context() {
    const { labels, palette: colours, settings, narrow, Plotly } = this;
    const size = settings.present && !narrow ? 18 : narrow ? 12 : 13;
    return { labels, palette: colours, present: settings.present, narrow, Plotly, size, height: this.parts.plots.main.offsetHeight };
  }

  // Draw the charts that have changed and are visible; their drawings.
  drawCharts(data, ghost, view, context) {
    const { charts, parts } = this;
    const rows = data.rows ?? {};
    const common = [data.run, data.lineage, data.meta.num_steps, data.meta.layers?.length];
    const seconds = view.x === "seconds" ? rows.update : 0;
    const jobs = {
      main: [[rows.evaluation, ghost?.run, ghost?.rows?.evaluation, data.events.length, seconds, data.meta.guess_text], () => drawMain(charts.main, data, ghost, view, context)],
      gradients: [[rows.update], () => drawGradients(charts.gradients, data, view, context)],
      learned: [[data.pictures], () => this.learned.draw(data, context)],
      more: [[rows.update, data.pictures.wrong?.step, view.more], () => this.drawMore(data, view, context)],
    };
    const drawings = [];
    for (const [name, [changes, drawing]] of Object.entries(jobs)) {
      const stamp = JSON.stringify([...common, ...(name === "learned" ? pictureSteps(data) : changes)]);
      if (this.drawn[name] === stamp || !visible(name === "main" ? parts.plots.main : parts.panels[name])) continue;
      this.drawn[name] = stamp;
      drawings.push(drawing());
    }
    return drawings;
  }

  drawMore(data, view, context) {
    if (view.more === "wrong") {
      if (data.pictures.wrong) drawSamples(this.parts.wrong, data.pictures.wrong, context);
      return null;
    }
    return view.more ? drawMore(this.charts.more, data, view, context) : null;
  }
}

function visible(node) {
  return node.offsetParent !== null;
}

function pictureSteps(data) {
  return Object.entries(data.pictures).map(([name, payload]) => [name, payload.step, payload.caption]);
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED)) ?? {};
  } catch {
    return {};
  }
}

function remember(view) {
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify(view));
  } catch {
    // A browser that keeps nothing shows the defaults next time.
  }
}
