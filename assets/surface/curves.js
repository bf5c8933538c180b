// Loss, gradient norm or learning rates against the update: whole curves, pale behind the present update.

import { apart, largest, smallest, verticalRange } from "../live/axes.js";
import { element } from "../live/dom.js";
import { Chart, widest } from "../live/plot.js";
import { escaped, ticks } from "../compare/race_chart.js";

export const CURVES = ["loss", "gradient", "rates", "leaving"];
const DECADES = 16;
const ABOVE = 1e3;

// The pictures that there is something for.
export function curvesOf(data) {
  const has = { loss: true, gradient: true, rates: data.racers.some(({ rates }) => rates), leaving: Boolean(data.leaving) };
  return CURVES.filter((name) => has[name]);
}

// The lines of a picture: of the rates one for x and, dashed, one for y.
function linesOf(data, name, palette) {
  const updates = Array.from({ length: data.steps + 1 }, (_, step) => step);
  return data.racers.flatMap((racer) => {
    const dash = palette.dashed(racer.slot) ? "dashdot" : "solid";
    if (name !== "rates") return [{ racer, dash, x: updates, y: name === "loss" ? racer.loss : racer.gradient }];
    if (!racer.rates) return [];
    return ["x", "y"].map((part) => ({ racer, part, dash: part === "x" ? dash : "dash", x: updates.slice(1), y: racer.rates[part] }));
  });
}

// Logarithmic wherever a logarithm exists. What lies far beyond the picture of the surface does not set the scale.
function vertical(name, lines, heights) {
  const values = lines.flatMap(({ y }) => y.filter((value) => Number.isFinite(value)));
  if (values.some((value) => value < 0)) {
    const inside = values.filter((value) => value >= heights.low && value <= heights.high);
    const [low, high] = [smallest(inside), largest(inside)];
    const space = 0.06 * (high - low || 1);
    return { scale: "linear", range: [low - space, high + space] };
  }
  const most = largest(values.filter((value) => name !== "loss" || value <= heights.high * ABOVE));
  return { scale: "log", range: verticalRange(values.filter((value) => value <= most && value > most * 10 ** -DECADES), "log", 1) };
}

// So many ticks as there is room for.
function fewer({ tickvals, ticktext }, most) {
  if (!tickvals) return {};
  const every = Math.max(1, Math.ceil(tickvals.length / most));
  const kept = (_, place) => place % every === 0;
  return { tickvals: tickvals.filter(kept), ticktext: ticktext.filter(kept) };
}

export class Curves extends Chart {
  constructor(stage, node, refresh) {
    super(node, null, refresh);
    this.veil = element("div", { className: "sp-veil", "aria-hidden": "true" });
    stage.append(this.veil);
  }

  drawCurves(data, name, heights) {
    const { palette, labels, size, present } = this.context;
    this.data = data;
    const lines = linesOf(data, name, palette);
    const { scale, range } = vertical(name, lines, heights);
    const floor = scale === "log" ? 10 ** range[0] : -Infinity;
    const traces = lines.map(({ racer, part, dash, x, y }) => ({
      uid: `${racer.key} ${part ?? ""}`,
      type: "scatter",
      mode: "lines",
      name: escaped(part ? `${racer.name}, ${part}` : racer.name),
      x,
      y: Array.from(y, (value) => (Number.isFinite(value) ? Math.max(value, floor) : null)),
      line: { color: palette.run(racer.slot), width: (present ? 3.5 : 2) * (part ? 0.8 : 1), dash },
      hovertemplate: "%{y:.3~g}<extra>%{fullData.name}</extra>",
    }));
    const title = labels[`axis_${name}_${scale}`];
    const height = this.node.offsetHeight - 4 * size;
    traces.push(this.letters(lines, scale, range, floor, height));
    const layout = {
      margin: { t: size * 0.6, r: size * (name === "rates" ? 3 : 2), l: size * 5.4 },
      xaxis: { mode: "update", range: [0, data.steps], title: { text: labels.axis_update, standoff: 2 }, zeroline: false },
      yaxis: { mode: `${name} ${scale}`, type: scale, range, title: widest([title], this.context) < height ? { text: title, standoff: 6 } : undefined, zeroline: false, nticks: 5, ...fewer(ticks(scale, range), height / (1.7 * size)) },
      yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true },
    };
    return this.draw(traces, layout, labels[`summary_${name}`]).then(() => this.show(this.step));
  }

  // The letters at the ends of the lines, moved apart where these meet.
  letters(lines, scale, range, floor, height) {
    const { palette, size } = this.context;
    const share = (value) => ((scale === "log" ? Math.log10(value) : value) - range[0]) / (range[1] - range[0]);
    const ends = lines
      .map(({ racer, part, x, y }) => {
        const last = y.findLastIndex((value) => Number.isFinite(value));
        return { racer, text: `${racer.letter}${part ? ` ${part}` : ""}`, x: x[last], share: share(Math.max(y[last], floor)) };
      })
      .filter(({ x, share: high }) => x === this.data.steps && high >= 0 && high <= 1)
      .sort((a, b) => b.share - a.share);
    apart(ends, (size * 1.1) / Math.max(60, height));
    return {
      uid: "letters",
      type: "scatter",
      mode: "text",
      yaxis: "y2",
      x: ends.map((end) => end.x),
      y: ends.map((end) => end.share),
      text: ends.map(({ text }) => `\u2009<b>${escaped(text)}</b>`),
      textposition: "middle right",
      textfont: { color: ends.map(({ racer }) => palette.run(racer.slot)), size: size * 0.9 },
      cliponaxis: false,
      hoverinfo: "skip",
    };
  }

  // What is later than the present update pales.
  show(step) {
    this.step = step;
    const { xaxis, yaxis } = this.node._fullLayout ?? {};
    if (!xaxis || step === undefined) return;
    const left = Math.min(xaxis._length, Math.max(0, xaxis.l2p(step)));
    this.veil.hidden = left >= xaxis._length && step === this.data.steps;
    Object.assign(this.veil.style, {
      left: `${this.node.offsetLeft + xaxis._offset + left}px`,
      top: `${this.node.offsetTop + yaxis._offset}px`,
      width: `${xaxis._length - left}px`,
      height: `${yaxis._length}px`,
    });
  }

  resize() {
    return super.resize()?.then(() => this.show(this.step));
  }

  zoomed(change) {
    super.zoomed(change);
    this.show(this.step);
  }
}
