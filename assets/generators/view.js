// A generator that is being trained, or was: its losses, what it draws after each of the kept updates, what is to be said.

import { Lines } from "../gradients/lines.js";
import { Connected } from "../live/connected.js";
import { element, setText } from "../live/dom.js";
import { RunData } from "../live/run_data.js";
import { clock, fill, grouped } from "../live/text.js";
import { Samples } from "./samples.js";

const KEPT = { className: "sp-live sp-generators", remembered: "saddlepoint.generators.view", defaults: {} };
const GOING = ["queued", "running", "paused"];
const NETWORKS = ["generator", "discriminator"];

export class GeneratorView extends Connected {
  constructor(parent, data, look) {
    super(parent, data, look, KEPT);
  }

  build() {
    const { labels, settings } = this;
    const banner = element("div", { className: "sp-banner", role: "status", hidden: true });
    const button = (text, onclick) => element("button", { type: "button", text, onclick });
    const buttons = {
      begin: button(labels.begin, () => this.press("begin", {})),
      pause: button(labels.pause, () => this.tell("pause")),
      resume: button(labels.resume, () => this.tell("resume")),
      stop: button(labels.stop, () => this.tell("stop")),
    };
    const bar = element("progress", { max: 1, value: 0, label: labels.progress });
    const doing = element("span", { className: "sp-doing", role: "status" });
    const going = element("div", { className: "sp-panel sp-going" }, ...Object.values(buttons), bar, doing);
    const names = NETWORKS.map((name) => element("span", { text: labels[name] }));
    const key = element("p", { className: "sp-key" }, ...names);
    const plot = element("div", { className: "sp-plot" });
    const losses = element("section", { className: "sp-panel sp-losses", label: labels.losses }, element("h3", { text: labels.losses }), key, plot, element("p", { className: "sp-hint", text: labels.losses_key }));
    const variety = element("p", { className: "sp-sentence", "aria-live": "polite" });
    const copies = element("p", { className: "sp-sentence" });
    const words = element("section", { className: "sp-panel sp-words", label: labels.words }, element("h3", { text: labels.words }), variety, copies);
    const samples = new Samples(labels);
    const made = element("section", { className: "sp-panel", label: labels.samples }, element("h3", { text: labels.samples }), samples.node, element("p", { className: "sp-hint", text: labels.samples_key }));
    const grid = element("div", { className: "sp-grid" }, element("div", { className: "sp-column" }, losses, words), made);
    const hints = settings.present ? element("div", { className: "sp-hints" }, element("button", { type: "button", onclick: () => this.press("leave", {}) }, element("kbd", { text: "Esc" }), element("span", { text: labels.hint_leave }))) : null;
    return { nodes: [banner, going, grid, hints].filter(Boolean), banner, buttons, bar, doing, names, plot, grid, variety, copies, samples };
  }

  chartsFor(refresh) {
    return { losses: new Lines(this.parts.plot, null, refresh) };
  }

  // New data from Python: another recipe, it was begun anew, or only another theme.
  update(data) {
    super.update(data);
    if (data.channel !== this.followed?.run || data.count !== this.count) {
      if (this.followed) this.connection.unwatch(this.followed.run);
      this.followed = new RunData(data.channel);
      this.parts.samples.chosen = null;
      this.connection.watch(this.followed, () => this.schedule(false));
    }
    this.count = data.count;
    this.schedule(true);
  }

  async tell(kind) {
    const answer = await this.connection.command(this.followed.run, kind);
    if (answer?.type !== "received") this.complain(answer ? [answer.what, answer.why, answer.fix].join(" ") : this.labels.not_connected);
  }

  paint({ palette }) {
    const { parts, labels, charts, followed } = this;
    const { meta, unknown } = followed;
    const state = unknown ? "forgotten" : (meta.state ?? "queued");
    const isGoing = GOING.includes(state);
    const isHere = state === "finished" && !meta.origin;
    const shown = { begin: followed.loaded && !isGoing && !isHere, pause: isGoing && state !== "paused", resume: state === "paused", stop: isGoing };
    for (const [name, node] of Object.entries(parts.buttons)) node.hidden = !shown[name];
    setText(parts.buttons.begin, state === "finished" ? labels.here : labels.begin);
    parts.bar.hidden = !isGoing;
    parts.bar.value = meta.progress ?? 0;
    setText(parts.doing, this.doing(state, meta));
    parts.names.forEach((node, slot) => (node.style.color = palette.run(slot)));
    const grids = Object.values(followed.pictures).sort((a, b) => a.step - b.step);
    parts.grid.hidden = !grids.length;
    if (!grids.length) return undefined;
    const grid = parts.samples.draw(grids, () => this.schedule(false));
    setText(parts.variety, together(grid.variety));
    parts.variety.classList.toggle("sp-alarm", grid.alarm);
    setText(parts.copies, together(grid.copies));
    parts.copies.classList.toggle("sp-alarm", grid.are_copies);
    return this.drawChanged({ losses: [parts.plot, [followed.run, followed.lineage, followed.rows, grid.step], () => charts.losses.drawPanel(this.panel(grid.step))] });
  }

  doing(state, { step, num_steps: count, seconds_left: left, price, reason, origin }) {
    const { labels } = this;
    const numbers = { step: grouped(step ?? 0), count: grouped(count ?? 0), left: clock(left ?? 0), price: price ?? "" };
    const words = fill(labels[`doing_${state}`] ?? "", numbers);
    return [words, reason, origin].filter(Boolean).join(" ");
  }

  // The losses of all updates, with a line at the one whose samples are shown.
  panel(marked) {
    const { labels, followed } = this;
    const lines = NETWORKS.map((name, slot) => {
      const { steps, values } = followed.column("update", `${name}/loss`);
      // Copies: what only grows passes for unchanged.
      return { name: labels[name], slot, dash: false, x: [...steps], y: [...values] };
    });
    return { title: labels.losses, summary: labels.losses_summary, x: { title: labels.axis_update, low: 0, high: followed.meta.num_steps }, y: { title: labels.axis_loss, scale: "linear" }, lines, marked };
  }
}

// A number and its sign stay on one line.
function together(text) {
  return text.replaceAll(" %", "\u00a0%");
}
