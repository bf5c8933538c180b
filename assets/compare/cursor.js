// One moment for the whole page: a line at the same update in every chart, moved by pointing, by the slider, or by playing.

import { Clock, playingTime } from "../live/clock.js";
import { element, setAttribute, setText } from "../live/dom.js";
import { fill, grouped } from "../live/text.js";

const TIMES = ["update", "epoch", "gradients", "seconds"];

export class Cursor {
  constructor(labels, onMove) {
    this.labels = labels;
    this.onMove = onMove;
    this.step = null;
    this.lines = new Map();
    this.slider = element("input", { type: "range", min: 0, max: 1, step: 1, value: 0, label: labels.cursor, oninput: () => this.jump(Number(this.slider.value)) });
    this.says = element("span", { className: "sp-cursor-step" });
    this.play = element("button", { type: "button", className: "sp-play", onclick: () => this.playOrPause() });
    this.node = element("div", { className: "sp-time" }, element("span", { text: labels.cursor, "aria-hidden": "true" }), this.play, this.slider, this.says);
    this.pace = "10s";
    this.clock = new Clock((steps) => playingTime(this.pace, steps), (step) => this.move(step));
  }

  playOrPause() {
    if (this.clock.playing) return this.jump(this.step);
    const from = this.step !== null && this.step < this.last ? this.step : 0;
    this.clock.start(from, this.last);
    return this.move(from);
  }

  jump(step) {
    this.clock.stop();
    this.move(step);
    this.place();
  }

  // The pace that is chosen.
  at(pace) {
    if (pace === this.pace) return;
    this.pace = pace;
    this.clock.keepPace();
  }

  // Show the moment in a chart while its horizontal axis is one of time; `at(mode)`: from update to position there, or null.
  attach(name, stage, chart, at) {
    const line = element("div", { className: "sp-cursor", "aria-hidden": "true", hidden: true });
    stage.append(line);
    this.lines.set(name, { stage, chart, at, line });
    stage.addEventListener("pointermove", (event) => event.buttons === 0 && this.point(name, event));
  }

  detach(name) {
    this.lines.get(name)?.line.remove();
    this.lines.delete(name);
  }

  point(name, event) {
    const { chart, stage } = this.lines.get(name);
    const axis = chart.node._fullLayout?.xaxis;
    const place = placeIn(this.lines.get(name));
    if (!axis || !place || this.clock.playing) return;
    const inside = event.clientX - chart.node.getBoundingClientRect().left - axis._offset;
    if (inside < 0 || inside > axis._length || !stage.isConnected) return;
    this.move(inverse(place, axis.p2l(inside), this.last));
  }

  move(step) {
    if (step === this.step) return;
    this.step = step;
    this.place();
    this.onMove();
  }

  // Bring slider and lines to where they belong, after a move or after the charts were drawn; `last`: the newest update.
  place(last = this.last) {
    this.last = last;
    if (Number(this.slider.max) !== last) this.slider.max = String(Math.max(1, last ?? 1));
    const { playing } = this.clock;
    const at = this.step === null ? "" : fill(this.labels.cursor_step, { step: grouped(this.step) });
    setText(this.says, playing ? `${at} · ${this.labels.replay}` : at);
    setAttribute(this.play, "aria-label", playing ? this.labels.pause : this.labels.play);
    setAttribute(this.play, "data-does", playing ? "pause" : "start");
    this.play.disabled = !(last >= 1);
    this.slider.value = String(this.step ?? last ?? 0); // The newest update, as long as no moment was chosen.
    this.lines.forEach((panel) => this.placeLine(panel));
  }

  placeLine(panel) {
    const { chart, line } = panel;
    const { node } = chart;
    if (!panel.follows && node.on) {
      panel.follows = true;
      node.on("plotly_afterplot", () => this.placeLine(panel)); // Drawn anew, zoomed or of another size.
    }
    const axis = node._fullLayout?.xaxis;
    const place = this.step === null ? null : placeIn(panel);
    const left = axis && place ? axis.l2p(place(this.step)) : NaN;
    line.hidden = !(left >= 0 && left <= axis._length);
    if (line.hidden) return;
    const { _offset: top, _length: height } = node._fullLayout.yaxis;
    Object.assign(line.style, { left: `${node.offsetLeft + axis._offset + left}px`, top: `${node.offsetTop + top}px`, height: `${height}px` });
  }
}

function placeIn({ chart, at }) {
  const mode = chart.modes?.xaxis;
  return TIMES.includes(mode) ? at(mode) : null;
}

// The update at a position, for a function that rises with the update.
function inverse(place, x, last) {
  let low = 0;
  let high = Math.max(1, last ?? 1);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (place(middle) <= x) low = middle;
    else high = middle;
  }
  return x - place(low) <= place(high) - x ? low : high;
}
