// A sweep over one number in more steps than runs have colours: the number itself gives every line its colour.

import { largest, smallest } from "../live/axes.js";
import { alike } from "../live/text.js";

const MOST_SLOTS = 8;
const MOST_TICKS = 6;

// Where each variant stands in the range of the number that differs, 0 … 1; null for all that have a colour of their own.
export function shares({ number, variants }) {
  if (!isSweep({ number, variants })) return variants.map(() => null);
  const places = variants.map((variant) => place(variant.number, number));
  const [low, high] = [smallest(places), largest(places)];
  return places.map((found) => (found - low) / (high - low || 1));
}

// Whether so many variants differ in one number alone.
export function isSweep({ number, variants }) {
  return Boolean(number) && variants.length > MOST_SLOTS;
}

// At most `most` of some things, evenly from the first to the last.
export function spaced(things, most) {
  if (things.length <= most) return things;
  return Array.from({ length: most }, (_, i) => things[Math.round((i * (things.length - 1)) / (most - 1))]);
}

// The scale of the colours, as a trace that draws nothing else.
export function scaleTrace({ number, variants }, { palette, size }) {
  const numbers = variants.map((variant) => variant.number).sort((a, b) => a - b);
  const [low, high] = [numbers[0], numbers[numbers.length - 1]].map((value) => place(value, number));
  const marked = spaced(numbers, MOST_TICKS);
  return {
    uid: "scale",
    type: "scatter",
    mode: "markers",
    x: [null, null],
    y: [null, null],
    hoverinfo: "skip",
    showlegend: false,
    marker: {
      color: [low, high],
      cmin: low,
      cmax: high,
      colorscale: palette.ramp,
      showscale: true,
      colorbar: {
        title: { text: number.title, side: "right", font: { size, color: palette.muted } },
        thickness: size * 0.7,
        xpad: 0,
        x: 1,
        xref: "container",
        xanchor: "right",
        outlinewidth: 0,
        tickvals: marked.map((value) => place(value, number)),
        ticktext: alike(marked),
      },
    },
  };
}

function place(value, { scale }) {
  return scale === "log" ? Math.log10(value) : value;
}
