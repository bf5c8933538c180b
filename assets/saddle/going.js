// How far something is, and the buttons that end it or begin it.

import { element, setText } from "../live/dom.js";

export class Going {
  constructor(labels, { stop, begin }) {
    this.bar = element("progress", { max: 1, value: 0, label: labels.progress });
    this.doing = element("span", { className: "sp-doing", role: "status" });
    this.stop = element("button", { type: "button", className: "sp-cancel", text: labels.cancel, onclick: stop });
    this.begin = element("button", { type: "button", onclick: begin });
    this.node = element("div", { className: "sp-refining" }, this.bar, this.doing, this.stop, this.begin);
  }

  // `begin`: what the button says that begins it, "" without one.
  draw({ isGoing, share, text, begin }) {
    this.bar.hidden = this.stop.hidden = !isGoing;
    this.bar.value = share;
    setText(this.doing, text);
    setText(this.begin, begin);
    this.begin.hidden = !begin;
    this.node.hidden = !(isGoing || text || begin);
  }
}
