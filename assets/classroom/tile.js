// One run on the wall: whose it is, how it is, its two curves, and the newest validation error.

import { element, setAttribute, setText } from "../live/dom.js";
import { RunData } from "../live/run_data.js";
import { fill, percent, short } from "../live/text.js";

const SVG = "http://www.w3.org/2000/svg";
// The curves are drawn into so wide and high a picture, and stretched to the tile.
const [WIDTH, HEIGHT] = [100, 40];

// Of a run only errors and state are asked for: a page of sixty of them costs the server little.
export class BriefData extends RunData {
  position() {
    return { ...super.position(), brief: true };
  }
}

export class Tile {
  constructor(run, labels, onOpen) {
    Object.assign(this, { run, labels, data: new BriefData(run), drawn: "" });
    this.name = element("span", { className: "sp-whose" });
    this.state = element("span", { className: "sp-state" });
    this.error = element("span", { className: "sp-error" });
    this.curves = { validation: path("sp-validation-line"), train: path("sp-train-line") };
    this.picture = document.createElementNS(SVG, "svg");
    for (const [name, value] of [["viewBox", `0 0 ${WIDTH} ${HEIGHT}`], ["preserveAspectRatio", "none"], ["aria-hidden", "true"]]) {
      this.picture.setAttribute(name, value);
    }
    this.picture.append(this.curves.train, this.curves.validation);
    this.node = element(
      "button",
      { type: "button", className: "sp-tile", "data-run": run, onclick: () => onOpen(run) },
      this.name,
      this.picture,
      element("span", { className: "sp-row" }, this.state, this.error),
    );
  }

  // `known`: what the page said of it; the curves come over the socket.
  draw(known, palette) {
    const { data, labels } = this;
    const { meta } = data;
    const stamp = JSON.stringify([known, data.rows, data.lineage, data.version, palette.dark, data.unknown]);
    if (stamp === this.drawn) return;
    this.drawn = stamp;
    const errors = { validation: data.column("evaluation", "validation/error"), train: data.column("evaluation", "train/error") };
    const last = data.newest("evaluation", "validation/error");
    const shown = Number.isNaN(last) ? "" : meta.task === "regression" ? short(last) : percent(last);
    const done = Math.min(100, Math.floor((100 * Math.max(meta.step ?? 0, data.lastStep("evaluation"))) / (meta.num_steps || Infinity)));
    const state = labels[`state_${meta.state}`] ?? "";
    const goes = ["running", "paused"].includes(meta.state);
    setText(this.name, known.name);
    setText(this.state, data.unknown ? labels.gone : goes ? `${state} · ${done}\u00a0%` : state);
    setText(this.error, shown);
    const whose = known.mine ? fill(labels.mine, { name: known.name }) : known.name;
    setAttribute(this.node, "title", whose);
    setAttribute(this.node, "aria-label", fill(labels.tile, { name: whose, state, error: shown || "–" }));
    this.node.classList.toggle("sp-mine", known.mine);
    this.node.style.setProperty("--sp-run", palette.run(meta.slot ?? known.slot));
    const lines = outlines(errors, meta.num_steps);
    Object.entries(lines).forEach(([name, line]) => this.curves[name].setAttribute("d", line));
  }
}

// The paths of curves {steps, values} from 0 to the highest of them, over the planned updates; a gap where a value is not finite.
export function outlines(curves, planned) {
  const all = Object.values(curves);
  const top = Math.max(0, ...all.flatMap(({ values }) => values.filter(Number.isFinite))) || 1;
  const last = Math.max(1, planned ?? 0, ...all.map(({ steps }) => steps[steps.length - 1] ?? 0));
  return Object.fromEntries(Object.entries(curves).map(([name, curve]) => [name, outline(curve, last, top)]));
}

function outline({ steps, values }, last, top) {
  let line = "";
  let isDown = false;
  steps.forEach((step, row) => {
    const isFinite = Number.isFinite(values[row]);
    if (isFinite) line += `${isDown ? "L" : "M"}${((WIDTH * step) / last).toFixed(2)} ${(HEIGHT * (1 - values[row] / top)).toFixed(2)}`;
    isDown = isFinite;
  });
  return line;
}

function path(className) {
  const node = document.createElementNS(SVG, "path");
  node.setAttribute("class", className);
  node.setAttribute("vector-effect", "non-scaling-stroke");
  return node;
}
