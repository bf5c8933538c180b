// The sheet seen from above, with the paths on it: hollow marks lie off the sheet.

import { escaped } from "../compare/race_chart.js";
import { fill, grouped } from "../live/text.js";
import { Chart } from "../live/plot.js";
import { mixed } from "../live/theme.js";
import { ground } from "../surface/map.js";
import { number } from "../surface/tables.js";
import { endsOf, FAINT } from "./picture.js";

const LEVELS = 15;

export class NetworkMap extends Chart {
  // `whole`: the paths of the run, of which the picture has those up to the moment that is watched.
  drawPicture(picture, heights, { axes, whole }) {
    const { palette, size, labels } = this.context;
    const { x, y } = picture;
    const [low, high] = heights.sheet;
    const spacing = (high - low) / LEVELS || 1;
    const contour = {
      uid: "sheet",
      type: "contour",
      x,
      y,
      z: picture.z.map((row) => row.map(heights.to)),
      colorscale: ground(palette),
      zmin: low,
      zmax: high,
      showscale: false,
      hoverinfo: "skip",
      contours: { start: low + spacing / 2, end: high, size: spacing, coloring: "fill" },
      line: { width: 0.8, color: mixed(palette.text, palette.background, 0.6) },
    };
    const axis = (values, title) => ({ mode: "map", range: [values[0], values[values.length - 1]], zeroline: false, showgrid: false, nticks: 6, title: { text: title, standoff: 4 } });
    const layout = { margin: { t: size, r: size, l: size * 4.4, b: size * 3 }, xaxis: axis(x, axes[0]), yaxis: axis(y, axes[1]) };
    const rest = whole.map((path) => ({ ...this.path(path), uid: `rest-${path.run}`, opacity: FAINT }));
    return this.draw([contour, ...rest, ...picture.paths.map((path) => this.path(path)), this.letters(picture)], layout, labels.summary_map);
  }

  // The cross at the network, and a letter at the end of every path.
  letters(picture) {
    const { palette, size } = this.context;
    const { x, y, text, textposition } = endsOf(picture);
    return {
      uid: "letters",
      type: "scatter",
      mode: "text",
      x: [...x, 0],
      y: [...y, 0],
      text: [...text, "<b>✕</b>"],
      textposition: [...textposition, "middle center"],
      textfont: { size: size * 1.2, color: [...picture.paths.map(({ slot }) => palette.run(slot)), palette.text] },
      hoverinfo: "skip",
    };
  }

  path({ run, name, slot, points }) {
    const { palette, labels, present } = this.context;
    const color = palette.run(slot);
    const wide = present ? 1.6 : 1;
    return {
      uid: `path-${run}`,
      type: "scatter",
      mode: "lines+markers",
      name: escaped(name),
      x: points.map((point) => point.x),
      y: points.map((point) => point.y),
      line: { color, width: 2 * wide, dash: palette.dashed(slot) ? "dash" : "solid" },
      marker: { color, size: 7 * wide, symbol: points.map(({ isOff }) => (isOff ? "circle-open" : "circle")), line: { width: 1.5 * wide } },
      text: points.map(({ step, loss, sheet }) => escaped(fill(labels.point, { step: grouped(step), loss: number(loss), sheet: number(sheet) }))),
      hovertemplate: "%{text}<extra>%{fullData.name}</extra>",
    };
  }
}
