// Numbers as coloured squares on a canvas, with a frame of zeros around them and one place marked.

const [BLUE, RED] = [[33, 102, 172], [178, 24, 43]];

function blended(colour, share, paper) {
  return `rgb(${colour.map((part, i) => Math.round(part * share + paper[i] * (1 - share))).join(",")})`;
}

// Red below 0, blue above it as in the other pictures of the page, whose colour is 0.
export function shade(value, most, dark) {
  const share = Math.min(1, Math.abs(value) / (most || 1));
  return blended(value < 0 ? RED : BLUE, share, dark ? [20, 24, 27] : [255, 255, 255]);
}

export class Pixels {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
  }

  // `numbers` with their shape [rows, columns]; `pads` [before, after]: rows and columns of zeros; `marked` {row, column,
  // size} in the numbers' own places; `side`: CSS pixels for the longer side.
  draw(numbers, { pads = [0, 0], marked, side, palette }) {
    const [rows, columns] = numbers.shape;
    const [before, after] = pads;
    const [high, wide] = [rows + before + after, columns + before + after];
    const cell = side / Math.max(high, wide);
    const ratio = window.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: Math.round(wide * cell * ratio), height: Math.round(high * cell * ratio) });
    Object.assign(this.canvas.style, { width: `${wide * cell}px`, height: `${high * cell}px` });
    this.grid = { before, cell };
    const { pen } = this;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = palette.grid;
    pen.fillRect(0, 0, wide * cell, high * cell);
    const most = numbers.reduce((largest, number) => Math.max(largest, Math.abs(number)), 0);
    for (let i = 0; i < rows * columns; i += 1) {
      const [row, column] = [Math.floor(i / columns) + before, (i % columns) + before];
      pen.fillStyle = shade(numbers[i], most, palette.dark);
      // A little more than the square, so that no line of the page shines through between two.
      pen.fillRect(column * cell, row * cell, cell + 0.3, cell + 0.3);
    }
    if (!marked) return;
    const place = [(marked.column + before) * cell, (marked.row + before) * cell, marked.size * cell, marked.size * cell];
    for (const [width, colour] of [[5, palette.background], [2.5, palette.text]]) {
      Object.assign(pen, { lineWidth: width, strokeStyle: colour });
      pen.strokeRect(...place);
    }
  }

  // The row and column under a pointer.
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const { before, cell } = this.grid;
    return [event.clientY - box.top, event.clientX - box.left].map((distance) => Math.floor(distance / cell) - before);
  }
}
