// One panel: lines over whole numbers (layers, time steps, updates), with a place for what is exactly 0 on a log scale.

import { largest, smallest, verticalRange } from "../live/axes.js";
import { Chart, widest } from "../live/plot.js";
import { escaped, ticks } from "../compare/race_chart.js";

const MARKED = 32; // So many points of a line have a mark: all of a shorter one, some of a longer one.
const FEW = 8; // Up to so many whole numbers each has a tick.

export class Lines extends Chart {
  // `panel`: {title, x: {title, high, ticks}, y: {title, scale: log, linear or percent}, lines: [{name, slot, dash, x, y}]}
  // `panel.marked`: a place on the x axis, if one is looked at.
  drawPanel(panel) {
    const { palette, size, present } = this.context;
    const { scale } = panel.y;
    const values = panel.lines.flatMap(({ y }) => y.filter((value) => Number.isFinite(value)));
    const range = scale === "log" ? verticalRange(values, "log", 1) : scale === "percent" ? [0, 100] : linearRange(values);
    const traces = panel.lines.map(({ name, slot, dash, x, y }, place) => ({
      uid: `line${place}`, // Plotly makes a selector of it: a name can hold what none may.
      type: "scatter",
      mode: "lines+markers",
      name: escaped(name),
      x,
      y,
      line: { color: palette.run(slot), width: present ? 3.5 : 2, dash: dash ? "dot" : palette.dashed(slot) ? "dash" : "solid" },
      marker: { symbol: palette.symbol(slot), size: present ? 8 : 5, color: palette.run(slot), maxdisplayed: x.length > MARKED ? MARKED : 0 },
      hovertemplate: `%{x}: %{y:.3~g}<extra>%{fullData.name}</extra>`,
    }));
    const height = this.node.offsetHeight - 4 * size;
    const most = Math.max(2, Math.floor(height / (1.7 * size)));
    const fits = widest([panel.y.title], this.context) < height;
    const layout = {
      margin: { t: size * 0.5, r: size * 1.4, l: size * (fits ? 5.3 : 3.6) },
      hovermode: "x",
      shapes: panel.marked === undefined ? [] : [{ type: "line", x0: panel.marked, x1: panel.marked, yref: "paper", y0: 0, y1: 1, line: { color: palette.text, width: 1, dash: "dot" } }],
      xaxis: { mode: panel.x.title, range: [panel.x.low - 0.4, panel.x.high + 0.4], title: { text: panel.x.title, standoff: 2 }, zeroline: false, nticks: 8, dtick: panel.x.high - panel.x.low < FEW ? 1 : undefined, tickformat: "d" },
      yaxis: {
        mode: `${panel.y.title} ${scale}`,
        type: scale === "log" ? "log" : "linear",
        range,
        title: fits ? { text: panel.y.title, standoff: 4 } : undefined,
        zeroline: scale === "linear",
        nticks: Math.min(6, most),
        ...(scale === "log" ? powers(range, most) : {}),
      },
    };
    return this.draw(traces, layout, panel.summary);
  }
}

function linearRange(values) {
  const [low, high] = values.length ? [Math.min(0, smallest(values)), Math.max(0, largest(values))] : [0, 1];
  const space = 0.08 * (high - low || 1);
  return [low - space, high + space];
}

// So many ticks as there is room for: whole powers of ten first.
function powers(range, most) {
  const { tickvals, ticktext } = ticks("log", range);
  const all = tickvals.map((value, place) => ({ value, text: ticktext[place], power: Math.log10(value) }));
  const inside = all.filter(({ power }) => power >= range[0] && power <= range[1]);
  const whole = inside.filter(({ power }) => Math.abs(power - Math.round(power)) < 1e-9);
  const shown = inside.length > most && whole.length > 1 ? whole : inside;
  const kept = shown.filter((_, place) => place % Math.ceil(shown.length / most) === 0);
  return { tickvals: kept.map(({ value }) => value), ticktext: kept.map(({ text }) => text) };
}
