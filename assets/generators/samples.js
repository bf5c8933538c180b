// A row of samples for each class, each beside the training image nearest to it, and a slider over the kept grids.

import { element, setAttribute, setText } from "../live/dom.js";
import { fill, grouped } from "../live/text.js";
import { paint } from "../live/thumbnails.js";

export class Samples {
  constructor(labels) {
    this.labels = labels;
    this.chosen = null; // An update; null follows the newest grid.
    this.slider = element("input", { type: "range", min: 0, label: labels.moment, oninput: () => this.choose() });
    this.moment = element("output");
    this.rows = element("div", { className: "sp-classes" });
    this.node = element("div", { className: "sp-made" }, element("div", { className: "sp-moment" }, this.slider, this.moment), this.rows);
  }

  choose() {
    const place = Number(this.slider.value);
    this.chosen = place === this.grids.length - 1 ? null : this.grids[place].step;
    this.refresh();
  }

  // `grids`: by update. The one that is shown.
  draw(grids, refresh) {
    Object.assign(this, { grids, refresh });
    const found = grids.findIndex(({ step }) => step === this.chosen);
    const place = found < 0 ? grids.length - 1 : found;
    const grid = grids[place];
    this.slider.max = grids.length - 1;
    this.slider.value = place;
    setText(this.moment, fill(this.labels.after_update, { step: grouped(grid.step) }));
    if (this.drawn !== grid) this.fill(grid);
    this.drawn = grid;
    return grid;
  }

  fill(grid) {
    const each = grid.images.shape[0] / grid.class_names.length;
    if (this.rows.childElementCount !== grid.class_names.length) this.rows.replaceChildren(...grid.class_names.map((name) => row(name, each)));
    const longest = Math.max(...grid.class_names.map((name) => name.length));
    this.rows.style.setProperty("--sp-rows", grid.class_names.length);
    this.rows.style.setProperty("--sp-name", `${Math.min(5, 0.4 + 0.7 * longest)}em`);
    [...this.rows.children].forEach((node, place) => {
      [...node.querySelectorAll("figure")].forEach((figure, column) => {
        const index = place * each + column;
        const [sample, nearest, caption] = figure.children;
        paint(sample, grid.images, index);
        paint(nearest, grid.nearest, index);
        const distance = grid.distances[index].toFixed(2);
        setText(caption, distance);
        const said = fill(this.labels.pair, { name: grid.class_names[place], distance });
        setAttribute(figure, "aria-label", said);
        setAttribute(figure, "title", said);
      });
    });
  }
}

function row(name, count) {
  const picture = () => element("canvas", { "aria-hidden": "true" });
  const pair = () => element("figure", { role: "img" }, picture(), picture(), element("figcaption"));
  return element("div", { className: "sp-of-class" }, element("span", { className: "sp-name", text: name, title: name }), ...Array.from({ length: count }, pair));
}
