// The whole picture of a comparison: which runs it follows, what stands where, and when each part is drawn again.

import { interpolated } from "../live/axes.js";
import { BaseView } from "../live/base_view.js";
import { setText } from "../live/dom.js";
import { Chart } from "../live/plot.js";
import { RunData } from "../live/run_data.js";
import { short } from "../live/text.js";
import { palette } from "../live/theme.js";
import { drawAside } from "./aside.js";
import { grouped, placing } from "./groups.js";
import { build } from "./layout.js";
import { Multiples } from "./multiples.js";
import { quantity } from "./quantities.js";
import { drawRace, seen } from "./race_chart.js";
import { Resting } from "./resting.js";
import { save } from "./save.js";

const KEPT = {
  className: "sp-live sp-compare",
  remembered: "saddlepoint.compare.view",
  defaults: { quantity: "error", scale: "log", x: "update", gradients: false, pace: "10s" },
};
// What belongs to one comparison.
const FORGOTTEN = { aside: "", hidden: [], focus: null, sort: null, target: 0.1 };
const ASIDE_RESTS = 20;
const MOST_REST = { gap: 400 }; // Milliseconds: the table beside it has the same numbers.
const MOST_READ = 8;

export class CompareView extends BaseView {
  constructor(parent, data, look) {
    super(parent, data, look, KEPT);
    this.view = { ...this.view, ...FORGOTTEN, ...data.settings.view };
    this.study = this.aimed = null;
    this.branches = new Map();
    this.resting = new Resting(ASIDE_RESTS);
  }

  build() {
    return build(this.labels, this.settings, {
      // To the comparison that is shown: for a moment that may be the one before.
      act: (kind, values) => this.connection.command(this.parts.toolbar.data.run, kind, values),
      trigger: (name, value) => this.press(name, value),
      change: (name, value) => this.change(name, value),
      fork: (asked) => this.connection.command(this.study.run, "fork", asked),
      aim: (target) => this.aim(target),
      moved: () => this.moved(),
      save: (format) => save(this.Plotly, this.charts.main, format, this.title(), "comparison"),
      on: {
        sort: (sort) => this.change("sort", sort),
        focus: (group) => this.change("focus", this.view.focus === group.key ? null : group.key),
        hide: (group) => this.hide(group),
        branch: (group) => this.parts.branches.open(group, this.parts.cursor.step, this.branchOptions(group)),
        drop: (group) => this.tell(group, "stop"),
        act: (group, kind, values) => this.tell(group, kind, values),
      },
    });
  }

  press(name, value) {
    this.trigger(name, { study: this.study?.run ?? null, target: this.study ? null : this.aimed, ...value });
  }

  destroy() {
    clearTimeout(this.later);
    this.multiples?.clear();
    super.destroy();
  }

  chartsFor(refresh) {
    const { plots, cursor, stage, asideStage, multiples } = this.parts;
    const charts = { main: new Chart(plots.main, null, refresh), aside: new Chart(plots.aside, null, refresh) };
    this.multiples = new Multiples(cursor, refresh);
    multiples.append(...this.multiples.nodes);
    const at = (mode) => {
      const first = this.groups.find((group) => group.loaded)?.first;
      return first ? placing(first, mode) : null;
    };
    cursor.attach("main", stage, charts.main, at);
    cursor.attach("aside", asideStage, charts.aside, at);
    return charts;
  }

  // New data from Python: another comparison, another branch, or only another theme.
  update(data) {
    super.update(data);
    this.palette = palette(this.parent, data.colors, data.ramp);
    this.parts.table.palette = this.palette;
    const isPrepared = Boolean(data.race.caption) && data.race.caption !== this.given?.caption;
    this.given = data.race;
    this.watchPrice(data.price);
    if ((this.study?.run ?? null) !== data.study || (isPrepared && !data.study)) {
      this.branches = new Map();
      this.study = data.study ? new RunData(data.study) : null;
      this.aimed = null;
      Object.assign(this.view, FORGOTTEN);
      this.parts.cursor.move(null);
    }
    this.follow();
    this.schedule(true);
  }

  // What it will cost is told on a channel of its own until it is started.
  watchPrice(channel) {
    if (this.price?.run === (channel ?? undefined)) return;
    if (this.price) this.connection.unwatch(this.price.run);
    this.price = channel ? new RunData(channel) : null;
    if (this.price) this.connection.watch(this.price, () => this.schedule(false));
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
    this.groups = grouped({ lanes: this.study ? lanes : [], settings: this.given, forks: this.study ? forks : [] }, (run) => this.runOf(run));
    this.lanes = JSON.stringify([lanes, forks]);
  }

  // What has branched: known when the page was drawn, and told of since.
  forks() {
    for (const fork of [...this.given.forks, ...(this.study?.meta.forks ?? [])]) {
      this.branches.set(fork.run, { ...fork, name: fork.name || this.labels.branch });
    }
    return [...this.branches.values()];
  }

  // Ask something of the comparison as a whole; what is refused is said.
  async ask(kind, values) {
    const answer = await this.connection.command(this.study.run, kind, values);
    if (answer?.type !== "received") this.refuse(answer);
  }

  refuse(answer) {
    this.parts.toolbar.complain(answer ? [answer.what, answer.why, answer.fix].join(" ") : this.labels.not_connected);
  }

  // Ask something of the runs of one row alone.
  async tell(group, kind, values) {
    const answers = await Promise.all(group.runs.map((run) => this.connection.command(run.run, kind, values)));
    const refused = answers.find((answer) => answer?.type !== "received");
    if (refused !== undefined) this.refuse(refused);
  }

  // Of what has not begun the target is told with its start.
  aim(target) {
    if (this.study) this.ask("target", { target });
    else this.aimed = target;
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
    const { target } = this.study.meta;
    // The target of the verdict is that of the table, whoever has chosen it.
    const isNew = Boolean(target) && target !== this.aimed;
    if (isNew) this.view.target = this.aimed = target;
    if (this.study.meta.lanes && JSON.stringify([this.study.meta.lanes, this.forks()]) !== this.lanes) this.follow();
    this.schedule(isNew);
  }

  get model() {
    return { study: this.study, groups: this.groups, settings: this.given, price: this.price?.meta.price, planned: this.planned() };
  }

  // What the tool bar is told: the comparison with the epochs of its runs.
  control() {
    const first = this.groups.find((group) => group.loaded)?.first;
    const meta = { ...(this.study?.meta ?? { state: "untrained" }) };
    if (meta.state === "searching") meta.state = "running"; // The search for rates can be held and ended like the race.
    meta.steps_per_epoch ??= first?.meta.steps_per_epoch;
    meta.epochs ??= first?.meta.epochs ?? this.given.epochs;
    meta.extend_epochs ??= first?.meta.extend_epochs ?? this.given.epochs;
    meta.num_steps ??= first?.meta.num_steps ?? this.given.num_steps;
    // A branch goes its own way: it may be ahead of a race that is paused.
    const last = lastStep(this.groups.filter((group) => !group.fork));
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

  schedule(all) {
    if (all) this.multiples?.redraw();
    super.schedule(all);
  }

  paint(context) {
    const { parts, view, model } = this;
    this.picked = parts.show(model, view, context);
    parts.toolbar.nextPace = view.pace;
    parts.toolbar.draw(this.control());
    parts.table.draw(model, view);
    parts.branches.draw(this.groups, this.palette);
    const stamps = this.groups.flatMap((group) => group.runs.flatMap((run) => run.stamps.splice(0)));
    const drawings = this.drawCharts(context);
    parts.cursor.at(view.pace);
    parts.cursor.place(lastStep(this.groups));
    this.readOut();
    return { stamps, drawings };
  }

  // Draw the charts that have changed and are visible; their drawings.
  drawCharts(context) {
    const { charts, parts, view, model, groups } = this;
    const { plots } = parts;
    const rows = groups.map((group) => group.runs.map((run) => [run.run, run.lineage, run.rows, run.meta.num_steps]));
    const beside = [rows, this.picked, groups.some((group) => group.active), model.study?.meta.search, model.study?.meta.noise];
    const jobs = { main: [plots.main, rows, () => drawRace(charts.main, groups, view, context, model)] };
    if (!this.rests(beside)) jobs.aside = [plots.aside, beside, () => this.resting.draw(() => drawAside(charts.aside, this.picked, model, view, context), MOST_REST[this.picked])];
    const drawings = this.drawChanged(jobs);
    return view.gradients ? [...drawings, ...this.multiples.draw(seen(groups, view), view, context)] : drawings;
  }

  // The picture beside the race follows a little behind: the time belongs to the race.
  rests(changes) {
    const { aside: drawn } = this.drawn;
    if (drawn === undefined || drawn === JSON.stringify(changes)) return false;
    const { wait } = this.resting;
    if (!wait) return false;
    this.later ??= setTimeout(() => {
      this.later = null;
      this.schedule(false);
    }, wait);
    return true;
  }

  moved() {
    this.parts.branches.at(this.parts.cursor.step);
    this.readOut();
  }

  // What every line says at the moment of the cursor; of very many the lowest.
  readOut() {
    const { step } = this.parts.cursor;
    const shown = step === null ? [] : seen(this.groups, this.view);
    const what = quantity(this.view.quantity, shown[0]?.first.meta.task === "regression");
    const values = shown.map((group) => {
      const { steps, mid } = group.over(what.main);
      return steps.length && step >= steps[0] && step <= steps[steps.length - 1] ? [group.brief, interpolated(steps, mid, step)] : null;
    });
    const sorted = values.filter(Boolean).sort((a, b) => a[1] - b[1]).slice(0, MOST_READ);
    setText(this.parts.readout, sorted.map(([name, value]) => `${name} ${short(value)}${what.percent ? "\u00a0%" : ""}`).join(" · "));
  }
}

function lastStep(groups) {
  return Math.max(0, ...groups.map((group) => group.lastStep()));
}
