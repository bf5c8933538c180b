// Thinning by step-aligned dyadic buckets: the same function as core/live/buckets.py, so that a page that has followed a
// run from its first update and one that has just been opened draw the same points.

const MAX_BUCKETS = 256;

// The smallest k for which the steps 0 … last fit into maxBuckets buckets of 2**k steps.
export function level(last, maxBuckets = MAX_BUCKETS) {
  let k = 0;
  for (let quotient = Math.floor(last / maxBuckets); quotient > 0; quotient = Math.floor(quotient / 2)) k += 1;
  return k;
}

// The end (exclusive) of the bucket that holds `step` in the cut of 0 … last.
function bucketEnd(step, last, k) {
  const size = 2 ** k;
  const length = last + 1;
  let start = Math.floor(length / size) * size;
  if (step < start) return (Math.floor(step / size) + 1) * size;
  for (let power = size / 2; power >= 1; power /= 2) {
    if (Math.floor(length / power) % 2 === 1) {
      start += power;
      if (step < start) return start;
    }
  }
  return length;
}

// {steps, values} with the first non-finite, lowest, highest and last row of every bucket; with `keepsLows` also every
// row below all before it, and with them when any target was first reached.
export function thin(column, { maxBuckets = MAX_BUCKETS, keepsLows = false } = {}) {
  const { steps, values } = column;
  const count = steps.length;
  const last = count ? steps[count - 1] : 0;
  const k = level(last, maxBuckets);
  if (k === 0) return column;
  const kept = { steps: [], values: [] };
  let row = 0;
  let low = Infinity;
  while (row < count) {
    const end = bucketEnd(steps[row], last, k);
    let broken = -1;
    let lowest = -1;
    let highest = -1;
    const lows = [];
    const begin = row;
    for (; row < count && steps[row] < end; row += 1) {
      const value = values[row];
      if (!Number.isFinite(value)) {
        if (broken < 0) broken = row;
        continue;
      }
      if (lowest < 0 || value < values[lowest]) lowest = row;
      if (highest < 0 || value > values[highest]) highest = row;
      if (keepsLows && value < low) lows.push(row);
      low = Math.min(low, value);
    }
    for (const chosen of [...new Set([broken, lowest, highest, ...lows, row - 1])].sort((a, b) => a - b)) {
      if (chosen < begin) continue;
      kept.steps.push(steps[chosen]);
      kept.values.push(values[chosen]);
    }
  }
  return kept;
}
