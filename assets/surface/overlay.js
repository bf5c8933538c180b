// What lies on the map: paths, letters, marks and arrows, as SVG over the chart, so that a frame of the animation costs a
// few attributes.

const SPACE = "http://www.w3.org/2000/svg";
const LETTER_PX = 16;
const FAR_PX = 4000;
// From the tip of an arrow to the middle of its number: a letter may stand between.
const NUMBER_PX = 18;

export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SPACE, tag);
  change(node, attributes);
  node.append(...children);
  return node;
}

export function change(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
}

// The part of a way between two points that lies near the picture, null where there is none. Drawing programs cannot go
// as far as paths can.
export function nearPart([x0, y0], [x1, y1], { width, height }) {
  let [begin, end] = [0, 1];
  const bounds = [
    [x0, x1 - x0, -FAR_PX, width + FAR_PX],
    [y0, y1 - y0, -FAR_PX, height + FAR_PX],
  ];
  for (const [from, by, low, high] of bounds) {
    if (by === 0 && (from < low || from > high)) return null;
    if (by === 0) continue;
    const [first, last] = by > 0 ? [(low - from) / by, (high - from) / by] : [(high - from) / by, (low - from) / by];
    begin = Math.max(begin, first);
    end = Math.min(end, last);
  }
  if (!(begin <= end)) return null;
  const at = (share) => [x0 + share * (x1 - x0), y0 + share * (y1 - y0)];
  return { from: begin > 0 ? at(begin) : [x0, y0], to: end < 1 ? at(end) : [x1, y1], isWhole: begin === 0 && end === 1 };
}

const written = ([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`;

// A path as the texts of its line and its dots, and how long these texts are after every update.
export function drawnPath(points, size) {
  let [line, dots] = ["", ""];
  let pen = null;
  const ends = points.map((point, step) => {
    const part = step && point ? nearPart(points[step - 1], point, size) : null;
    if (part) {
      line += `${pen === step - 1 && part.isWhole ? "" : `M${written(part.from)}`}L${written(part.to)}`;
      pen = part.isWhole ? step : null;
    }
    if (point && isInside(point, size)) dots += `M${written(point)}h0`;
    return { line: line.length, dots: dots.length };
  });
  return { line, dots, ends };
}

export function isInside([x, y], { width, height }) {
  return x >= 0 && x <= width && y >= 0 && y <= height;
}

// Places for letters, beside each other where their points meet: the first stays, the others move as little as they can.
export function placed(points) {
  const taken = [];
  const around = [[0, 0], [1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1], [2, 0], [-2, 0], [0, 2], [0, -2]];
  return points.map((point) => {
    if (!point) return null;
    const free = ([x, y]) => taken.every(([a, b]) => Math.abs(a - x) >= LETTER_PX || Math.abs(b - y) >= LETTER_PX);
    const places = around.map(([right, down]) => [point[0] + right * LETTER_PX, point[1] + down * LETTER_PX]);
    const place = places.find(free) ?? point;
    taken.push(place);
    return place;
  });
}

// Ends that are so near each other, as a share of the picture, have their letters around them.
export const NEAR = 0.04;
const AROUND = ["top right", "top left", "bottom right", "bottom left", "middle right", "middle left"];

// Where letters stand about the ends of paths, as Plotly calls it: those of ends that meet around the same place. `near`:
// so near each other ends meet, along both axes.
export function aroundEnds(x, y, near) {
  return x.map((end, row) => {
    const before = x.slice(0, row).filter((other, at) => Math.abs(other - end) < near[0] && Math.abs(y[at] - y[row]) < near[1]);
    return AROUND[before.length % AROUND.length];
  });
}

const MARKS = {
  minimum: "M-5-5L5 5M-5 5L5-5",
  saddle: "M0-6L6 0L0 6L-6 0Z",
  maximum: "M0-6L6 5L-6 5Z",
};

// A known minimum, saddle or maximum.
export function mark(kind, [x, y], { text, background }) {
  const shape = { d: MARKS[kind], transform: `translate(${x} ${y})`, fill: "none", "stroke-linejoin": "round" };
  return svg("g", { class: `sp-critical sp-${kind}` }, svg("path", { ...shape, stroke: background, "stroke-width": 5 }), svg("path", { ...shape, stroke: text, "stroke-width": 2 }));
}

// An arrow from a point, with the number of its row at the tip; what is longer than `most` is shortened, and dashed.
export function arrow([x, y], [right, down], most, number, { colour, background }) {
  const length = Math.hypot(right, down);
  if (!(length > 0.5)) return null;
  const isShortened = length > most;
  const share = isShortened ? most / length : 1;
  const [tipX, tipY] = [x + right * share, y + down * share];
  const [u, v] = [right / length, down / length];
  const head = Math.min(9, length * share);
  const corner = (side) => `${tipX - head * u + side * head * 0.5 * v} ${tipY - head * v - side * head * 0.5 * u}`;
  const shaft = { d: `M${x} ${y}L${tipX} ${tipY}`, fill: "none" };
  return svg(
    "g",
    { class: "sp-arrow" },
    svg("path", { ...shaft, stroke: background, "stroke-width": 6 }),
    svg("path", { ...shaft, stroke: colour, "stroke-width": 2.5, "stroke-dasharray": isShortened ? "5 4" : "none" }),
    svg("path", { d: `M${tipX} ${tipY}L${corner(1)}L${corner(-1)}Z`, fill: colour }),
    disc([tipX + NUMBER_PX * u, tipY + NUMBER_PX * v], number, { fill: background, ink: colour, radius: 7.5 }),
  );
}

// A letter or number in a disc.
export function disc([x, y], letter, { fill, ink, radius = LETTER_PX / 2 }) {
  const text = svg("text", { "text-anchor": "middle", dy: "0.36em", fill: ink, "font-size": radius * 1.45, "font-weight": 700 });
  text.textContent = letter;
  return svg("g", { class: "sp-disc", transform: `translate(${x} ${y})` }, svg("circle", { r: radius, fill, stroke: ink, "stroke-width": 1 }), text);
}
