// A view that is fed by a socket: it says when the connection is lost. A subclass watches the channels.

import { Frame } from "./frame.js";
import { Connection } from "./socket.js";

export class Connected extends Frame {
  constructor(parent, data, look, kept) {
    super(parent, data, look, kept);
    this.connection = new Connection({
      url: new URL(data.socket, window.location.href.replace(/^http/, "ws")).href,
      token: data.token,
      lang: data.lang,
      measure: this.settings.measure,
      onStatus: (status) => this.status(status),
    });
  }

  destroy() {
    this.connection.close();
    super.destroy();
  }

  status(status) {
    this.complain({ lost: this.labels.lost, expired: this.labels.expired, connected: "" }[status]);
  }
}
