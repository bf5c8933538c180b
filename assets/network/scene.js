// The sheet in three dimensions and the paths at their true loss, with stems down or up to the sheet.

import { Space } from "../surface/space.js";
import { endsOf, FAINT, lossTicks, ticksAt } from "./picture.js";

// Paths lie above their height by this share of the picture's, or the drawing would lose half of a line on the sheet.
const LIFT = 0.012;
const HERE_LIFT = 0.05;
const LETTER_LIFT = 0.04;
// What lies below the sheet shines through it.
const OPACITY = 0.85;

export class NetworkScene extends Space {
  // `whole`: as on the map.
  drawPicture(picture, heights, { misses, axes, whole }) {
    const { labels } = this.context;
    const [low, high] = heights.sheet;
    const [bottom, top] = heights.range;
    const { x, y } = picture;
    const z = picture.z.map((row) => row.map(heights.to));
    const rest = whole.map((path) => ({ ...this.path(path, heights, false)[0], uid: `rest-${path.run}`, opacity: FAINT }));
    const paths = picture.paths.flatMap((path) => this.path(path, heights, misses));
    const layout = this.space({
      x: { title: axes[0], range: [x[0], x[x.length - 1]] },
      y: { title: axes[1], range: [y[0], y[y.length - 1]] },
      z: { title: labels[heights.isLog ? "loss_log" : "loss"], range: [bottom, top + LIFT * (top - bottom)], ...(heights.isLog && ticksAt(lossTicks(heights.range), heights.to)) },
    });
    return this.draw([{ ...this.sheet({ x, y, z, low, high }), opacity: OPACITY }, ...rest, ...paths, this.here(picture, heights), ...this.letters(picture, heights)], layout, labels.summary_scene);
  }

  // The cross at the network.
  here({ middle }, heights) {
    const { palette, size } = this.context;
    return { uid: "here", type: "scatter3d", mode: "text", x: [0], y: [0], z: [shownHeight(heights, middle, HERE_LIFT)], text: ["<b>✕</b>"], textposition: "middle center", textfont: { size: 1.6 * size, color: palette.text }, hoverinfo: "skip" };
  }

  // A letter at the end of every path; each a trace, because Plotly loses sizes and places of several texts in one.
  letters(picture, heights) {
    const { palette, size } = this.context;
    const { x, y, losses, text, textposition } = endsOf(picture);
    return picture.paths.map(({ run, slot }, row) => ({
      uid: `letter-${run}`,
      type: "scatter3d",
      mode: "text",
      x: [x[row]],
      y: [y[row]],
      z: [shownHeight(heights, losses[row], LETTER_LIFT)],
      text: [text[row]],
      textposition: textposition[row],
      textfont: { size: 1.2 * size, color: palette.run(slot) },
      hoverinfo: "skip",
    }));
  }

  // A path and its stems.
  path({ run, slot, points }, heights, misses) {
    const { palette, present } = this.context;
    const color = palette.run(slot);
    const wide = present ? 1.6 : 1;
    const z = points.map(({ loss }) => shownHeight(heights, loss, LIFT));
    const common = { type: "scatter3d", hoverinfo: "skip" };
    const line = {
      ...common,
      uid: `path-${run}`,
      mode: "lines+markers",
      x: points.map((point) => point.x),
      y: points.map((point) => point.y),
      z,
      line: { color, width: 5 * wide, dash: palette.dashed(slot) ? "dash" : "solid" },
      marker: { color, size: 4 * wide, symbol: points.map(({ isOff }) => (isOff ? "circle-open" : "circle")) },
    };
    const stems = {
      ...common,
      uid: `stems-${run}`,
      mode: "lines",
      visible: misses,
      x: points.flatMap((point) => [point.x, point.x, null]),
      y: points.flatMap((point) => [point.y, point.y, null]),
      z: points.flatMap((point, at) => [z[at], z[at] === null ? null : shownHeight(heights, point.sheet, LIFT), null]),
      line: { color, width: 2.5 * wide },
    };
    return [line, stems];
  }
}

// Where a loss is drawn, by a share of the picture above its height; null where that is not in the picture.
function shownHeight({ to, range: [bottom, top] }, loss, lift) {
  const height = to(loss);
  return height !== null && height >= bottom && height <= top ? height + lift * (top - bottom) : null;
}
