// Numbers and templates. Every word comes translated from the server; here only numbers are put in.

const NARROW = "\u202f";
const NO_BREAK = "\u00a0";

// "a {x} b" with x filled in.
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

// 1 234 567, thousands apart.
export function grouped(count) {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+(?!\d))/g, NARROW);
}

const LEAST_IN_FULL = 1e-4;
const ABOVE_FULL = 1e5;

function isInFull(value) {
  const size = Math.abs(Number(value.toPrecision(3)));
  return size === 0 || (size >= LEAST_IN_FULL && size < ABOVE_FULL);
}

// Three significant digits, e-notation for the very large and small.
export function short(value) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (!isInFull(value)) return value.toExponential(1).replace(".0e", "e").replace("e+", "e").replaceAll("-", "−");
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

// The numbers at the ticks of one axis, all in the same way: in full, or where one is too long for that as powers of ten.
export function alike(values) {
  if (values.every(isInFull)) return values.map(short);
  return values.map((value) => {
    const [factor, power] = value.toExponential(1).replace(".0e", "e").replace("e+", "e").replaceAll("-", "−").split("e");
    return value === 0 ? "0" : `${factor === "1" ? "" : `${factor}·`}10<sup>${power}</sup>`;
  });
}

// An epoch with at most one digit after the point.
export function epochs(value) {
  return Number.isFinite(value) ? String(Number(value.toFixed(value < 100 ? 1 : 0))) : "–";
}

// A share 0 … 1 as percent with one digit; it comes in 32 bits, in which 0.2625 lies a little below its half.
export function percent(share) {
  return Number.isFinite(share) ? `${signed(Number((100 * share).toPrecision(6)).toFixed(1))}${NO_BREAK}%` : short(share);
}

// A number with the sign that people write; what rounds to zero has none.
export function signed(text) {
  return text.replace(/^-(?=[0.]+$)/, "").replace("-", "−");
}

// 83 → 1:23
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const padded = String(rest).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${padded}` : `${minutes}:${padded}`;
}
