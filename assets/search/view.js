// A search: controls, how far it is, the best so far, its pictures and its trials; fed by one socket.

import { Connected } from "../live/connected.js";
import { element, setText } from "../live/dom.js";
import { Chart } from "../live/plot.js";
import { RunData } from "../live/run_data.js";
import { fill } from "../live/text.js";
import { palette } from "../live/theme.js";
import { drawBest, drawCurves, drawImportances, drawParallel, drawSlices } from "./pictures.js";
import { errorText, follow, followed, isBrokenOff, ordered, present, Table } from "./trials.js";

const KEPT = { className: "sp-live sp-search", remembered: "saddlepoint.search.view", defaults: {} };
const PICTURES = ["curves", "best", "parallel", "slices", "importances"];
const WIDE = ["parallel", "slices"];
const GOING = ["queued", "running"];
const REDRAW_MS = 500;

export class SearchView extends Connected {
  constructor(parent, data, look) {
    super(parent, data, look, KEPT);
    Object.assign(this, { study: null, price: null, runs: new Map() });
  }

  build() {
    const { labels } = this;
    const hold = element("button", { type: "button", className: "sp-hold", onclick: () => this.tell(this.isGoing ? "pause" : "resume") });
    const stop = element("button", { type: "button", className: "sp-stop", text: labels.stop, onclick: () => this.tell("stop") });
    const bar = element("progress", { max: 1, value: 0, label: labels.progress });
    const where = element("span", { className: "sp-where" });
    const buttons = element("div", { className: "sp-buttons", role: "toolbar", label: labels.controls }, hold, stop);
    const progress = element("div", { className: "sp-progress" }, bar, where);
    const controls = element("div", { className: "sp-controls" }, buttons, progress);
    const banner = element("div", { className: "sp-banner", role: "status", hidden: true });
    const best = element("p", { className: "sp-best", "aria-live": "polite" });
    const choice = element("p", { className: "sp-hint" });
    const plots = Object.fromEntries(PICTURES.map((name) => [name, element("div", { className: "sp-plot" })]));
    const panels = Object.fromEntries(PICTURES.map((name) => [name, element("section", { className: `sp-panel sp-picture${WIDE.includes(name) ? " sp-wide" : ""}`, label: labels[name] }, element("h3", { text: labels[name] }), plots[name])]));
    const pictures = element("div", { className: "sp-pictures" }, ...Object.values(panels));
    const table = new Table(labels, (run) => this.press("open", { run }));
    return { nodes: [banner, controls, best, choice, pictures, table.node], banner, controls, hold, stop, bar, where, best, choice, plots, panels, pictures, table };
  }

  chartsFor(refresh) {
    return Object.fromEntries(PICTURES.map((name) => [name, new Chart(this.parts.plots[name], null, refresh)]));
  }

  // New data from Python: another search, other choices and their price, or only another theme.
  update(data) {
    this.palette = palette(this.parent, data.colors, data.ramp);
    this.given = data;
    this.study = this.watched(this.study, data.study);
    this.price = this.watched(this.price, data.price);
    this.news();
    this.schedule(true);
  }

  // Watch another channel in the place of one, where it is another.
  watched(known, channel) {
    if ((known?.run ?? null) === channel) return known;
    if (known) this.connection.unwatch(known.run);
    const data = channel ? new RunData(channel) : null;
    if (data) this.connection.watch(data, () => this.news());
    return data;
  }

  news() {
    follow(this.connection, this.runs, this.study ? followed(this.study.meta) : [], () => this.soon());
    this.schedule(false);
    const { state } = this.study?.meta ?? {};
    if (GOING.includes(this.state) && state && !GOING.includes(state) && state !== "paused") this.press("over", { study: this.study.run });
    this.state = state;
  }

  // News of many runs come one by one; they are drawn together.
  soon() {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.schedule(false);
    }, REDRAW_MS);
  }

  destroy() {
    clearTimeout(this.timer);
    super.destroy();
  }

  get isGoing() {
    return GOING.includes(this.study?.meta.state);
  }

  async tell(kind) {
    const answer = await this.connection.command(this.study.run, kind);
    if (answer?.type !== "received") this.complain(answer ? [answer.what, answer.why, answer.fix].join(" ") : this.labels.not_connected);
  }

  paint(context) {
    const { parts, labels, runs, charts } = this;
    const meta = this.study?.meta ?? {};
    const trials = present(meta, runs);
    this.paintWords(meta, trials, labels);
    const finite = trials.filter(({ now }) => Number.isFinite(now));
    const shown = { curves: finite.length, best: finite.some(({ isOver }) => isOver), parallel: finite.length && meta.spaces?.length > 1, slices: finite.some(({ isOver }) => isOver), importances: Object.keys(meta.importances ?? {}).length };
    for (const name of PICTURES) parts.panels[name].hidden = !shown[name];
    const drawings = {
      curves: () => drawCurves(charts.curves, trials, runs, meta, context),
      best: () => drawBest(charts.best, trials, meta, context),
      parallel: () => drawParallel(charts.parallel, trials, meta, context),
      slices: () => drawSlices(charts.slices, trials, meta, context),
      importances: () => drawImportances(charts.importances, meta, context),
    };
    const rows = [...runs.values()].map((run) => [run.run, run.lineage, run.rows]);
    const changes = { curves: rows, parallel: rows };
    return this.drawChanged(Object.fromEntries(PICTURES.filter((name) => shown[name]).map((name) => [name, [parts.plots[name], [this.study.version, changes[name]], drawings[name]]])));
  }

  paintWords(meta, trials, labels) {
    const { parts } = this;
    const over = trials.filter(({ isOver }) => isOver).length;
    const { state, step, num_steps: planned, num_trials: count } = meta;
    const isAlive = this.isGoing || state === "paused";
    const canGoOn = state === "paused" || isBrokenOff(meta);
    parts.controls.hidden = !this.study;
    parts.hold.hidden = !(this.isGoing || canGoOn) || this.given.may === "watch";
    parts.stop.hidden = parts.stop.disabled = !isAlive || this.given.may === "watch";
    setText(parts.hold, this.isGoing ? labels.pause : labels.resume);
    const begun = isAlive ? trials.length - over : 0;
    const going = isAlive ? trials.filter(({ isOver, isWaiting }) => !isOver && !isWaiting).length : 0;
    const isHeldUp = state === "running" && begun > 0 && going === 0;
    parts.bar.value = count ? (over + (planned ? (begun * step) / planned : 0)) / count : 0;
    setText(parts.where, this.study && count ? [fill(labels.trials_over, { over, count, going }), labels[`state_${isHeldUp ? "queued" : state}`]].filter(Boolean).join(" · ") : "");
    const [best] = ordered(trials.filter(({ state: how }) => how === "complete" || (isAlive && how === "running")));
    const known = best && Number.isFinite(best.now);
    const sentence = known ? fill(labels[best.isOver ? "best_is" : "best_trains"], { number: best.number, words: best.words, error: errorText(best.now, meta) }) : "";
    setText(parts.best, [meta.reason, sentence].filter(Boolean).join(" "));
    const within = trials.find(({ number }) => number === meta.within);
    const simpler = within && within.number !== meta.best ? fill(labels.within_is, { number: within.number, words: within.words, error: errorText(within.now, meta), limit: errorText(meta.limit, meta) }) : within ? labels.within_is_best : "";
    setText(parts.choice, this.study ? [simpler, meta.why, meta.warning].filter(Boolean).join(" ") : (this.price?.meta.price ?? ""));
    parts.table.draw(trials, meta);
  }
}
