// A square of numbers with a caption, coloured by sign and size; with `onWrite` each can be typed.

import { element, setText } from "../live/dom.js";
import { short } from "../live/text.js";
import { shade } from "./pixels.js";

const MOST = 1e6;

function written(number) {
  return String(Number(number.toPrecision(4)));
}

export class Table {
  constructor(caption, onWrite) {
    this.onWrite = onWrite;
    this.caption = caption;
    this.grid = element("div", { className: "sp-unit-table", role: "group", label: caption });
    this.node = element("figure", {}, element("figcaption", { text: caption }), this.grid);
    this.cells = [];
  }

  draw(numbers, size, palette, isTyped = false) {
    const form = `${size} ${isTyped}`;
    if (form !== this.form) {
      this.form = form;
      this.cells = Array.from({ length: size * size }, (_, place) => (isTyped ? this.input(place, size) : element("span")));
      this.grid.style.gridTemplateColumns = `repeat(${size}, 1fr)`;
      this.grid.dataset.size = size > 5 ? "many" : "few";
      this.grid.replaceChildren(...this.cells);
    }
    this.shown = numbers;
    const most = numbers.reduce((largest, number) => Math.max(largest, Math.abs(number)), 0);
    this.cells.forEach((cell, place) => {
      const number = numbers[place];
      const strong = Math.abs(number) > 0.6 * most;
      cell.style.background = shade(number, 1.6 * most, palette.dark);
      cell.style.fontWeight = strong ? "600" : "";
      if (!isTyped) setText(cell, short(size > 5 ? Number(number.toFixed(3)) : number)); // Small cells hold three decimals.
      else if (document.activeElement !== cell) cell.value = written(number);
    });
  }

  input(place, size) {
    const label = `${this.caption} ${Math.floor(place / size) + 1}, ${(place % size) + 1}`;
    // What is no number, or so large that the sums overflow, changes nothing: the cell shows again what holds.
    const write = () => Math.abs(node.valueAsNumber) <= MOST && this.onWrite(place, node.valueAsNumber);
    const restore = () => this.shown && (node.value = written(this.shown[place]));
    const node = element("input", { type: "number", step: "any", min: -MOST, max: MOST, label, oninput: write, onblur: restore });
    return node;
  }
}
