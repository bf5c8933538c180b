// What a class has answered: a bar for each answer, or the curves that all have drawn over each other.

import { element, setText } from "../live/dom.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [300, 120];

export class AnswersView {
  constructor(parent, data, look) {
    Object.assign(this, { parent, look });
    this.bars = element("ul", { className: "sp-bars" });
    this.picture = document.createElementNS(SVG, "svg");
    this.picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.picture.setAttribute("preserveAspectRatio", "none");
    this.picture.setAttribute("role", "img");
    this.top = element("span", { className: "sp-top" });
    this.foot = element("div", { className: "sp-row" }, element("span", { text: data.labels.start }), element("span", { text: data.labels.end }));
    this.curves = element("div", { className: "sp-curves" }, this.top, this.picture, this.foot);
    const className = data.settings.present ? "sp-live sp-class sp-present" : "sp-live sp-class";
    const sheets = data.css.map((href) => element("link", { rel: "stylesheet", href }));
    this.root = element("div", { className }, ...sheets, this.bars, this.curves);
    parent.append(this.root);
  }

  destroy() {
    this.root.remove();
  }

  update(data) {
    const { bars, curves, high, shares, labels } = data.answers;
    this.bars.hidden = bars.length === 0;
    this.curves.hidden = bars.length > 0;
    const most = Math.max(1, ...bars.map(({ count }) => count));
    while (this.bars.children.length > bars.length) this.bars.lastElementChild.remove();
    while (this.bars.children.length < bars.length) this.bars.append(bar());
    bars.forEach(({ label, count }, place) => {
      const [name, track, number] = this.bars.children[place].children;
      setText(name, label);
      setText(number, String(count));
      track.firstElementChild.style.width = `${(100 * count) / most}%`;
    });
    setText(this.top, labels.high);
    this.picture.setAttribute("aria-label", labels.curves);
    this.picture.replaceChildren(...curves.map((heights) => line(heights, shares, high)));
  }
}

function bar() {
  const track = element("span", { className: "sp-track" }, element("span", {}));
  return element("li", {}, element("span", { className: "sp-answer" }), track, element("span", { className: "sp-count" }));
}

function line(heights, shares, high) {
  const node = document.createElementNS(SVG, "polyline");
  const points = heights.map((height, place) => `${WIDTH * shares[place]},${HEIGHT * (1 - height / high)}`);
  node.setAttribute("points", points.join(" "));
  node.setAttribute("vector-effect", "non-scaling-stroke");
  return node;
}
