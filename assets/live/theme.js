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

export function palette(node, slots) {
  const style = getComputedStyle(node);
  const read = (name, otherwise) => style.getPropertyValue(`--st-${name}`).trim() || otherwise;
  const background = read("background-color", "#ffffff");
  const text = read("text-color", "#31333f");
  const [red, green, blue] = channels(background);
  const dark = 0.299 * red + 0.587 * green + 0.114 * blue < 128;
  return {
    background,
    text,
    dark,
    muted: mixed(text, background, 0.35),
    grid: mixed(text, background, 0.88),
    font: read("font", "sans-serif"),
    run: (slot) => slots[(slot ?? 0) % slots.length][dark ? "dark" : "light"],
    dashed: (slot) => Math.floor((slot ?? 0) / slots.length) % 2 === 1,
  };
}
