// The whole picture of a comparison: which runs it follows, what stands where, and when each part is drawn again.

import { element, setText } from "../live/dom.js";
import { listen } from "../live/keyboard.js";
import { recordLatency } from "../live/latency.js";
import { Chart, loadPlotly } from "../live/plot.js";
import { RunData } from "../live/run_data.js";
import { Connection } from "../live/socket.js";
import { short } from "../live/text.js";
import { palette } from "../live/theme.js";
import { drawAside } from "./aside.js";
import { grouped, placing } from "./groups.js";
import { build } from "./layout.js";
import { Multiples } from "./multiples.js";
import { quantity } from "./quantities.js";
import { drawRace, seen } from "./race_chart.js";
import { save } from "./save.js";
import { interpolated } from "../live/axes.js";

const REMEMBERED = "saddlepoint.compare.view";
const DEFAULTS = { quantity: "error", scale: "log", x: "update", aside: "", target: 0.1, gradients: false, pace: "10s" };
const FORGOTTEN = { hidden: [], focus: null, sort: null };
const NARROW_PX = 640;
const PAUSE_MS = 16;
const ASIDE_MS = 700;

export class CompareView {
  constructor(parent, data, look) {
    this.look = look;
    this.parent = parent;
    this.settings = data.settings;
    this.labels = data.labels;
    this.view = { ...DEFAULTS, ...remembered(), ...FORGOTTEN, ...data.settings.view };
    this.runs = new Map();
    this.branches = new Map();
    this.drawn = {};
    this.busyUntil = 0;
    this.asideAt = 0;
    this.root = element("div", { className: this.settings.present ? "sp-live sp-compare sp-present" : "sp-live sp-compare" });
    const sheets = data.css.map((href) => element("link", { rel: "stylesheet", href }));
    const styled = Promise.all(sheets.map((sheet) => new Promise((resolve) => Object.assign(sheet, { onload: resolve, onerror: resolve }))));
    this.parts = build(this.labels, this.settings, {
      act: (kind, values) => this.connection.command(this.study.run, kind, values),
      trigger: (name, value) => this.trigger(name, { study: this.study?.run ?? null, ...value }),
      change: (name, value) => this.change(name, value),
      fork: (asked) => this.fork(asked),
      moved: () => this.moved(),
      save: (format) => save(this.Plotly, this.charts.main, format, this.title(), "comparison"),
      on: {
        sort: (sort) => this.change("sort", sort),
        focus: (group) => this.change("focus", this.view.focus === group.key ? null : group.key),
        hide: (group) => this.hide(group),
        branch: (group) => this.parts.branches.open(group, this.parts.cursor.step, this.branchOptions(group)),
        drop: (group) => group.runs.forEach((run) => this.connection.command(run.run, "stop")),
      },
    });
    this.root.append(...sheets, ...this.parts.nodes);
    this.root.style.visibility = "hidden";
    parent.append(this.root);
    this.connection = new Connection({
      url: new URL(data.socket, window.location.href.replace(/^http/, "ws")).href,
      token: data.token,
      lang: data.lang,
      measure: this.settings.measure,
      onStatus: (status) => this.status(status),
    });
    const { toolbar } = this.parts;
    this.stopListening = listen({
      startOrPause: () => toolbar.startOrPause(),
      oneUpdate: () => toolbar.oneUpdate(),
      leave: this.settings.present ? () => this.trigger("leave", {}) : null,
    });
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.root);
    this.timer = setInterval(() => toolbar.pending.size && toolbar.draw(this.control()), 2000);
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
    clearTimeout(this.later);
    this.multiples?.clear();
    Object.values(this.charts ?? {}).forEach((chart) => chart.destroy());
    this.root.remove();
  }

  ready(Plotly) {
    if (this.gone) return;
    this.Plotly = Plotly;
    const refresh = () => this.schedule(true);
    const { plots, cursor, stage, asideStage, multiples } = this.parts;
    this.charts = { main: new Chart(plots.main, null, refresh), aside: new Chart(plots.aside, null, refresh) };
    this.multiples = new Multiples(cursor, refresh);
    multiples.append(this.multiples.node);
    const first = () => this.groups.find((group) => group.loaded)?.first;
    const at = () => (first() ? placing(first(), this.view.x) : null);
    cursor.attach("main", stage, this.charts.main, at);
    cursor.attach("aside", asideStage, this.charts.aside, () => (this.picked === "every" ? at() : null));
    this.root.style.visibility = "";
    this.resized();
    this.schedule(true);
  }

  // New data from Python: another comparison, another branch, or only another theme.
  update(data) {
    this.palette = palette(this.parent, data.colors);
    this.parts.table.palette = this.palette;
    this.parts.toolbar.blocked = data.blocked;
    this.given = data.race;
    if (this.study?.run !== data.study) {
      this.branches = new Map();
      this.study = data.study ? new RunData(data.study) : null;
      Object.assign(this.view, FORGOTTEN);
      this.parts.cursor.move(null);
    }
    this.follow();
    this.schedule(true);
  }

  // Watch the comparison's own channel and every run of it, and nothing else.
  follow() {
    const lanes = this.study?.meta.lanes ?? this.given.lanes;
    const forks = this.forks();
    const wanted = this.study ? [...lanes.map(({ run }) => run), ...forks.map(({ run }) => run)] : [];
    for (const run of [...this.runs.keys()].filter((name) => !wanted.includes(name))) {
      this.runs.delete(run);
      this.connection.unwatch(run);
    }
    if (this.watched !== this.study?.run) {
      if (this.watched) this.connection.unwatch(this.watched);
      this.watched = this.study?.run;
      if (this.study) this.connection.watch(this.study, () => this.news());
    }
    this.groups = grouped({ lanes: this.study ? lanes : [], variants: this.given.variants, forks: this.study ? forks : [] }, (run) => this.runOf(run));
    this.lanes = JSON.stringify([lanes, forks]);
  }

  // What has branched: known when the page was drawn, and told of since.
  forks() {
    for (const fork of [...this.given.forks, ...(this.study?.meta.forks ?? [])]) {
      this.branches.set(fork.run, { ...fork, name: fork.name || this.labels.branch });
    }
    return [...this.branches.values()];
  }

  async fork(asked) {
    const { toolbar } = this.parts;
    const answer = await this.connection.command(this.study.run, "fork", asked);
    if (answer?.type !== "received") toolbar.complain(answer ? [answer.what, answer.why, answer.fix].join(" ") : this.labels.not_connected);
  }

  runOf(run) {
    if (!this.runs.has(run)) {
      const data = new RunData(run);
      this.runs.set(run, data);
      this.connection.watch(data, () => this.schedule(false));
    }
    return this.runs.get(run);
  }

  // Something was told about the comparison itself.
  news() {
    if (this.study.meta.lanes && JSON.stringify([this.study.meta.lanes, this.forks()]) !== this.lanes) this.follow();
    this.schedule(false);
  }

  get model() {
    return { study: this.study, groups: this.groups, settings: this.given };
  }

  // What the tool bar is told: the comparison with the epochs of its runs.
  control() {
    const first = this.groups.find((group) => group.loaded)?.first;
    const meta = { ...(this.study?.meta ?? { state: "untrained" }) };
    if (meta.state === "searching") meta.state = "queued"; // The search for rates can be held and ended like the race.
    meta.steps_per_epoch ??= first?.meta.steps_per_epoch;
    meta.epochs ??= first?.meta.epochs ?? this.given.epochs;
    meta.extend_epochs ??= first?.meta.extend_epochs ?? this.given.epochs;
    meta.num_steps ??= first?.meta.num_steps ?? this.given.num_steps;
    const last = Math.max(0, ...this.groups.map((group) => group.lastStep()));
    meta.step ??= last;
    return { run: this.study?.run ?? "", loaded: this.study ? this.study.loaded : true, meta, lastStep: () => last };
  }

  // How far the axis reaches before anything has been measured.
  planned() {
    const { num_steps: update, epochs: epoch } = this.given;
    return { update, epoch, gradients: update, seconds: 1 };
  }

  branchOptions(group) {
    return group.facts.branch ?? [];
  }

  title() {
    return `${this.given.title} – ${this.labels[`race_quantity_${this.view.quantity}`]}`;
  }

  hide(group) {
    const { hidden } = this.view;
    this.change("hidden", hidden.includes(group.key) ? hidden.filter((key) => key !== group.key) : [...hidden, group.key]);
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
    } else this.schedule(false);
  }

  // Ask for a drawing in the next frame that is free; `all` also draws what has not changed.
  schedule(all) {
    if (all) {
      this.drawn = {};
      this.multiples?.redraw();
    }
    if (this.waiting || !this.charts || !this.given) return;
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
    const { parts, view, model } = this;
    const context = this.context();
    Object.values(this.charts).forEach((chart) => (chart.context = context));
    this.picked = parts.show(model, view, context);
    parts.toolbar.nextPace = view.pace;
    const control = this.control();
    parts.toolbar.draw(control);
    parts.table.draw(model, view);
    parts.branches.draw(this.groups, this.palette);
    const stamps = this.groups.flatMap((group) => group.runs.flatMap((run) => run.stamps.splice(0)));
    const drawings = this.drawCharts(context);
    parts.cursor.place(Math.max(control.lastStep(), 1));
    this.readOut();
    Promise.all(drawings).then(() => this.gone || parts.cursor.place());
    if (this.settings.measure && stamps.length) recordLatency(stamps, drawings);
    this.busyUntil = performance.now() + Math.max(PAUSE_MS, (performance.now() - begin) / 2);
  }

  context() {
    const { labels, palette: colours, settings, narrow, Plotly } = this;
    const size = settings.present && !narrow ? 18 : narrow ? 12 : 13;
    return { labels, palette: colours, present: settings.present, narrow, Plotly, size, height: this.parts.plots.main.offsetHeight };
  }

  // Draw the charts that have changed and are visible; their drawings.
  drawCharts(context) {
    const { charts, parts, view, model, groups } = this;
    const rows = groups.map((group) => group.runs.map((run) => [run.run, run.lineage, run.rows, run.meta.num_steps]));
    const jobs = {
      main: [[rows], () => drawRace(charts.main, groups, view, context, this.planned())],
      aside: [[rows, this.picked, model.study?.meta.search], () => drawAside(charts.aside, this.picked, model, view, context)],
    };
    const drawings = [];
    for (const [name, [changes, drawing]] of Object.entries(jobs)) {
      const stamp = JSON.stringify(changes);
      if (name === "aside" && this.rests(stamp)) continue;
      if (this.drawn[name] === stamp || !parts.plots[name].offsetHeight) continue;
      this.drawn[name] = stamp;
      drawings.push(drawing());
    }
    if (view.gradients) drawings.push(...this.multiples.draw(seen(groups, view), view, context));
    return drawings.filter(Boolean);
  }

  // The picture beside the race follows a little behind: the time belongs to the race.
  rests(stamp) {
    const drawn = this.drawn.aside;
    const wait = this.asideAt + ASIDE_MS - performance.now();
    if (drawn !== undefined && drawn !== stamp && wait > 0) {
      this.later ??= setTimeout(() => {
        this.later = null;
        this.schedule(false);
      }, wait);
      return true;
    }
    if (drawn !== stamp) this.asideAt = performance.now();
    return false;
  }

  moved() {
    this.parts.branches.at(this.parts.cursor.step);
    this.readOut();
  }

  // What every line says at the moment of the cursor.
  readOut() {
    const { step } = this.parts.cursor;
    const shown = step === null ? [] : seen(this.groups, this.view);
    const what = quantity(this.view.quantity, shown[0]?.first.meta.task === "regression");
    const values = shown.map((group) => {
      const { steps, mid } = group.over(what.main);
      return steps.length && step >= steps[0] && step <= steps[steps.length - 1] ? [group.name, interpolated(steps, mid, step)] : null;
    });
    const sorted = values.filter(Boolean).sort((a, b) => a[1] - b[1]);
    setText(this.parts.readout, sorted.map(([name, value]) => `${name} ${short(value)}${what.percent ? "\u00a0%" : ""}`).join(" · "));
  }
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
    const kept = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, view[name]]));
    localStorage.setItem(REMEMBERED, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing shows the defaults next time.
  }
}
