// What the live parts of all pages have in common: the connection by which they are fed, and that it is told when it is
// lost. A subclass follows the runs.

import { Frame } from "./frame.js";
import { recordLatency } from "./latency.js";
import { Connection } from "./socket.js";

export class BaseView extends Frame {
  constructor(parent, data, look, kept) {
    super(parent, data, look, kept);
    this.runs = new Map();
    this.connection = new Connection({
      url: new URL(data.socket, window.location.href.replace(/^http/, "ws")).href,
      token: data.token,
      lang: data.lang,
      measure: this.settings.measure,
      onStatus: (status) => this.status(status),
    });
    const { toolbar } = this.parts;
    // Commands that were never acknowledged stop looking pending even when nothing arrives.
    this.timer = setInterval(() => toolbar.pending.size && toolbar.draw(this.control()), 2000);
  }

  destroy() {
    this.connection.close();
    clearInterval(this.timer);
    super.destroy();
  }

  update(data) {
    super.update(data);
    this.parts.toolbar.blocked = data.blocked;
  }

  status(status) {
    this.complain({ lost: this.labels.lost, expired: this.labels.expired, connected: "" }[status]);
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
