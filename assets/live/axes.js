// From steps to what stands on the horizontal axis: epochs, updates, or seconds of training.

const FIRST = { steps: [0], values: [0] };

// A function from step to position, for "epoch", "update" or "seconds".
export function positions(data, mode) {
  if (mode === "update") return (step) => step;
  if (mode === "epoch") return epochsOf(data.meta);
  const fine = data.column("update", "train_s");
  const clock = fine.steps.length ? fine : data.column("evaluation", "train_s");
  const steps = FIRST.steps.concat(clock.steps);
  const seconds = FIRST.values.concat(clock.values);
  return (step) => interpolated(steps, seconds, step);
}

// A function from step to passes over the data: in stretches where the batch size has changed on the way.
export function epochsOf(meta) {
  const stretches = meta.stretches?.length ? meta.stretches : [[0, 0, meta.steps_per_epoch || 1]];
  return (step) => {
    const [start, passes, each] = stretches.findLast(([first]) => first <= step) ?? stretches[0];
    return passes + (step - start) / each;
  };
}

// Linear between the known steps, the nearest value outside.
export function interpolated(steps, values, step) {
  let low = 0;
  let high = steps.length - 1;
  if (step <= steps[low]) return values[low];
  if (step >= steps[high]) return values[high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (steps[middle] <= step) low = middle;
    else high = middle;
  }
  const share = (step - steps[low]) / (steps[high] - steps[low]);
  return values[low] + share * (values[high] - values[low]);
}

// How far the axis reaches: to the planned end, so that a curve grows into a picture that stands still.
export function extent(data, mode) {
  const done = Math.max(data.lastStep("update"), data.lastStep("evaluation"), 0);
  const planned = Math.max(data.meta.num_steps || 0, done, 1);
  const at = positions(data, mode);
  // What happened before a divergence is all there is to see.
  if (mode !== "seconds") return [0, at(data.meta.state === "diverged" ? Math.min(planned, Math.max(1, 1.25 * done)) : planned)];
  return [0, Math.max(at(done) * 1.02, 0.01)];
}

// The smallest round number not below a value: 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten.
function roundedUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= value * 0.9999) * power;
}

// The range of a vertical axis that holds the values: from 0 when linear, in half decades when logarithmic.
export function verticalRange(values, scale, fallback) {
  const finite = values.filter((value) => Number.isFinite(value));
  if (scale === "log") {
    const positive = finite.filter((value) => value > 0);
    if (!positive.length) return [Math.log10(fallback) - 2, Math.log10(fallback)];
    const low = Math.floor(2 * Math.log10(smallest(positive) * 0.85)) / 2;
    const high = Math.ceil(2 * Math.log10(largest(positive) * 1.1)) / 2;
    return [low, Math.max(high, low + 0.5)];
  }
  const top = largest(finite);
  const bottom = Math.min(0, smallest(finite));
  return [Number.isFinite(bottom) ? bottom : 0, top > 0 ? roundedUp(top * 1.06) : fallback];
}

// The same for errors: shares of wrong answers, in per cent, end at 100.
export function errorRange(values, scale, inPercent) {
  const [low, high] = verticalRange(values, scale, inPercent ? 100 : 1);
  return [low, inPercent ? Math.min(high, scale === "log" ? 2 : 100) : high];
}

// Move sorted ends, highest first, at least `gap` apart, and keep them all inside.
export function apart(ends, gap) {
  ends.forEach((end, i) => {
    const above = i ? ends[i - 1].share - gap : 1 - gap / 2;
    end.share = Math.min(end.share, above);
  });
  for (let i = ends.length - 1; i >= 0; i -= 1) {
    const below = i === ends.length - 1 ? gap / 2 : ends[i + 1].share + gap;
    ends[i].share = Math.max(ends[i].share, below);
  }
}

export function smallest(values) {
  return values.reduce((least, value) => (value < least ? value : least), Infinity);
}

export function largest(values) {
  return values.reduce((most, value) => (value > most ? value : most), -Infinity);
}
