// The moment that all pictures show: play, pause, one update, back to the start, and a slider.

import { Clock } from "./clock.js";
import { element, setAttribute, setText } from "./dom.js";
import { fill, grouped } from "./text.js";

const PLAYING_MS = 6000;

export class Player {
  // `onMove()`: another moment is shown; `duration(steps)`: the milliseconds that all of them take; `words(step, steps)`:
  // where it stands.
  constructor(labels, onMove, { duration = () => PLAYING_MS, words = null } = {}) {
    this.labels = labels;
    this.onMove = onMove;
    this.wordsOf = words ?? ((step, steps) => fill(labels.step_of, { step: grouped(step), steps: grouped(steps) }));
    this.step = this.steps = 0;
    const button = (className, text, onclick, keys) => element("button", { type: "button", className, label: text, title: text, onclick, "aria-keyshortcuts": keys });
    this.words = element("span", { className: "sp-long" });
    this.back = button("sp-back", labels.to_start, () => this.jump(0));
    this.primary = button("sp-primary", labels.play, () => this.startOrPause(), "Space");
    this.primary.append(this.words);
    this.one = button("sp-step", labels.one_update, () => this.oneUpdate(), ".");
    this.one.textContent = "1";
    this.slider = element("input", { type: "range", min: 0, max: 1, step: 1, label: labels.moment, oninput: () => this.jump(Number(this.slider.value)) });
    this.slider.addEventListener("pointerup", () => this.slider.blur()); // The space bar plays again.
    this.where = element("span", { className: "sp-where" });
    this.buttons = element("div", { className: "sp-buttons", role: "toolbar", label: labels.controls }, this.back, this.primary, this.one);
    this.node = element(
      "div",
      { className: "sp-player" },
      this.buttons,
      element("label", { className: "sp-time" }, this.slider, this.where),
    );
    this.clock = new Clock(duration, (step) => this.move(step));
  }

  // Something else to be shown: complete at once, unless another moment is asked for.
  load(steps, step = steps) {
    this.clock.stop();
    this.steps = steps;
    this.step = Math.min(step, steps);
    this.slider.max = String(steps);
    this.draw();
  }

  get playing() {
    return this.clock.playing;
  }

  startOrPause() {
    if (this.playing) return this.jump(this.step);
    const from = this.step < this.steps ? this.step : 0;
    this.clock.start(from, this.steps);
    return this.move(from);
  }

  // Another pace was chosen.
  keepPace() {
    this.clock.keepPace();
  }

  // From the end it begins anew.
  oneUpdate() {
    this.jump(this.step < this.steps ? this.step + 1 : 1);
  }

  jump(step) {
    this.clock.stop();
    this.move(step);
  }

  move(step) {
    this.step = step;
    this.draw();
    this.onMove();
  }

  draw() {
    const { labels, step, steps, playing } = this;
    const word = playing ? labels.pause : labels.play;
    setText(this.words, word);
    setAttribute(this.primary, "aria-label", word);
    setAttribute(this.primary, "title", word);
    setAttribute(this.primary, "data-does", playing ? "pause" : "start");
    this.back.disabled = step === 0;
    if (Number(this.slider.value) !== step) this.slider.value = String(step);
    setAttribute(this.slider, "aria-valuetext", fill(labels.step_of, { step, steps }));
    setText(this.where, this.wordsOf(step, steps));
  }
}
