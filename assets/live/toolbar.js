// Start, pause, one update, again, more epochs, stop, pace; and how far the run is. A press is shown as pending until
// the run says at which update it was applied.

import { epochsOf } from "./axes.js";
import { choice, element, setAttribute, setText } from "./dom.js";
import { clock, epochs as epochText, fill, grouped } from "./text.js";

export const PACES = ["10s", "1min", "1/s", "max"];
export const ACTIVE = ["queued", "running", "paused"];
const ENDING = ["pause", "step", "stop", "set", "pace"];
const PENDING_MS = 15000;

export class Toolbar {
  // `act(kind, values)` sends a command and resolves to its answer; `trigger(name, value)` asks Python for a new run;
  // `keep("pace", key)` remembers the pace for the next one; `replay()` watches a run that is over again, where one can.
  constructor(labels, act, trigger, keep, replay = null) {
    this.labels = labels;
    this.act = act;
    this.trigger = trigger;
    this.blocked = "";
    this.may = "change";
    this.nextPace = PACES[0];
    this.pending = new Map();
    this.data = null;
    this.primary = worded("sp-primary", () => this.startOrPause());
    this.step = worded("sp-step", () => this.oneUpdate(), labels.one_update, "1");
    this.again = worded("sp-again", () => this.ask("again", {}), labels.again, labels.again_short);
    this.extend = worded("sp-extend", () => this.send("extend", { epochs: this.extendEpochs() }));
    this.stop = worded("sp-stop", () => this.send("stop"), labels.stop);
    this.replay = replay && worded("sp-replay", replay, labels.replay_it, labels.replay);
    // Until a run is known there is nothing to command.
    for (const button of [this.primary, this.step, this.again, this.extend, this.stop]) button.disabled = true;
    this.pace = choice(
      PACES.map((key) => ({ key, text: labels[`pace_${key}`] })),
      (key) => {
        keep("pace", key);
        if (ACTIVE.includes(this.state)) this.send("pace", { pace: key });
      },
      labels.pace,
    );
    setAttribute(this.step, "aria-keyshortcuts", ".");
    setAttribute(this.primary, "aria-keyshortcuts", "Space");
    this.buttons = element("div", { className: "sp-buttons", role: "toolbar", label: labels.controls }, this.primary, this.step, this.again, this.extend, this.stop, this.replay);
    this.paces = element("div", { className: "sp-pace" }, element("span", { text: labels.pace, "aria-hidden": "true" }), this.pace.group);
    this.bar = element("progress", { max: 1, value: 0, label: labels.progress });
    this.where = element("span", { className: "sp-where" });
    this.applied = element("span", { className: "sp-applied", "aria-live": "polite" });
    this.progress = element("div", { className: "sp-progress" }, this.bar, this.where, this.applied);
    this.alert = element("div", { className: "sp-alert", role: "alert", hidden: true });
    this.node = element("div", { className: "sp-toolbar" }, this.buttons, this.paces);
  }

  get state() {
    return this.data?.meta.state ?? "";
  }

  extendEpochs() {
    const { extend_epochs: chosen, epochs } = this.data?.meta ?? {};
    return chosen ?? Math.min(epochs ?? 10, 100);
  }

  startOrPause() {
    if (!this.data?.loaded || this.primary.hidden) return;
    if (this.state === "running" || this.state === "queued") this.send("pause");
    else if (this.state === "paused" || this.state === "interrupted") this.send("resume");
    else if (!this.blocked) this.ask("start", { one_update: false });
  }

  oneUpdate() {
    if (!this.data?.loaded || this.step.hidden) return;
    if (this.state === "untrained" && !this.blocked) this.ask("start", { one_update: true });
    else if (ACTIVE.includes(this.state)) this.send("step");
  }

  // A new run: pending until the page has it.
  ask(name, value) {
    if (this.pending.has(name)) return;
    this.pending.set(name, { until: performance.now() + PENDING_MS });
    this.trigger(name, { ...value, pace: this.nextPace });
    this.draw(this.data);
  }

  async send(kind, values = {}) {
    const run = this.data?.run;
    const { applied, num_steps: planned } = this.data?.meta ?? {};
    this.pending.set(kind, { before: mark(applied), planned, until: performance.now() + PENDING_MS, value: Object.values(values)[0] });
    this.draw(this.data);
    const answer = await this.act(kind, values);
    if (answer?.type === "received" || run !== this.data?.run) return;
    this.pending.delete(kind);
    this.complain(answer ? [answer.what, answer.why, answer.fix].join(" ") : this.labels.not_connected, answer !== null && ENDING.includes(kind));
    this.draw(this.data);
  }

  // Say what is refused; with `passing`, until the run has come to an end: what came too late for it troubles nobody.
  complain(text, passing = false) {
    this.passing = passing;
    setText(this.alert, text);
    this.alert.hidden = !text;
    clearTimeout(this.timer);
    if (text) this.timer = setTimeout(() => this.complain(""), 12000);
  }

  // Commands are pending until the run tells of another one of their kind, shows their effect, or has come to an end.
  settle(meta) {
    const ended = !ACTIVE.includes(meta.state);
    if (ended && this.passing) this.complain("");
    for (const [kind, sent] of this.pending) {
      const answered = meta.applied?.kind === kind && mark(meta.applied) !== sent.before;
      // A run that had ended goes on as a new attempt, which tells of no command.
      const seen = (kind === "extend" && meta.num_steps !== sent.planned) || (kind === "resume" && meta.state === "running");
      if (answered || seen || performance.now() > sent.until || (ended && ENDING.includes(kind))) this.pending.delete(kind);
    }
  }

  draw(data) {
    if (!data) return;
    if (this.data && this.data.run !== data.run) this.pending.clear();
    this.data = data;
    const { labels, state } = this;
    const { meta } = data;
    this.settle(meta);
    const going = state === "running" || state === "queued";
    const goOn = state === "paused" || state === "interrupted";
    const word = going ? labels.pause : goOn ? labels.resume : labels.start;
    setWords(this.primary, word);
    setAttribute(this.primary, "data-does", going ? "pause" : goOn ? "resume" : "start");
    const active = ACTIVE.includes(state);
    this.primary.disabled = Boolean(this.blocked) && !going && !goOn;
    this.step.disabled = !(active || (state === "untrained" && !this.blocked));
    this.again.disabled = !data.loaded || state === "untrained";
    // What belongs to somebody else can be watched, and started anew as one's own; a teacher holds and stops it too.
    const watches = this.may === "watch" && active;
    this.primary.hidden = watches || (goOn && !active && this.may !== "change");
    this.step.hidden = this.paces.hidden = watches;
    this.extend.hidden = this.may !== "change";
    this.stop.disabled = !active || watches;
    // What is over can be watched again in the place where what goes on can be stopped.
    const isOver = this.replay && !active && data.lastStep("update") > 0 && state !== "untrained";
    if (this.replay) this.replay.hidden = !isOver;
    this.stop.hidden = watches || Boolean(isOver);
    this.extend.disabled = !(active || state === "finished" || state === "stopped");
    const epochs = grouped(this.extendEpochs());
    setWords(this.extend, fill(labels.extend, { epochs }), `+${epochs}`);
    this.pace.choose(this.pending.get("pace")?.value ?? (active ? meta.pace : null) ?? this.nextPace);
    const waits = { [going ? "pause" : goOn ? "resume" : "start"]: this.primary, again: this.again, step: this.step, extend: this.extend, stop: this.stop };
    for (const [kind, button] of Object.entries(waits)) setAttribute(button, "aria-busy", String(this.pending.has(kind)));
    setAttribute(this.pace.group, "aria-busy", String(this.pending.has("pace")));
    this.drawProgress(data);
  }

  drawProgress(data) {
    const { labels, state } = this;
    const { meta } = data;
    const step = Math.max(meta.step ?? 0, data.lastStep("update"), data.lastStep("evaluation"), 0);
    const planned = meta.num_steps ?? 0;
    this.bar.value = planned ? Math.min(1, step / planned) : 0;
    const epoch = Math.min(meta.epochs ?? Infinity, epochsOf(meta)(step));
    const parts = planned
      ? [
          fill(labels.epoch_of, { epoch: epochText(epoch), epochs: grouped(meta.epochs ?? 0) }),
          fill(labels.update_of, { step: grouped(step), steps: grouped(planned) }),
        ]
      : [];
    if (Number.isFinite(meta.seconds_left) && (state === "running" || state === "queued")) parts.push(fill(labels.time_left, { time: clock(meta.seconds_left) }));
    if (state && state !== "running") parts.push(labels[`state_${state}`]);
    setText(this.where, parts.filter(Boolean).join(" · "));
    const applied = ACTIVE.includes(state) ? meta.applied : null;
    setText(this.applied, this.pending.size ? labels.pending : applied ? (applied.text ?? fill(labels.applied, { step: grouped(applied.step) })) : "");
  }
}

// Tells one applied command from another; their numbers begin anew with every attempt.
function mark(applied) {
  return applied ? `${applied.number} ${applied.step}` : "";
}

// A button with a name in full and a short one for a phone.
export function worded(className, onclick, text = "", brief = "") {
  const button = element("button", { type: "button", className, onclick }, element("span", { className: "sp-long" }), element("span", { className: "sp-short" }));
  setWords(button, text, brief);
  return button;
}

function setWords(button, text, brief = "") {
  const [long, abridged] = button.children;
  setText(long, text);
  setText(abridged, brief);
  setAttribute(button, "aria-label", text);
}
