// The trials of a search: what is known of each now, which are followed, and the table of them.

import { BriefData } from "../classroom/tile.js";
import { element } from "../live/dom.js";
import { percent, short } from "../live/text.js";

const MOST_FOLLOWED = 60; // A page may follow a few more channels.

// Every trial of the search with its present error, from the data of its runs where it has no end yet, and whether all of
// these still wait for a place to train.
export function present(meta, runs) {
  return (meta.trials ?? []).map((trial) => {
    const newest = trial.runs.map((run) => runs.get(run)?.newest("evaluation", "validation/error") ?? NaN);
    const now = newest.length ? newest.reduce((sum, value) => sum + value, 0) / newest.length : NaN;
    const isOver = trial.state !== "running";
    const isWaiting = !isOver && newest.length > 0 && trial.runs.every((run) => runs.get(run)?.meta.state === "queued");
    return { ...trial, isOver, isWaiting, now: trial.error ?? now };
  });
}

// Whether a search was broken off: trials without an end do not train, and may go on.
export function isBrokenOff(meta) {
  return ["stopped", "interrupted"].includes(meta.state);
}

// The runs that are followed: those that train, then the newest of the others.
export function followed(meta) {
  const trials = [...(meta.trials ?? [])].sort((a, b) => (a.state === "running" ? 0 : 1) - (b.state === "running" ? 0 : 1) || b.number - a.number);
  return trials.flatMap(({ runs }) => runs).slice(0, MOST_FOLLOWED);
}

// Bring the followed runs up to date: `onNews` is called when one of them tells something.
export function follow(connection, runs, wanted, onNews) {
  for (const run of [...runs.keys()].filter((name) => !wanted.includes(name))) {
    runs.delete(run);
    connection.unwatch(run);
  }
  for (const run of wanted.filter((name) => !runs.has(name))) {
    const data = new BriefData(run);
    runs.set(run, data);
    connection.watch(data, onNews);
  }
}

// The best first; trials without an error at the end.
export function ordered(trials) {
  const at = ({ now }) => (Number.isFinite(now) ? now : Infinity);
  return [...trials].sort((a, b) => at(a) - at(b) || a.number - b.number);
}

// An error for a reader: a share of wrong answers, or a plain number.
export function errorText(error, meta) {
  return meta.task === "regression" ? short(error) : percent(error);
}

export class Table {
  constructor(labels, onOpen) {
    Object.assign(this, { labels, onOpen });
    this.body = element("tbody");
    const names = ["trial", "error", "settings", "state", "open"].map((name) => element("th", { text: name === "open" ? "" : labels[`column_${name}`], scope: "col" }));
    this.node = element("div", { className: "sp-trials", tabindex: 0, role: "region", label: labels.trials }, element("table", {}, element("thead", {}, element("tr", {}, ...names)), this.body));
  }

  draw(trials, meta) {
    this.node.hidden = trials.length === 0;
    this.body.replaceChildren(...ordered(trials).map((trial) => this.row(trial, meta)));
  }

  row(trial, meta) {
    const { labels } = this;
    const spread = trial.standard_error === null ? "" : ` ± ${errorText(trial.standard_error, meta)}`;
    const marks = [trial.number === meta.best && labels.mark_best, trial.number === meta.within && labels.mark_within].filter(Boolean);
    const open = trial.runs.length ? element("button", { type: "button", text: labels.open, label: `${labels.open} ${trial.number}`, onclick: () => this.onOpen(trial.runs[0]) }) : null;
    const going = trial.isWaiting ? "state_queued" : `trial_${trial.state}`;
    const how = trial.state === "running" && isBrokenOff(meta) ? `state_${meta.state}` : going;
    const state = [labels[how], trial.why, ...marks].filter(Boolean).join(" · ");
    const cells = [trial.number, Number.isFinite(trial.now) ? errorText(trial.now, meta) + spread : "–", trial.words, state].map((text) => element("td", { text }));
    return element("tr", { className: marks.length ? "sp-chosen" : "" }, ...cells, element("td", {}, open));
  }
}
