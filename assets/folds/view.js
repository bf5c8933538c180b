// K runs of one experiment, a fold each: controls, the means so far, all curves with their mean, and what came out.

import { BriefData } from "../classroom/tile.js";
import { BaseView } from "../live/base_view.js";
import { choice, element, setText } from "../live/dom.js";
import { presentHints } from "../live/layout.js";
import { Chart } from "../live/plot.js";
import { RunData } from "../live/run_data.js";
import { fill, percent, short } from "../live/text.js";
import { ACTIVE, Toolbar } from "../live/toolbar.js";
import { drawFolds } from "./curves.js";
import { meanOf } from "./means.js";

const KEPT = { className: "sp-live sp-folds", remembered: "saddlepoint.folds.view", defaults: { pace: "10s", scale: "log" } };

export class FoldsView extends BaseView {
  constructor(parent, data, look) {
    super(parent, data, look, KEPT);
    this.study = null;
  }

  build() {
    const { labels, settings } = this;
    const trigger = (name, value) => this.press(name, value);
    const toolbar = new Toolbar(labels, (kind, values) => this.connection.command(this.study.run, kind, values), trigger, (name, value) => this.change(name, value));
    const banner = element("div", { className: "sp-banner", role: "status", hidden: true });
    const start = element("button", { type: "button", className: "sp-start", onclick: () => toolbar.startOrPause() }, element("span", { text: labels.start }), element("kbd", { text: labels.key_space }));
    const price = element("div", { className: "sp-price" });
    const over = element("div", { className: "sp-over" }, start, price);
    const plot = element("div", { className: "sp-plot sp-plot-main" });
    const means = element("p", { className: "sp-means" });
    const verdict = element("p", { className: "sp-verdict", "aria-live": "polite" });
    const controls = element("div", { className: "sp-controls" }, toolbar.node, toolbar.progress, toolbar.alert);
    const scales = choice(["linear", "log"].map((key) => ({ key, text: labels[`view_scale_${key}`] })), (key) => this.change("scale", key), labels.view_scale);
    const main = element("section", { className: "sp-panel sp-main", label: labels.folds_chart }, element("div", { className: "sp-heading" }, means, scales.group), element("div", { className: "sp-stage" }, plot, over));
    const hints = settings.present ? presentHints(labels, toolbar, trigger) : null;
    return { nodes: [banner, controls, main, verdict, hints].filter(Boolean), banner, toolbar, plots: { main: plot }, means, scales, verdict, start, price, over };
  }

  chartsFor(refresh) {
    return { main: new Chart(this.parts.plots.main, null, refresh) };
  }

  // New data from Python: other folds, or only another theme.
  update(data) {
    super.update(data);
    this.given = data;
    if ((this.study?.run ?? null) !== data.study) {
      if (this.study) this.connection.unwatch(this.study.run);
      this.study = data.study ? new RunData(data.study) : null;
      this.isActive = null;
      if (this.study) this.connection.watch(this.study, () => this.news());
    }
    this.follow();
    this.schedule(true);
  }

  // The runs of all folds, in their order: as the page knew them, and as the study has told since.
  follow() {
    const lanes = this.study ? (this.study.meta.lanes ?? this.given.lanes) : [];
    const wanted = [...lanes].sort((a, b) => a.number - b.number).map(({ run }) => run);
    for (const run of [...this.runs.keys()].filter((name) => !wanted.includes(name))) {
      this.runs.delete(run);
      this.connection.unwatch(run);
    }
    for (const run of wanted.filter((name) => !this.runs.has(name))) {
      const data = new BriefData(run);
      this.runs.set(run, data);
      this.connection.watch(data, () => this.schedule(false));
    }
    this.folds = wanted.map((run) => this.runs.get(run));
  }

  // Something was told about all of them together. That they are over or go on again, Python wants to know: what came out
  // stands there.
  news() {
    this.follow();
    this.schedule(false);
    const { state } = this.study.meta;
    if (!state) return;
    const isActive = ACTIVE.includes(state);
    if (this.isActive !== null && this.isActive !== isActive) this.press("over", { study: this.study.run });
    this.isActive = isActive;
  }

  // What the tool bar is told: the study with the epochs of its runs.
  control() {
    const meta = { ...(this.study?.meta ?? { state: "untrained" }) };
    for (const name of ["steps_per_epoch", "num_steps", "epochs"]) meta[name] ??= this.given[name];
    const last = Math.max(0, ...this.folds.map((run) => run.lastStep("evaluation")));
    meta.step ??= last;
    return { run: this.study?.run ?? "", loaded: this.study ? this.study.loaded : true, meta, lastStep: () => last };
  }

  paint(context) {
    const { parts, labels, folds } = this;
    parts.toolbar.nextPace = this.view.pace;
    const control = this.control();
    parts.toolbar.draw(control);
    parts.scales.choose(this.view.scale);
    parts.over.hidden = Boolean(this.study);
    parts.start.disabled = Boolean(this.given.blocked);
    setText(parts.price, this.given.blocked || this.given.price);
    setText(parts.means, this.study ? this.meansSoFar(labels) : "");
    const { verdict, reason } = this.study?.meta ?? {};
    // What becomes of the networks, its second sentence, stands below this part; of a presentation nothing does.
    const said = this.settings.present ? verdict : verdict?.slice(0, 1);
    setText(parts.verdict, [reason, ...(said ?? [])].filter((sentence) => typeof sentence === "string" && sentence).join(" "));
    const rows = folds.map((run) => [run.run, run.lineage, run.rows, run.meta.num_steps]);
    return { stamps: [], drawings: this.drawChanged({ main: [parts.plots.main, rows, () => drawFolds(this.charts.main, folds, control.meta, { scale: this.view.scale, single: this.given.single }, context)] }) };
  }

  // The newest errors, their mean and how far they scatter.
  meansSoFar(labels) {
    const shown = this.folds.some((run) => run.meta.task === "regression") ? short : percent;
    const said = ["validation", "training"].map((split) => {
      const found = meanOf(this.folds.map((run) => run.newest("evaluation", `${split === "training" ? "train" : split}/error`)));
      if (found.count < this.folds.length || !found.count) return "";
      return fill(labels[`mean_so_far_${split}`], { mean: shown(found.mean), deviation: shown(found.deviation), folds: found.count });
    });
    return said.filter(Boolean).join(" · ");
  }
}
