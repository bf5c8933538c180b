// What is said of each network, and panels of lines along layers, time steps or updates. All of it comes ready from
// Python; a slider only moves the lines of charts that stay.

import { element } from "../live/dom.js";
import { Frame } from "../live/frame.js";
import { Lines } from "./lines.js";
import { said } from "./said.js";

const KEPT = { className: "sp-live sp-layers", remembered: "saddlepoint.gradients.view", defaults: {} };

export class GradientsView extends Frame {
  constructor(parent, data, look) {
    super(parent, data, look, KEPT);
  }

  build() {
    const banner = element("div", { className: "sp-banner", role: "status", hidden: true });
    const words = element("div", { className: "sp-panel sp-said", "aria-live": "polite" });
    const panels = this.settings.panels.map((name) => {
      const title = element("h3");
      const plot = element("div", { className: "sp-plot" });
      const note = element("p", { className: "sp-hint" });
      return { name, title, plot, note, node: element("section", { className: `sp-panel sp-layer-panel sp-${name}` }, title, plot, note) };
    });
    const grid = element("div", { className: "sp-grid" }, ...panels.map(({ node }) => node));
    const leave = () => this.press("leave", {});
    const hints = this.settings.present ? element("div", { className: "sp-hints" }, element("button", { type: "button", onclick: leave }, element("kbd", { text: "Esc" }), element("span", { text: this.labels.hint_leave }))) : null;
    return { nodes: [banner, words, grid, hints].filter(Boolean), banner, words, panels };
  }

  chartsFor(refresh) {
    return Object.fromEntries(this.parts.panels.map(({ name, plot }) => [name, new Lines(plot, null, refresh)]));
  }

  // New data from Python: another choice, or only another theme.
  update(data) {
    super.update(data);
    this.data = data;
    this.schedule(true);
  }

  paint({ palette }) {
    const { parts, data, charts } = this;
    said(parts.words, data.said, palette, this.labels);
    const jobs = {};
    for (const { name, title, plot, note, node } of parts.panels) {
      const panel = data.panels.find((each) => each.name === name);
      title.textContent = panel.title;
      title.title = panel.help;
      note.textContent = panel.note;
      note.hidden = !panel.note;
      plot.hidden = !panel.lines.length;
      node.setAttribute("aria-label", panel.title);
      jobs[name] = [plot, panel, () => charts[name].drawPanel(panel)];
    }
    return this.drawChanged(jobs);
  }
}
