// Colours and font of the page, from Streamlit's --st-* variables, so that light, dark and a school's own theme hold.

function channels(colour) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = colour;
  probe.fillRect(0, 0, 1, 1);
  return probe.getImageData(0, 0, 1, 1).data;
}

export function translucent(colour, alpha) {
  const [red, green, blue] = channels(colour);
  return `rgba(${red},${green},${blue},${alpha})`;
}

export function mixed(first, second, share) {
  const [a, b] = [channels(first), channels(second)];
  const part = [0, 1, 2].map((i) => Math.round(a[i] * (1 - share) + b[i] * share));
  return `rgb(${part.join(",")})`;
}

// The colour at a share 0 … 1 of a row of colours that are equally far apart.
function between(colours, share) {
  const at = Math.min(1, Math.max(0, share)) * (colours.length - 1);
  const below = Math.min(Math.floor(at), colours.length - 2);
  return mixed(colours[below], colours[below + 1], at - below);
}

// `slots`: what tells runs apart; `ramp`: the colours of runs that a number puts in an order.
export function palette(node, slots, ramp = null) {
  const style = getComputedStyle(node);
  const read = (name, otherwise) => style.getPropertyValue(`--st-${name}`).trim() || otherwise;
  const background = read("background-color", "#ffffff");
  const text = read("text-color", "#31333f");
  const [red, green, blue] = channels(background);
  const dark = 0.299 * red + 0.587 * green + 0.114 * blue < 128;
  const shade = dark ? "dark" : "light";
  const dashed = (slot) => Math.floor((slot ?? 0) / slots.length) % 2 === 1;
  const at = (slot) => slots[(slot ?? 0) % slots.length];
  return {
    background,
    text,
    dark,
    muted: mixed(text, background, 0.35),
    grid: mixed(text, background, 0.88),
    font: read("font", "sans-serif"),
    run: (slot) => at(slot)[shade],
    ramp: ramp?.[shade].map((colour, place, all) => [place / (all.length - 1), colour]),
    // A line of a comparison: its colour by its slot, or by its `share` of the range of the number; whether it has a dash.
    of: ({ slot, share }) => (share === null ? at(slot)[shade] : between(ramp[shade], share)),
    symbol: (slot) => at(slot).symbol,
    glyph: (slot) => at(slot).glyph,
    dashed,
    broken: ({ slot, share, fork }) => Boolean(fork) || (share === null && dashed(slot)),
  };
}
