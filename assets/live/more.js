// One more picture: loss and penalty, sizes of weights and updates, the learning rate, the per-layer lines.

import { extent, interpolated, positions, verticalRange } from "./axes.js";
import { empty, layersOf } from "./gradients.js";
import { widest } from "./plot.js";
import { translucent } from "./theme.js";

export const PICTURES = ["loss", "weight", "ratio", "rate", "wrong", "layers"];

const PREFIX = { weight: "weight_norm", ratio: "update_ratio", layers: "gradient_norm" };

export function drawMore(chart, data, view, context) {
  const { labels, palette } = context;
  const { traces, vertical, title } = view.more === "loss" ? lossAndPenalty(data, view, context) : view.more === "rate" ? rate(data, view, context) : lines(data, view, context);
  if (!traces.some((trace) => trace.x.length)) return chart.draw([], empty(labels.more_none, palette), labels.more_none);
  const { narrow, size } = context;
  const several = traces.length > 1;
  const beside = several && !narrow; // A legend over the lines would hide their newest part.
  return chart.draw(
    traces,
    {
      // Ticks of a small learning rate ("0.00015") are wider than any other picture's.
      margin: { ...(view.more === "rate" && { l: size * 6 }), t: size * 1.4, r: beside ? widest(traces.map((trace) => trace.name), context) + 5 * size : 1.6 * size },
      showlegend: several,
      legend: beside ? { x: 1.01, xanchor: "left", y: 1, yanchor: "top" } : { orientation: "h", x: 1, xanchor: "right", y: 0.88, yanchor: "top", bgcolor: translucent(palette.background, 0.7) },
      xaxis: { mode: view.x, range: extent(data, view.x), title: { text: labels[`axis_${view.x}`], standoff: 2 }, zeroline: false },
      yaxis: { ...vertical, mode: `${view.more} ${vertical.type}`, title: { text: title, standoff: 6 }, nticks: 6 },
    },
    title,
  );
}

// The penalty is an area of its own on top of the loss: with a penalty, what is minimised is their sum.
function lossAndPenalty(data, view, { labels, palette }) {
  const smooth = view.smoothing ? data.column("update", `batch/loss~${view.smoothing}`) : null;
  const loss = smooth?.steps.length ? smooth : data.column("update", "batch/loss");
  const penalty = data.column("update", "batch/penalty");
  const at = positions(data, view.x);
  const paid = penalty.values.some((value) => value > 0);
  const steps = paid ? [...new Set([...loss.steps, ...penalty.steps])].sort((a, b) => a - b) : loss.steps;
  const lossAt = paid ? steps.map((step) => interpolated(loss.steps, loss.values, step)) : loss.values;
  const sum = paid ? steps.map((step, i) => lossAt[i] + interpolated(penalty.steps, penalty.values, step)) : [];
  const slot = data.meta.slot ?? 0;
  const colour = palette.run(slot);
  const second = palette.run(slot + 4);
  const area = (uid, name, y, style, fill, fillcolor) => ({ uid, type: "scatter", mode: "lines", name, x: y.length ? steps.map(at) : [], y, line: style, fill, fillcolor });
  const logarithmic = view.scale === "log";
  const traces = [
    area("loss", labels.batch_loss, lossAt, { color: colour, width: 1.5 }, logarithmic ? "none" : "tozeroy", translucent(colour, 0.14)),
    area("penalty", labels.penalty, sum, { color: second, width: 1.5, dash: "dot" }, "tonexty", translucent(second, 0.3)),
  ].slice(0, paid ? 2 : 1);
  const range = verticalRange([...lossAt, ...sum], view.scale, 1);
  return { traces, vertical: { type: view.scale, range }, title: labels.axis_loss_penalty };
}

function rate(data, view, { labels, palette }) {
  const { steps, values } = data.column("update", "lr");
  const at = positions(data, view.x);
  const traces = [{ uid: "lr", type: "scatter", mode: "lines", name: labels.learning_rate, x: steps.map(at), y: values, line: { color: palette.run(data.meta.slot), width: 2, shape: "hv" } }];
  return { traces, vertical: { type: view.scale, range: verticalRange(values, view.scale, 1) }, title: labels.learning_rate };
}

// One line a layer, dark near the input to bright near the output; values are log10.
function lines(data, view, { labels, palette }) {
  const layers = layersOf(data);
  const at = positions(data, view.x);
  const shade = (i) => `hsl(${275 - (225 * i) / Math.max(1, layers.length - 1)}, ${palette.dark ? 70 : 75}%, ${palette.dark ? 65 : 38}%)`;
  const traces = layers
    .map((layer, i) => {
      const { steps, values } = data.column("update", `${PREFIX[view.more]}/${layer}`);
      return {
        uid: `layer${i}`,
        type: "scatter",
        mode: "lines",
        name: layer === "output" ? labels.layer_output : layer,
        x: steps.map(at),
        y: values.map((value) => (Number.isFinite(value) ? value : null)),
        line: { color: shade(i), width: 1.5, dash: ["solid", "dash", "dot", "dashdot"][i % 4] },
        hovertemplate: "10<sup>%{y:.2f}</sup><extra>%{fullData.name}</extra>",
      };
    })
    .reverse();
  const values = traces.flatMap((trace) => trace.y).filter((value) => value !== null);
  const low = Math.floor(Math.min(...values, 0));
  const high = Math.ceil(Math.max(...values, low + 1));
  const every = Math.max(1, Math.ceil((high - low) / 6));
  const ticks = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => low + i * every);
  return {
    traces,
    vertical: { type: "linear", range: [low, high], tickvals: ticks, ticktext: ticks.map((power) => `10<sup>${power}</sup>`) },
    title: labels[`more_${view.more}_axis`],
  };
}
