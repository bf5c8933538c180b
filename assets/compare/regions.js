// Where a curve over one number underfits and where it overfits.

import { fill } from "../live/text.js";

// From points {x, validation, training}, in the order of x: runs of neighbours that are worse than the best by more than
// the range over its seeds, [{kind, first, last}] with places among the points. They underfit where the training error is
// higher too, and overfit where it is not.
export function regions(points, best) {
  const found = [];
  points.forEach(({ validation, training }, place) => {
    const isWorse = validation.mid > best.validation.high;
    const kind = isWorse ? (training.mid > best.training.high ? "underfits" : "overfits") : "";
    const last = found.at(-1);
    if (last?.kind === kind) last.last = place;
    else found.push({ kind, first: place, last: place });
  });
  return found.filter(({ kind }) => kind);
}

// Their names at the lower edge, with a line where each begins or ends between two points.
export function named(found, points, logarithmic, { labels, palette }) {
  const middle = (one, other) => (logarithmic ? Math.sqrt(one * other) : (one + other) / 2);
  const axis = (x) => (logarithmic ? Math.log10(x) : x);
  const shapes = [];
  const annotations = [];
  for (const { kind, first, last } of found) {
    const from = first > 0 ? middle(points[first - 1].x, points[first].x) : null;
    const to = last < points.length - 1 ? middle(points[last].x, points[last + 1].x) : null;
    for (const x of [from, to]) {
      if (x !== null) shapes.push({ type: "line", xref: "x", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: { color: palette.muted, width: 1, dash: "dot" } });
    }
    const at = from === null ? { x: axis(points[first].x), xanchor: "left" } : to === null ? { x: axis(points[last].x), xanchor: "right" } : { x: axis(middle(points[first].x, points[last].x)), xanchor: "center" };
    annotations.push({ ...at, xref: "x", yref: "paper", y: 0, yanchor: "bottom", showarrow: false, text: labels[kind], font: { color: palette.text } });
  }
  return { shapes, annotations };
}

// The same in words.
export function finding(found, points, labels) {
  return found.map(({ kind, first, last }) => fill(labels[first === last ? `${kind}_at` : `${kind}_from_to`], { first: points[first].x, last: points[last].x })).join(" ");
}
