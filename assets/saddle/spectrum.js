// The bends in all directions as bars: down on the left, flat in the middle, up on the right. Both axes are logarithmic:
// few directions bend much, and most hardly at all.

import { largest } from "../live/axes.js";
import { Chart } from "../live/plot.js";
import { alike, fill, grouped } from "../live/text.js";
import { number } from "../surface/tables.js";

// What bends less than this share of the steepest is called flat.
const FLAT = 1e-3;
const DECADES = 3;
const WIDTH = 0.2; // of a bar, in decades
const HALF = WIDTH / 2;
const LEAST = 0.5;
// So many letters' heights from one number at an axis to the next.
const TICK = 3;

// Where a bend stands on the axis, in decades from the flat bar in the middle.
export function placeOf(bend, flat) {
  return Math.abs(bend) < flat ? 0 : Math.sign(bend) * (HALF + Math.log10(Math.abs(bend) / flat));
}

// How many of `count` directions each bar stands for: {flat, bars: [{place, low, high, count}]}, low to high.
export function binned({ eigenvalues, shares }, count) {
  const values = Array.from(eigenvalues);
  const flat = FLAT * largest(values.map(Math.abs)) || Number.MIN_VALUE;
  const bars = new Map();
  values.forEach((value, row) => {
    const step = Math.sign(placeOf(value, flat)) * Math.ceil((Math.abs(placeOf(value, flat)) - HALF) / WIDTH - 1e-9 || 0);
    bars.set(step, (bars.get(step) ?? 0) + shares[row] * count);
  });
  const edge = (step) => flat * 10 ** (WIDTH * step);
  return {
    flat,
    bars: [...bars].sort(([a], [b]) => a - b).map(([step, sum]) => {
      const [near, far] = step === 0 ? [-flat, flat] : [edge(Math.max(0, Math.abs(step) - 1)), edge(Math.abs(step))];
      return { place: step * WIDTH, low: step < 0 ? -far : near, high: step < 0 ? -near : far, count: sum };
    }),
  };
}

export class Spectrum extends Chart {
  drawSpectrum(found, facts) {
    const { palette, labels, size } = this.context;
    const { flat, bars } = binned(found.spectrum, facts.num_parameters);
    const kind = ({ place }) => ["down", "flat", "up"][Math.sign(place) + 1];
    const colours = { down: palette.run(1), flat: palette.muted, up: palette.run(0) };
    const trace = {
      uid: "bends",
      type: "bar",
      x: bars.map(({ place }) => place),
      // A few products tell how many are alike only roughly; where they have found a bend there is at least one.
      y: bars.map(({ count }) => Math.max(1, count)),
      width: WIDTH * 0.9,
      marker: { color: bars.map((bar) => colours[kind(bar)]) },
      customdata: bars.map((bar) => fill(labels.bar, { kind: labels[kind(bar)], count: grouped(Math.max(1, bar.count)), low: number(bar.low), high: number(bar.high) })),
      hovertemplate: "%{customdata}<extra></extra>",
    };
    const ceiling = Math.ceil(Math.log10(Math.max(10, largest(bars.map(({ count }) => count)))) + 0.2);
    const counts = Array.from({ length: ceiling + 1 }, (_, power) => 10 ** power);
    const first = Math.ceil(Math.log10(flat));
    const reach = DECADES + 2 * WIDTH;
    // A number that would touch the 0 is left out.
    const room = (TICK * size * 2 * reach) / this.node.clientWidth;
    const isRoomy = (power) => power <= flat / FLAT && placeOf(power, flat) > room;
    const powers = Array.from({ length: DECADES }, (_, row) => Number(`1e${first + row}`)).filter(isRoomy);
    const texts = alike(powers);
    return this.draw(
      [trace],
      {
        margin: { t: size * 1.8 },
        bargap: 0,
        xaxis: {
          mode: "bend",
          range: [-reach, reach],
          title: { text: labels.axis_bend, standoff: 4 },
          zeroline: false,
          tickangle: 0,
          tickvals: [...powers.map((power) => -placeOf(power, flat)), 0, ...powers.map((power) => placeOf(power, flat))],
          ticktext: [...texts.map((text) => `−${text}`), "0", ...texts],
        },
        yaxis: { mode: "count", type: "log", range: [Math.log10(LEAST), ceiling], title: { text: labels.axis_count, standoff: 4 }, tickvals: counts, ticktext: alike(counts) },
        annotations: [-1, 0, 1].map((side) => ({ x: (side * reach) / 2, yref: "paper", y: 1, yanchor: "bottom", showarrow: false, text: labels[kind({ place: side })], font: { size, color: colours[kind({ place: side })] } })),
      },
      labels.summary_spectrum,
    );
  }
}
