// What a place on the loss surface is, from its gradient and its two extreme bends; and how noisy a gradient is.

// The gradient is small where following it along the steepest bend would win less than this share of the loss.
export const SMALL = 0.01;
// ... and as good as nothing here.
const NOTHING = 1e-6;
// A bend does not count beside another that is so much steeper.
const SLIGHT = 0.01;

// What a full step along the steepest bend would win, as a share of the loss: |g|² / (2 · bend · loss).
export function gain({ top, bottom, gradient_norm: slope, loss }) {
  const bend = Math.max(top, -bottom);
  if (slope === 0) return 0;
  return bend > 0 ? slope ** 2 / (2 * bend) / Math.abs(loss) : Infinity;
}

// "moving", "saddle", "nearly_saddle", "crest", "minimum", "nearly_minimum" or "flat".
export function verdictOf(found) {
  const { top, bottom, residual } = found;
  const won = gain(found);
  if (won > SMALL) return "moving";
  const isDown = -bottom > Math.max(residual, SLIGHT * top);
  const isUp = top > Math.max(residual, SLIGHT * -bottom);
  if (isDown && isUp) return won < NOTHING ? "saddle" : "nearly_saddle";
  if (isDown) return "crest";
  if (!isUp) return "flat";
  return bottom < -residual ? "nearly_minimum" : "minimum";
}

// Noise as a share of the gradient's length, from squares that are estimated; null where there is nothing to divide by.
export function noiseShare(noises, signals) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const signal = mean(signals);
  return noises.length && signal > 0 ? Math.sqrt(Math.max(0, mean(noises)) / signal) : null;
}

// Of a top bend beside the largest one that the learning rate bears: "below", "edge" or "above".
export function stability(top, limit) {
  if (top < 0.8 * limit) return "below";
  return top > 1.25 * limit ? "above" : "edge";
}
