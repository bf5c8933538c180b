// Small images or signals with the true class and the network's answer, wrong ones first.

import { element, setAttribute, setText } from "./dom.js";
import { fill } from "./text.js";

const SIDE = 56;
const FEWEST = 3;
// As in live.css: the widest picture, the space between two, and what the frame of one adds to it.
const [MOST_SIDE, GAP, FRAME] = [90, 4, 8];
const HAIR_ARROW = "\u200a→\u200a";

export function drawSamples(node, payload, { labels, palette, present, narrow }) {
  const count = payload.true.length;
  const brief = payload.class_names.every((name) => name.length <= 2);
  const most = (present ? [4, 6] : [5, count > 12 ? 8 : 6])[brief ? 1 : 0];
  while (node.children.length > count) node.lastElementChild.remove();
  while (node.children.length < count) {
    node.append(element("figure", { role: "listitem" }, element("canvas", { "aria-hidden": "true" }), element("figcaption")));
  }
  for (let i = 0; i < count; i += 1) {
    const [figure, truth, answer] = [node.children[i], payload.true[i], payload.predicted[i]];
    const names = { truth: payload.class_names[truth], predicted: payload.class_names[answer] };
    const right = truth === answer;
    figure.className = right ? "sp-right" : "sp-wrong";
    const [canvas, caption] = figure.children;
    if (payload.images) paint(canvas, payload.images, i);
    else trace(canvas, payload.signals, i, palette.text);
    setText(caption, fill(labels.sample, names).replaceAll(" → ", HAIR_ARROW));
    const sure = payload.confidence ? Math.round(100 * payload.confidence[i]) : null;
    const said = fill(right ? labels.sample_right : labels.sample_wrong, { ...names, sure: sure ?? "–" });
    setAttribute(figure, "aria-label", said);
    setAttribute(figure, "title", said);
  }
  // On a phone the rows are as high as they need to be; elsewhere the panel is.
  node.style.setProperty("--sp-columns", narrow ? most : fewestColumns(node, count, most));
  // A projector does not scroll: a row that does not fit is left out rather than cut.
  const bottom = node.offsetTop + node.clientHeight + 1;
  for (const figure of node.children) {
    figure.style.visibility = present && figure.offsetTop + figure.offsetHeight > bottom ? "hidden" : "";
  }
}

// The fewest columns, so the largest pictures, with which all rows fit into the height of the panel.
function fewestColumns(node, count, most) {
  const caption = Math.max(0, ...[...node.children].map((figure) => figure.lastElementChild.offsetHeight));
  for (let columns = FEWEST; columns < most; columns += 1) {
    const side = Math.min(MOST_SIDE, (node.clientWidth - GAP * (columns - 1)) / columns - FRAME);
    const rows = Math.ceil(count / columns);
    if (rows * (side + FRAME + caption) + GAP * (rows - 1) <= node.clientHeight) return columns;
  }
  return most;
}

export function paint(canvas, images, index) {
  const [, height, width, depth = 1] = images.shape;
  const picture = new ImageData(width, height);
  const size = height * width * depth;
  for (let pixel = 0; pixel < height * width; pixel += 1) {
    const from = index * size + pixel * depth;
    for (let channel = 0; channel < 3; channel += 1) picture.data[4 * pixel + channel] = images[from + (depth === 3 ? channel : 0)];
    picture.data[4 * pixel + 3] = 255;
  }
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

function trace(canvas, signals, index, colour) {
  const length = signals.shape[1];
  const values = signals.subarray(index * length, (index + 1) * length);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (canvas.width !== 2 * SIDE) Object.assign(canvas, { width: 2 * SIDE, height: 2 * SIDE });
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.beginPath();
  values.forEach((value, i) => pen.lineTo((i / (length - 1)) * 2 * SIDE, 2 * SIDE * (0.95 - (0.9 * (value - low)) / (high - low || 1))));
  pen.stroke();
}
