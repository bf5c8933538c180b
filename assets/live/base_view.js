// What Train and Compare have in common: runs that are followed and told what to do. A subclass follows them.

import { Connected } from "./connected.js";
import { recordLatency } from "./latency.js";

export class BaseView extends Connected {
  constructor(parent, data, look, kept) {
    super(parent, data, look, kept);
    this.runs = new Map();
    const { toolbar } = this.parts;
    // Commands that were never acknowledged stop looking pending even when nothing arrives.
    this.timer = setInterval(() => toolbar.pending.size && toolbar.draw(this.control()), 2000);
  }

  destroy() {
    clearInterval(this.timer);
    super.destroy();
  }

  update(data) {
    super.update(data);
    this.parts.toolbar.blocked = data.blocked;
    this.parts.toolbar.may = data.may;
  }

  // Draw, and record when what has arrived stood on the screen.
  draw() {
    const { stamps, drawings } = super.draw() ?? { stamps: [] };
    if (this.settings.measure && stamps.length) recordLatency(stamps, drawings);
  }

  context() {
    return { ...super.context(), height: this.parts.plots.main.offsetHeight };
  }
}
