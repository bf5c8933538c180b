// A curve that is expected: drawn with a few handles before the run starts, and shown while the run grows over it.

import { positions } from "./axes.js";
import { element, setAttribute } from "./dom.js";
import { epochs as epochText, fill } from "./text.js";
import { translucent } from "./theme.js";

const KEYS = { ArrowUp: 0.01, ArrowRight: 0.01, ArrowDown: -0.01, ArrowLeft: -0.01, PageUp: 0.1, PageDown: -0.1, Home: -1, End: 1 };
const GRID = 200; // Heights lie on half percents.

export class Expected {
  // `moved()`: another height, draw it; `done(heights)`: that is what is expected.
  constructor(labels, moved, done) {
    Object.assign(this, { labels, moved, curve: null, handles: [] });
    const settle = element("button", { type: "button", className: "sp-settle", text: labels.expect_this, onclick: () => done(this.curve.heights) });
    this.node = element("div", { className: "sp-sketch", hidden: true }, settle);
  }

  get isOpen() {
    return Boolean(this.curve?.isOpen);
  }

  // What Python says; heights that are being drawn stay.
  update(given) {
    const told = JSON.stringify(given);
    if (told === this.told) return;
    this.told = told;
    this.curve = given && { ...given, isOpen: given.is_open };
    this.node.hidden = !this.isOpen;
    this.handles.forEach((handle) => handle.remove());
    this.handles = this.isOpen ? given.epochs.map((epoch, place) => this.handle(epoch, place)) : [];
    this.node.append(...this.handles);
  }

  handle(epoch, place) {
    const label = fill(this.labels.expect_handle, { epoch: epochText(epoch) });
    const node = element("button", { type: "button", className: "sp-handle", role: "slider", label, "aria-orientation": "vertical", "aria-valuemin": 0, "aria-valuemax": 100 * this.curve.high });
    const drag = (event) => node.hasPointerCapture(event.pointerId) && this.put(place, this.heightAt(event.clientY));
    node.addEventListener("pointerdown", (event) => node.setPointerCapture(event.pointerId));
    node.addEventListener("pointermove", drag);
    node.addEventListener("keydown", (event) => {
      if (!(event.key in KEYS)) return;
      event.preventDefault();
      this.put(place, this.curve.heights[place] + KEYS[event.key]);
    });
    return node;
  }

  put(place, height) {
    const { heights, high } = this.curve;
    const kept = Math.round(Math.min(high, Math.max(0, height)) * GRID) / GRID;
    if (kept === heights[place]) return;
    this.curve = { ...this.curve, heights: heights.with(place, kept) };
    this.place();
    this.moved();
  }

  heightAt(clientY) {
    const { yaxis } = this.chart.node._fullLayout;
    return yaxis.p2l(clientY - this.chart.node.getBoundingClientRect().top - yaxis._offset) / 100;
  }

  // Put the handles where they belong on the axes of a chart, now and whenever it is drawn, zoomed or of another size.
  place(chart = this.chart) {
    if (!this.chart && chart?.node.on) {
      this.chart = chart;
      chart.node.on("plotly_afterplot", () => this.place());
    }
    const { xaxis, yaxis } = this.chart?.node._fullLayout ?? {};
    if (!this.isOpen || !xaxis) return;
    this.handles.forEach((handle, place) => {
      const height = Math.round(GRID * this.curve.heights[place]) / (GRID / 100);
      const [left, top] = [xaxis._offset + xaxis.l2p(this.curve.epochs[place]), yaxis._offset + yaxis.l2p(height)];
      Object.assign(handle.style, { left: `${left}px`, top: `${top}px` });
      setAttribute(handle, "aria-valuenow", String(height));
      setAttribute(handle, "aria-valuetext", `${height} %`);
    });
  }
}

// A function from epoch to position on the horizontal axis, beyond what has been done, too.
function along(data, mode) {
  if (mode === "epoch") return (epoch) => epoch;
  const each = data.meta.stretches?.[0]?.[2] ?? data.meta.steps_per_epoch ?? 1;
  if (mode === "update") return (epoch) => epoch * each;
  const done = Math.max(1, data.lastStep("update"), data.lastStep("evaluation"));
  const at = positions(data, mode);
  return (epoch) => (epoch * each <= done ? at(epoch * each) : (at(done) * epoch * each) / done);
}

// The traces of the expected curve and of those of the others, and its name where there is no legend.
export function expectedTraces(curve, data, view, factor, { labels, palette, size, narrow }) {
  const isShown = curve && view.quantity === "error";
  const place = isShown ? along(data, view.x) : null;
  const scaled = (heights) => heights.map((height) => height * factor);
  const others = isShown ? curve.others : [];
  const line = (uid, x, y, style, extra) => ({ uid, type: "scatter", x, y, line: style, hoverinfo: "skip", showlegend: y.length > 0, ...extra });
  const gap = (values) => values.concat(null);
  const traces = [
    line("others", others.flatMap(() => gap(curve.epochs.map(place))), others.flatMap((heights) => gap(scaled(heights))), { color: translucent(palette.text, 0.2), width: 1 }, { mode: "lines", name: labels.expected_others, connectgaps: false }),
    line("expected", isShown ? curve.epochs.map(place) : [], isShown ? scaled(curve.heights) : [], { color: translucent(palette.text, 0.85), width: 2, dash: "longdash" }, { mode: "lines+markers", name: labels.expected, cliponaxis: view.x === "seconds", marker: { symbol: "diamond-open", size: size * 0.7, color: palette.text } }),
  ];
  const names = isShown && narrow && !curve.isOpen ? [{ x: place(curve.epochs[3]), y: curve.heights[3] * factor, text: labels.expected, showarrow: false, yshift: size, font: { color: palette.text, size } }] : [];
  return { traces, names, values: isShown ? scaled(curve.heights) : [] };
}
