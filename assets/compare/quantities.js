// What the main chart can show, and how a run's columns become it.

import { epochsOf, interpolated } from "../live/axes.js";
import { layersOf } from "../live/gradients.js";

export const QUANTITIES = ["error", "training", "both", "loss", "batch", "gradient", "ratio", "rate"];
const MOST_STEPS = 200;

const column = (group, name) => (run) => run.column(group, name);
const scaled = (read, factor) => (run) => {
  const { steps, values } = read(run);
  return factor === 1 ? { steps, values } : { steps, values: values.map((value) => value * factor) };
};
const fromLog = (read) => (run) => {
  const { steps, values } = read(run);
  return { steps, values: values.map((value) => 10 ** value) };
};

// {main, thin, gap, title, percent, target}: the thick line, the thin dashed one or null, whether the space between is
// shaded, whether the target can be drawn.
export function quantity(name, regression) {
  const factor = regression ? 1 : 100;
  const error = (split) => scaled(column("evaluation", `${split}/error`), factor);
  const errors = { percent: !regression, title: regression ? "axis_relative_error" : "axis_error_percent", guess: "guess_error", factor };
  switch (name) {
    case "training":
      return { ...errors, main: error("train"), thin: null, dashed: true };
    case "both":
      return { ...errors, main: error("validation"), thin: error("train"), gap: true, target: true };
    case "loss":
      return { main: column("evaluation", "validation/loss"), thin: column("evaluation", "train/loss"), title: "axis_loss", guess: "guess_loss", factor: 1 };
    case "batch":
      return { main: column("update", "batch/loss"), thin: null, title: "axis_batch_loss", factor: 1 };
    case "gradient":
      return { main: fromLog(column("update", "gradient_norm/total")), thin: null, title: "axis_gradient", factor: 1, always: "log" };
    case "ratio":
      return { main: updateRatio, thin: null, title: "axis_ratio", factor: 1, always: "log" };
    case "rate":
      return { main: column("update", "lr"), thin: null, title: "learning_rate", factor: 1, stepped: true };
    default:
      return { ...errors, main: error("validation"), thin: null, target: true };
  }
}

// Size of an update ÷ size of the weights over all layers, from the layers' own: ‖Δ‖² = Σ (ratio·‖w‖)².
function updateRatio(run) {
  const layers = layersOf(run);
  const ratios = layers.map((layer) => run.column("update", `update_ratio/${layer}`));
  const weights = layers.map((layer) => run.column("update", `weight_norm/${layer}`));
  const all = ratios[0]?.steps ?? [];
  const every = Math.max(1, Math.ceil(all.length / MOST_STEPS));
  const steps = all.filter((_, row) => row % every === 0 || row === all.length - 1);
  const values = steps.map((step) => {
    let moved = 0;
    let size = 0;
    for (let i = 0; i < layers.length; i += 1) {
      const weight = 10 ** interpolated(weights[i].steps, weights[i].values, step);
      const update = 10 ** interpolated(ratios[i].steps, ratios[i].values, step) * weight;
      if (Number.isFinite(update)) moved += update * update;
      size += weight * weight;
    }
    return Math.sqrt(moved / size);
  });
  return { steps, values };
}

// What came out of one run: errors as fractions, those of the weights it has ended with, which early stopping may have put
// back. One that diverged has ended with nothing, whatever it had reached before.
export function outcome(run) {
  const { steps, values } = run.column("evaluation", "validation/error");
  let best = null;
  values.forEach((value, row) => {
    if (Number.isFinite(value) && steps[row] > 0 && (best === null || value < best.value)) best = { step: steps[row], value };
  });
  const ended = (split) => run.meta.ends_with?.[split] ?? run.newest("evaluation", `${split}/error`);
  const [last, training] = run.meta.state === "diverged" ? [Infinity, NaN] : [ended("validation"), ended("train")];
  const step = Math.max(run.lastStep("update"), run.lastStep("evaluation"), 0);
  const seconds = run.newest("update", "train_s");
  const bestEpoch = best && run.meta.steps_per_epoch ? epochsOf(run.meta)(best.step) : NaN;
  return { last, training, gap: last - training, best: best?.value ?? NaN, bestEpoch, seconds, step };
}

// The first update after which a run's validation error is at most `target`; Infinity when it never was, NaN before it was
// measured. Errors come as float32, and 0.1 is a little more as one.
export function updatesTo(run, target) {
  const { steps, values } = run.column("evaluation", "validation/error");
  const row = values.findIndex((value) => value <= Math.fround(target));
  return row < 0 ? (values.length ? Infinity : NaN) : steps[row];
}
