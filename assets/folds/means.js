// Means over the folds: nothing is drawn here.

import { interpolated } from "../live/axes.js";

const NOTHING = { steps: [], mean: [], low: [], high: [] };
const MOST_STEPS = 240;

// Mean and sample standard deviation of the finite ones of some numbers.
export function meanOf(numbers) {
  const finite = numbers.filter(Number.isFinite);
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (finite.length - 1)), count: finite.length };
}

// {steps, mean, low, high} of columns {steps, values}, as far as all of them reach; low and high lie one standard
// deviation about the mean. Where columns were thinned, each is read between its steps.
export function meanCurve(columns) {
  const reach = Math.min(...columns.map(({ steps }) => steps[steps.length - 1]));
  const all = [...new Set(columns.flatMap(({ steps }) => steps))].filter((step) => step <= reach).sort((a, b) => a - b);
  if (!all.length) return NOTHING;
  const every = Math.ceil(all.length / MOST_STEPS);
  const steps = all.filter((_, row) => row % every === 0 || row === all.length - 1);
  const found = steps.map((step) => meanOf(columns.map((column) => interpolated(column.steps, column.values, step))));
  return {
    steps,
    mean: found.map(({ mean }) => mean),
    low: found.map(({ mean, deviation }) => Math.max(0, mean - deviation)),
    high: found.map(({ mean, deviation }) => mean + deviation),
  };
}
