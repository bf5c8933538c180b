// After how many updates each optimizer has left the saddle, as bars.

import { element, setText } from "../live/dom.js";
import { grouped } from "../live/text.js";

export class Leaving {
  constructor(labels) {
    this.labels = labels;
    this.title = element("p", { className: "sp-hint" });
    this.list = element("dl", { className: "sp-bars" });
    this.node = element("div", { className: "sp-leaving" }, this.title, this.list);
  }

  draw({ leaving }, palette) {
    if (!leaving) return;
    setText(this.title, leaving.title);
    const most = Math.max(1, ...leaving.rows.map(({ updates }) => updates ?? 0));
    this.list.replaceChildren(
      ...leaving.rows.map(({ slot, name, updates }) => {
        const bar = element("span", { className: "sp-bar", "aria-hidden": "true" });
        bar.style.setProperty("--sp-run", palette.run(slot));
        bar.style.setProperty("--sp-share", String((updates ?? 0) / most));
        const text = updates === null ? this.labels.never : grouped(updates);
        return element("div", {}, element("dt", { text: name }), element("dd", {}, updates === null ? null : bar, element("span", { text })));
      }),
    );
  }
}
