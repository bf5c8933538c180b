// A run that is over, watched once more: one moment for all pictures, moved by playing, single updates and the slider.
// Rows are here already; what it was like at a moment the server is asked, one question at a time.

import { AsOf } from "./as_of.js";
import { epochsOf } from "./axes.js";
import { playingTime } from "./clock.js";
import { choice, element } from "./dom.js";
import { Player } from "./player.js";
import { epochs as epochText, fill, grouped } from "./text.js";
import { PACES, worded } from "./toolbar.js";
import { decoded } from "./wire.js";

const ACTIVE = ["queued", "running", "paused"];
const REST_MS = 400;
const PATIENCE_MS = 3000;

export class Replay {
  // `seek(run, step, hear)`: asks the server; `moved()`: everything is to be drawn; `rests(at)`: a moment has been stayed at,
  // null: left; `complain(text)`: of what is refused; `keep("pace", key)`: remembers a pace.
  constructor(labels, { seek, moved, rests, complain, keep }) {
    Object.assign(this, { labels, seek, moved, rests, complain });
    this.data = this.moment = null;
    this.player = new Player(labels, () => this.onMove(), { duration: (steps) => playingTime(this.key, steps), words: (step, steps) => this.where(step, steps) });
    this.pace = choice(
      PACES.map((key) => ({ key, text: labels[`pace_${key}`] })),
      (key) => {
        keep("pace", key);
        this.atPace(key);
        this.player.keepPace();
      },
      labels.pace,
    );
    this.player.buttons.append(worded("sp-leave-replay", () => this.leave(), labels.leave_replay, "✕"));
    const paces = element("div", { className: "sp-pace" }, element("span", { text: labels.pace, "aria-hidden": "true" }), this.pace.group);
    this.node = element("div", { className: "sp-replayer" }, this.player.node, paces);
  }

  get isOn() {
    return this.data !== null;
  }

  atPace(key) {
    this.key = key;
    this.pace.choose(key);
  }

  // Watch a run from its beginning, or stay where it was after update `at`.
  open(data, at, pace) {
    const last = lastOf(data);
    if (last < 1) return;
    this.data = data;
    this.moment = this.asked = null;
    this.isRefused = false;
    this.atPace(pace);
    this.player.load(last, at ?? 0);
    if (at === null) this.player.startOrPause();
    else this.onMove();
  }

  leave() {
    if (!this.isOn) return;
    this.end();
    this.rests(null);
    this.moved();
  }

  // The page was left.
  end() {
    this.player.clock.stop();
    clearTimeout(this.timer);
    this.data = null;
  }

  // The run as it is to be drawn. Another run, or one that goes on, is not watched again any more.
  shown(data) {
    if (this.isOn && (data !== this.data || ACTIVE.includes(data.meta.state))) this.leave();
    if (!this.isOn || this.player.step >= this.player.steps) return data;
    return new AsOf(data, this.player.step, this.moment);
  }

  onMove() {
    if (!this.isOn) return;
    this.ask();
    this.moved();
    clearTimeout(this.timer);
    if (!this.player.playing) this.timer = setTimeout(() => this.rests(this.player.step), REST_MS);
  }

  // Ask for the moment that is shown, unless the answer to a question is still to come; the end is here already.
  ask() {
    const { step, steps } = this.player;
    const waits = this.asked && !this.asked.heard && performance.now() < this.asked.until;
    if (!this.isOn || this.isRefused || waits || step >= steps || this.asked?.step === step) return;
    const asked = { step, heard: false, until: performance.now() + PATIENCE_MS };
    this.asked = asked;
    this.seek(this.data.run, step, (message) => asked === this.asked && this.hear(message));
  }

  // After a lost connection no answer will come.
  askAgain() {
    this.asked = null;
    this.ask();
  }

  hear(message) {
    this.asked.heard = true;
    this.isRefused = message.type === "refused";
    if (this.isRefused) this.complain([message.what, message.why, message.fix].join(" "));
    this.moment = this.isRefused ? null : momentOf(message);
    this.ask();
    this.moved();
  }

  where(step, steps) {
    const { labels, data } = this;
    const { meta } = data;
    return [
      fill(labels.epoch_of, { epoch: epochText(epochsOf(meta)(step)), epochs: grouped(meta.epochs ?? 0) }),
      fill(labels.update_of, { step: grouped(step), steps: grouped(steps) }),
      labels.replay,
    ].join(" · ");
  }
}

// The updates that a run has done; of one that has diverged the last row is of the update that was taken back.
function lastOf(data) {
  return Math.max(data.lastStep("update"), data.lastStep("evaluation"), 0);
}

function momentOf({ step, status, pictures, rows }) {
  const row = ({ step: at, names, values }) => ({ step: at, ...Object.fromEntries(names.map((name, place) => [name, values[place]])) });
  return { step, status, pictures: decoded(pictures), rows: Object.fromEntries(Object.entries(decoded(rows)).map(([group, packed]) => [group, row(packed)])) };
}
