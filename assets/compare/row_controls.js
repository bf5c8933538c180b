// Hold, one update, more epochs: for the runs of one row alone, while the others go on.

import { element, setAttribute, setText } from "../live/dom.js";
import { fill, grouped } from "../live/text.js";

const OVER = ["finished", "stopped", "interrupted"];
const BUSY_MS = 4000;

export class RowControls {
  // `act(kind, values)`: a command to all runs of the row.
  constructor(labels, act) {
    this.labels = labels;
    this.act = act;
    this.hold = button("sp-hold", () => this.send(this.isHeld ? "resume" : "pause"));
    this.step = button("sp-row-step", () => this.send("step"), "+1", labels.row_step);
    this.extend = button("sp-row-extend", () => this.send("extend", { epochs: this.epochs }));
    this.nodes = [this.hold, this.step, this.extend];
    this.asked = "";
  }

  async send(kind, values = {}) {
    this.asked = this.told;
    this.until = performance.now() + BUSY_MS;
    this.busy(true);
    await this.act(kind, values);
  }

  // What the runs say of themselves; as long as it is the same, what was asked has not happened yet.
  get told() {
    return JSON.stringify(this.group.runs.map(({ meta }) => [meta.state, meta.applied?.number, meta.num_steps]));
  }

  // `epochs`: what was chosen, as long as no run says its own.
  draw(group, { epochs: chosen }) {
    const { labels } = this;
    this.group = group;
    const { meta } = group.first ?? { meta: {} };
    const { state } = group;
    this.isHeld = state === "paused" || state === "interrupted" || state === "stopped";
    this.epochs = meta.extend_epochs ?? Math.min(meta.epochs ?? chosen, 100);
    const epochs = grouped(this.epochs);
    setText(this.hold, this.isHeld ? labels.row_resume : labels.row_pause);
    name(this.hold, this.isHeld ? labels.row_resume_help : labels.row_pause_help);
    this.hold.disabled = !(group.active || this.isHeld);
    this.step.disabled = !group.active;
    setText(this.extend, fill(labels.row_extend, { epochs }));
    name(this.extend, fill(labels.row_extend_help, { epochs }));
    this.extend.disabled = !(group.active || OVER.includes(state));
    if (this.asked && (this.asked !== this.told || performance.now() > this.until)) {
      this.asked = "";
      this.busy(false);
    }
  }

  busy(is) {
    for (const node of this.nodes) setAttribute(node, "aria-busy", String(is));
  }
}

function button(className, onclick, text = "", help = "") {
  const made = element("button", { type: "button", className, text, onclick });
  if (help) name(made, help);
  return made;
}

function name(node, help) {
  setAttribute(node, "title", help);
  setAttribute(node, "aria-label", help);
}
