// The loss along one line: between what two runs have come to, or along one update.

import { escaped } from "../compare/race_chart.js";
import { largest, smallest } from "../live/axes.js";
import { Chart } from "../live/plot.js";
import { fill } from "../live/text.js";
import { number } from "../surface/tables.js";
import { lossTicks, ticksAt } from "./picture.js";

const ROOM = 0.12;
// Letters of a name that stand beside a mark.
const LONG = 24;

// Where the curve is highest above the straight line between its ends, and both heights there.
export function highest({ t, loss }) {
  const [first, second] = [0, 1].map((end) => lossNear({ t, loss }, end));
  const rows = Array.from(t, (at, row) => ({ t: at, loss: loss[row], straight: first + at * (second - first) })).filter((row) => row.t >= 0 && row.t <= 1);
  return rows.reduce((most, row) => (most && most.loss - most.straight >= row.loss - row.straight ? most : row), null);
}

// The loss measured nearest to a place of the line.
export function lossNear({ t, loss }, place) {
  return loss[t.reduce((best, value, at) => (Math.abs(value - place) < Math.abs(t[best] - place) ? at : best), 0)];
}

// The range that holds the losses, with a little room: what counts is their difference.
function around(losses, isLog) {
  const to = isLog ? Math.log10 : Number;
  const [low, high] = losses.length ? [to(smallest(losses)), to(largest(losses))] : [0, 1];
  const room = ROOM * (high - low || 1);
  return [low - room, high + room];
}

// What is marked on the curve: {t, loss, text, symbol}; `names`: of the runs at its ends.
export function marksOf(line, labels, names) {
  const at = (t, text, symbol) => ({ t, loss: lossNear(line, t), text, symbol });
  if (line.kind === "between") return [0, 1].map((end) => at(end, brief(names[end]), "circle"));
  const ends = [at(0, labels.before, "circle-open"), at(1, labels.landed, "circle")];
  return line.bottom ? [...ends, { ...line.bottom, text: labels.bottom, symbol: "triangle-down" }] : ends;
}

function brief(name) {
  return name.length > LONG ? `${name.slice(0, LONG)}…` : name;
}

export class LineChart extends Chart {
  drawLine(line, isLog, runs) {
    const { palette, labels, size, present } = this.context;
    const scale = isLog ? "log" : "linear";
    const width = present ? 3.5 : 2;
    const losses = Array.from(line.loss, (loss) => (Number.isFinite(loss) ? loss : null));
    const range = around(losses.filter((loss) => loss !== null && (!isLog || loss > 0)), isLog);
    const marks = marksOf(line, labels, runs.map(({ name }) => name));
    const curve = {
      uid: "loss",
      type: "scatter",
      mode: "lines",
      x: Array.from(line.t),
      y: losses,
      text: Array.from(line.t, (t, row) => fill(labels.point_of_line, { t: number(t), loss: number(line.loss[row]) })),
      line: { color: palette.run(runs[0].slot), width },
      hovertemplate: "%{text}<extra></extra>",
    };
    const dots = {
      uid: "marks",
      type: "scatter",
      mode: "markers+text",
      x: marks.map(({ t }) => t),
      y: marks.map(({ loss }) => loss),
      text: marks.map(({ text }) => `<b>${escaped(text)}</b>`),
      textposition: line.kind === "between" ? ["top right", "top left"] : ["top left", "top right", "bottom center"],
      textfont: { size, color: palette.text },
      marker: { color: palette.text, size: present ? 13 : 9, symbol: marks.map(({ symbol }) => symbol) },
      cliponaxis: false,
      hoverinfo: "skip",
    };
    const traces = line.kind === "between" ? [this.straight(marks, width), this.barrier(line, width), curve, dots] : [curve, dots];
    const { t } = line;
    const layout = {
      margin: { t: size * 1.6, r: size * 2, l: size * 4.6, b: size * 3.4 },
      xaxis: { mode: line.kind, range: [t[0], t[t.length - 1]], title: { text: labels[line.kind === "between" ? "axis_between" : "axis_update_length"], standoff: 4 }, zeroline: false },
      yaxis: { mode: scale, type: scale, range, title: { text: labels[isLog ? "loss_log" : "loss"], standoff: 6 }, zeroline: false, ...(isLog && ticksAt(lossTicks(range))) },
    };
    return this.draw(traces, layout, labels[`summary_${line.kind}`]);
  }

  straight(marks, width) {
    const { palette } = this.context;
    return { uid: "straight", type: "scatter", mode: "lines", x: marks.map(({ t }) => t), y: marks.map(({ loss }) => loss), line: { color: palette.muted, width: width * 0.7, dash: "dash" }, hoverinfo: "skip" };
  }

  barrier(line, width) {
    const { palette } = this.context;
    const top = highest(line);
    const isThere = line.barrier > 0 && top !== null;
    return { uid: "barrier", type: "scatter", mode: "lines", x: isThere ? [top.t, top.t] : [], y: isThere ? [top.straight, top.loss] : [], line: { color: palette.text, width: width * 1.4 }, hoverinfo: "skip" };
  }
}
