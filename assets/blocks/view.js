// One unit at work: the input with the patch under the kernel, patch × kernel + bias → activation, and the feature map.
// All of it is computed here, from data that come once: a key shows new arithmetic in the next frame.

import { choice, element, setText } from "../live/dom.js";
import { Frame } from "../live/frame.js";
import { fill, short, signed } from "../live/text.js";
import { decoded } from "../live/wire.js";
import { featureMap, learned, outputSide, patch, unit, unseen } from "./arithmetic.js";
import { Pixels } from "./pixels.js";
import { Table } from "./table.js";

const TYPED = {
  vertical: [-1, 0, 1, -2, 0, 2, -1, 0, 1],
  horizontal: [-1, -2, -1, 0, 0, 0, 1, 2, 1],
  blur: [1, 1, 1, 1, 1, 1, 1, 1, 1].map((weight) => Math.round(weight * 111) / 1000),
  sharpen: [0, -1, 0, -1, 5, -1, 0, -1, 0],
};
const MOST = { size: 9, stride: 4, padding: 4 };
const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const FIRST = { source: "typed", size: 3, weights: TYPED.vertical, bias: 0 };
const KEPT = { className: "sp-live sp-unit", remembered: "saddlepoint.blocks.unit", defaults: FIRST };

export class UnitView extends Frame {
  constructor(parent, data, look) {
    super(parent, data, look, KEPT);
  }

  build() {
    const { labels } = this;
    const slider = (name, least) => {
      const input = element("input", { type: "range", min: least, max: MOST[name], step: 1, label: labels[name], oninput: () => this.set(name, Number(input.value)) });
      const value = element("b");
      return { input, value, node: element("label", { className: "sp-slider" }, element("span", { text: labels[name] }), input, value) };
    };
    const sliders = { size: slider("size", 1), stride: slider("stride", 1), padding: slider("padding", 0) };
    const source = choice([{ key: "typed", text: labels.typed }, { key: "learned", text: labels.learned }], (key) => this.take(key), labels.kernel);
    const presets = element("div", { className: "sp-presets" }, ...Object.keys(TYPED).map((key) => element("button", { type: "button", text: labels[key], onclick: () => this.type(key) })));
    const picker = (name) => element("select", { label: labels[name], onchange: (event) => this.pick(name, Number(event.target.value)) });
    const [map, channel] = [picker("map"), picker("channel")];
    const mapLabel = element("label", {}, element("span", { text: labels.map }), map);
    const channelLabel = element("label", {}, element("span", { text: labels.channel }), channel);
    const banner = element("div", { className: "sp-banner", role: "status", hidden: true });
    const formula = element("div", { className: "sp-formula", "aria-live": "polite" });
    const canvas = (name) => element("canvas", { role: "img", label: labels[name], onpointerdown: (event) => this.point(name, event) });
    const [given, made] = [canvas("input"), canvas("output")];
    const tables = { patch: new Table(labels.patch), kernel: new Table(labels.kernel, (place, value) => this.write(place, value)), products: new Table(labels.products) };
    const said = element("div", { className: "sp-sum", "aria-live": "polite" });
    const figure = (text, ...nodes) => element("figure", {}, element("figcaption", { text }), ...nodes);
    const arithmetic = element("div", { className: "sp-arithmetic" }, tables.patch.node, element("b", { text: "×" }), tables.kernel.node, element("b", { text: "=" }), tables.products.node);
    const stage = element("div", { className: "sp-unit-stage", role: "group", tabindex: 0, label: labels.keys, onkeydown: (event) => this.key(event) }, figure(labels.input, given), figure(labels.output, made), said, arithmetic);
    const controls = element("div", { className: "sp-unit-controls" }, source.group, presets, mapLabel, channelLabel, ...Object.values(sliders).map(({ node }) => node));
    const leave = () => this.press("leave", {});
    const hint = element("div", { className: "sp-hint", text: labels.keys });
    const hints = this.settings.present ? element("div", { className: "sp-hints" }, element("button", { type: "button", onclick: leave }, element("kbd", { text: "Esc" }), element("span", { text: labels.hint_leave }))) : null;
    return { nodes: [banner, controls, formula, stage, hint, hints].filter(Boolean), banner, formula, stage, hint, sliders, source, presets, map, channel, mapLabel, channelLabel, tables, said, given: new Pixels(given), made: new Pixels(made) };
  }

  chartsFor() {
    return {};
  }

  // Another image, layer or run, or only another theme.
  update(data) {
    super.update(data);
    if (data.stamp !== this.stamp) {
      const isNewLayer = data.place !== this.place;
      Object.assign(this, { stamp: data.stamp, place: data.place, layer: decoded(data.layer) });
      if (isNewLayer) this.begin();
    }
    this.schedule(true);
  }

  // Where a layer's own kernel begins: its stride and padding, its first map, the middle of the input.
  begin() {
    const { stride, before, after, input } = this.layer;
    Object.assign(this, { map: 0, channel: 0, places: { stride, before, after } });
    const [rows, columns] = this.sides();
    Object.assign(this, { row: Math.max(0, rows >> 1), column: Math.max(0, columns >> 1) });
    const options = (node, count) => node.replaceChildren(...Array.from({ length: count }, (_, i) => element("option", { text: String(i + 1), value: i })));
    options(this.parts.map, this.layer.weights.shape[0]);
    options(this.parts.channel, input.shape[0]);
  }

  // -- what is chosen -------------------------------------------------------------------------------------------------

  get isTyped() {
    return this.view.source === "typed";
  }

  kernel() {
    if (!this.isTyped) return learned(this.layer, this.map);
    return { size: this.view.size, channels: [this.view.weights], first: this.channel, bias: this.view.bias, scale: null, shift: null };
  }

  sides() {
    return this.layer.input.shape.slice(1).map((side) => outputSide(side, { ...this.places, size: this.kernel().size }));
  }

  set(name, value) {
    if (name === "size") this.resize(value);
    else if (name === "padding") this.places = { ...this.places, before: value, after: value };
    else this.places = { ...this.places, stride: value };
    this.schedule(true);
  }

  // A kernel of another size keeps its middle; what is new is 0.
  resize(size) {
    const { size: old, weights } = this.view;
    const middle = (side) => Math.floor((side - 1) / 2);
    const move = middle(size) - middle(old);
    const next = Array.from({ length: size * size }, (_, place) => {
      const [row, column] = [Math.floor(place / size) - move, (place % size) - move];
      return row >= 0 && row < old && column >= 0 && column < old ? weights[row * old + column] : 0;
    });
    this.view.size = size;
    this.change("weights", next);
  }

  take(source) {
    const { stride, before, after } = this.layer;
    if (source === "learned") this.places = { stride, before, after };
    this.change("source", source);
  }

  type(preset) {
    Object.assign(this.view, { size: 3, source: "typed" });
    this.change("weights", TYPED[preset]);
  }

  write(place, value) {
    this.change("weights", this.view.weights.map((weight, i) => (i === place ? value : weight)));
  }

  pick(name, value) {
    this[name] = value;
    this.schedule(true);
  }

  key(event) {
    const move = KEYS[event.key];
    if (!move || event.target.closest("input, select")) return;
    event.preventDefault();
    this.go(this.row + move[0], this.column + move[1]);
  }

  point(name, event) {
    const [row, column] = (name === "input" ? this.parts.given : this.parts.made).at(event);
    const { stride, before } = this.places;
    const middle = (this.kernel().size - 1) / 2;
    const at = (place) => (name === "input" ? Math.round((place + before - middle) / stride) : place);
    this.go(at(row), at(column));
  }

  go(row, column) {
    Object.assign(this, { row, column });
    this.schedule(true);
  }

  // -- drawing --------------------------------------------------------------------------------------------------------

  paint({ palette }) {
    const { parts, labels, layer, places, isTyped } = this;
    const kernel = this.kernel();
    const sides = this.sides();
    const fits = Math.min(...sides) > 0;
    const reads = kernel.first + (isTyped ? 0 : Math.min(this.channel, kernel.channels.length - 1));
    parts.source.choose(this.view.source);
    parts.presets.hidden = !isTyped;
    parts.mapLabel.hidden = isTyped;
    parts.channelLabel.hidden = layer.input.shape[0] === 1 || (!isTyped && kernel.channels.length === 1);
    Object.assign(parts.map, { value: String(this.map) });
    Object.assign(parts.channel, { value: String(isTyped ? this.channel : reads - kernel.first) });
    const values = { size: kernel.size, stride: places.stride, padding: places.before };
    for (const [name, { input, value }] of Object.entries(parts.sliders)) {
      input.value = values[name];
      input.disabled = name === "size" && !isTyped;
      setText(value, String(values[name]));
    }
    this.say(sides, kernel, fits);
    const [, height, width] = layer.input.shape;
    const seen = layer.input.subarray(reads * height * width, (reads + 1) * height * width);
    seen.shape = [height, width];
    this.row = Math.min(Math.max(this.row, 0), Math.max(0, sides[0] - 1));
    this.column = Math.min(Math.max(this.column, 0), Math.max(0, sides[1] - 1));
    const [row, column] = [this.row, this.column];
    const marked = fits && { row: row * places.stride - places.before, column: column * places.stride - places.before, size: kernel.size };
    const side = this.narrow ? 220 : this.settings.present ? 330 : 280;
    parts.given.draw(seen, { pads: [places.before, places.after], marked, side, palette });
    parts.stage.classList.toggle("sp-no-place", !fits);
    const weights = kernel.channels[reads - kernel.first];
    parts.tables.kernel.draw(weights, kernel.size, palette, isTyped);
    if (!fits) return;
    const numbers = patch(layer.input, reads, row, column, { ...places, size: kernel.size });
    parts.tables.patch.draw(numbers, kernel.size, palette);
    parts.tables.products.draw(numbers.map((number, i) => number * weights[i]), kernel.size, palette);
    const found = unit(layer.input, kernel, places, row, column, layer.activation);
    const here = found.sums[reads - kernel.first];
    const rest = found.sums.reduce((sum, each) => sum + each, 0) - here;
    const others = kernel.channels.length - 1;
    const words = [
      fill(labels.place, { row: row + 1, column: column + 1 }),
      fill(others ? labels.sum_of_channels : labels.sum, { sum: short(here), others, rest: short(rest), bias: short(kernel.bias), z: short(found.z) }),
      ...(found.normalized === null ? [] : [fill(labels.normalized, { normalized: short(found.normalized) })]),
      fill(labels.activated, { activation: layer.activation.name, value: short(found.value) }),
    ];
    setText(parts.said, words.join("\n"));
    const stamp = JSON.stringify([this.stamp, kernel.size, this.map, this.channel, places, isTyped && this.view, this.view.source]);
    if (this.mapStamp !== stamp) Object.assign(this, { mapStamp: stamp, made: featureMap(layer.input, kernel, places, layer.activation) });
    parts.made.draw(this.made, { marked: { row, column, size: 1 }, side, palette });
  }

  // The formula of the size, in red where the kernel fits nowhere, and what is never seen.
  say(sides, kernel, fits) {
    const { labels, places, layer } = this;
    const line = layer.input.shape.slice(1).map((side, axis) => `⌊(${side} + ${places.before} + ${places.after} − ${kernel.size}) / ${places.stride}⌋ + 1 = ${signed(String(sides[axis]))}`);
    const text = [...new Set(line)].join(" · ");
    const rest = unseen(layer.input.shape[1], { ...places, size: kernel.size });
    const after = fits ? (rest ? fill(labels.unseen, { rest }) : "") : fill(labels.impossible, { size: kernel.size, side: Math.min(...layer.input.shape.slice(1)) + places.before + places.after });
    setText(this.parts.formula, [`${labels.size_formula}: ${text}`, after].filter(Boolean).join(". "));
    this.parts.formula.classList.toggle("sp-impossible", !fits);
    this.parts.hint.hidden = !fits;
  }
}
