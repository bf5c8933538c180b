// What the network has learned: its decision boundary, its fit, its answers to images, or its confusions.

import { element, setText } from "./dom.js";
import { empty } from "./gradients.js";
import { widest } from "./plot.js";
import { fill, grouped } from "./text.js";
import { mixed } from "./theme.js";
import { drawSamples } from "./thumbnails.js";
import { rowsOf } from "./wire.js";

const OVER = ["finished", "stopped", "diverged", "failed", "interrupted"];
const ORDER = ["boundary", "fit", "predictions", "confusion"];
const MARKERS = ["circle", "x-thin", "square", "triangle-up", "diamond", "cross-thin", "star", "hexagon", "bowtie", "pentagon"];
const CLASS_SLOTS = [3, 0, 2, 6, 1, 5, 4, 7];

// The picture that a run has, null before the first.
function pictureOf(data) {
  const name = ORDER.find((candidate) => data.pictures[candidate]);
  return name ? { name, payload: data.pictures[name] } : null;
}

export class Learned {
  constructor(chart, plotNode, samplesNode, captionNode) {
    this.chart = chart;
    this.plotNode = plotNode;
    this.samplesNode = samplesNode;
    this.captionNode = captionNode;
  }

  draw(data, context) {
    const picture = pictureOf(data);
    const samples = picture?.name === "predictions";
    this.plotNode.hidden = samples;
    this.samplesNode.hidden = !samples;
    setText(this.captionNode, picture?.payload.caption ?? "");
    this.captionNode.hidden = !picture?.payload.caption;
    if (samples) {
      drawSamples(this.samplesNode, picture.payload, context);
      return null;
    }
    const { labels, palette } = context;
    if (!picture) {
      const none = OVER.includes(data.meta.state) ? labels.picture_over : labels.picture_none;
      return this.chart.draw([], empty(none, palette), none);
    }
    const { traces, layout, summary } = { boundary, fit, confusion }[picture.name](picture.payload, context);
    return this.chart.draw(traces, layout, summary);
  }
}

// Colour of class k: the winner's colour, paler where the network is less sure.
function classColour(k, palette) {
  return palette.run(CLASS_SLOTS[k % CLASS_SLOTS.length]);
}

function boundary(payload, { labels, palette, size, present }) {
  const count = Math.max(payload.class_names.length, 2);
  const winner = rowsOf(payload.winner);
  const confidence = rowsOf(payload.confidence);
  // z = class + how far its probability stands above a tie: every class has a band of the colour scale of its own.
  const z = winner.map((row, y) => row.map((k, x) => k + 0.98 * Math.min(1, Math.max(0, (confidence[y][x] - 1 / count) / (1 - 1 / count)))));
  const colorscale = Array.from({ length: count }, (_, k) => [
    [k / count, mixed(palette.background, classColour(k, palette), 0.12)],
    [(k + 0.98) / count, mixed(palette.background, classColour(k, palette), 0.62)],
    [(k + 1) / count, mixed(palette.background, classColour(k, palette), 0.62)],
  ]).flat();
  const [height, width] = payload.winner.shape;
  const grid = (range, n) => Array.from({ length: n }, (_, i) => range[0] + ((i + 0.5) / n) * (range[1] - range[0]));
  const heat = {
    uid: "boundary",
    type: "heatmap",
    x: grid(payload.x, width),
    y: grid(payload.y, height),
    z,
    zmin: 0,
    zmax: count,
    colorscale,
    showscale: false,
    hoverinfo: "skip",
  };
  const points = payload.class_names.map((name, k) => {
    const rows = Array.from(payload.points.label.keys()).filter((row) => payload.points.label[row] === k);
    const thin = MARKERS[k % MARKERS.length].endsWith("-thin");
    return {
      uid: `class${k}`,
      type: "scatter",
      mode: "markers",
      name,
      x: rows.map((row) => payload.points.x[row]),
      y: rows.map((row) => payload.points.y[row]),
      marker: {
        symbol: MARKERS[k % MARKERS.length],
        size: size * (rows.length > 300 ? 0.35 : 0.6),
        color: mixed(classColour(k, palette), palette.text, 0.35),
        line: { width: thin ? 2 : 1, color: thin ? mixed(classColour(k, palette), palette.text, 0.35) : palette.background },
      },
      hovertemplate: "%{x:.2f}, %{y:.2f}<extra>%{fullData.name}</extra>",
    };
  });
  return {
    traces: [heat, ...points],
    layout: {
      margin: { l: size * (payload.y_title && !present ? 3.8 : 2.4), t: size * (present ? 1.5 : 2) },
      xaxis: { mode: "x", range: payload.x, zeroline: false, showgrid: false, nticks: 5, title: present ? undefined : titled(payload.x_title) },
      yaxis: { mode: "y", range: payload.y, zeroline: false, showgrid: false, nticks: 5, title: present ? undefined : titled(payload.y_title) },
      showlegend: count <= 6,
      legend: { orientation: "h", y: 1, yanchor: "bottom", x: 0, font: { size: size * 0.9 } },
    },
    summary: fill(labels.summary_boundary, { count }),
  };
}

function titled(text) {
  return text ? { text, standoff: 2 } : undefined;
}

function fit(payload, { labels, palette, size }) {
  const dots = (x, y, name) => ({
    uid: "points",
    type: "scatter",
    mode: "markers",
    name,
    x: Array.from(x),
    y: Array.from(y),
    marker: { size: size * 0.5, color: palette.muted, symbol: "circle-open" },
  });
  const line = (uid, x, y, name, style) => ({ uid, type: "scatter", mode: "lines", name, x: Array.from(x), y: Array.from(y), line: style });
  const legend = { orientation: "h", y: 1, yanchor: "bottom", x: 0, font: { size: size * 0.9 } };
  if (payload.predicted) {
    const both = [...payload.true, ...payload.predicted].filter(Number.isFinite);
    const ends = [Math.min(...both), Math.max(...both)];
    return {
      traces: [line("diagonal", ends, ends, labels.fit_exact, { color: palette.muted, dash: "dot" }), { ...dots(payload.true, payload.predicted, labels.fit_predicted), marker: { size: size * 0.5, color: palette.run(0) } }],
      layout: { margin: { t: size * 2 }, xaxis: { mode: "true", title: titled(labels.fit_true) }, yaxis: { mode: "predicted", title: titled(labels.fit_predicted) }, showlegend: true, legend },
      summary: labels.summary_fit,
    };
  }
  const traces = [dots(payload.points.x, payload.points.y, labels.fit_points)];
  if (payload.truth) traces.push(line("truth", payload.x, payload.truth, labels.fit_truth, { color: palette.muted, dash: "dot", width: 2 }));
  traces.push(line("fit", payload.x, payload.y, labels.fit_network, { color: palette.run(0), width: 3 }));
  return {
    traces,
    layout: { margin: { t: size * (payload.truth ? 3.4 : 2) }, xaxis: { mode: "x", title: titled(payload.x_title) }, yaxis: { mode: "y", title: titled(payload.y_title) }, showlegend: true, legend },
    summary: labels.summary_fit,
  };
}

function confusion(payload, { labels, palette, size }) {
  const counts = rowsOf(payload.counts);
  const shares = counts.map((row) => {
    const total = row.reduce((sum, count) => sum + count, 0) || 1;
    return row.map((count) => count / total);
  });
  const text = counts.map((row) => row.map((count) => (count ? grouped(count) : "")));
  const names = payload.class_names;
  return {
    traces: [
      {
        uid: "confusion",
        type: "heatmap",
        x: names,
        y: names,
        z: shares,
        zmin: 0,
        zmax: 1,
        text,
        texttemplate: "%{text}",
        textfont: { size },
        colorscale: [
          [0, palette.background],
          [1, mixed(palette.background, palette.run(0), 0.75)],
        ],
        showscale: false,
        hovertemplate: fill(labels.confusion_hover, { truth: "%{y}", predicted: "%{x}", count: "%{text}" }) + "<extra></extra>",
      },
    ],
    layout: {
      margin: { l: widest(names, { size, palette }) + size * 2.4 },
      xaxis: { mode: "predicted", type: "category", title: titled(labels.confusion_predicted), showgrid: false },
      yaxis: { mode: "true", type: "category", title: titled(labels.confusion_true), autorange: "reversed", showgrid: false },
    },
    summary: labels.summary_confusion,
  };
}

export function samplesNode() {
  return element("div", { className: "sp-samples", role: "list" });
}
