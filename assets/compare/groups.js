// The lines of a comparison: one a variant, with all its seeds behind it, and one a branch. Nothing is drawn here.

import { interpolated, positions } from "../live/axes.js";
import { short } from "../live/text.js";
import { shares } from "./sweep.js";

const NOTHING = { steps: [], low: [], mid: [], high: [] };
const MOST_STEPS = 240;

// One line: `runs` are RunData of the same variant, a seed each; a branch has one run, and says where it left `parent`.
// Its colour is that of `slot`, or that of `share` where a number gives the colours.
export class Group {
  constructor({ key, name, differs = name, slot, share = null, variant = null, fork = null, facts = {} }) {
    Object.assign(this, { key, name, differs, slot, share, variant, fork, facts, runs: [] });
  }

  get first() {
    return this.runs[0];
  }

  // The name where many stand side by side: where a number gives the colours, that number.
  get brief() {
    return this.share === null || this.fork ? this.name : short(this.facts.number);
  }

  get loaded() {
    return this.runs.some((run) => run.loaded);
  }

  get state() {
    const states = this.runs.map((run) => run.meta.state).filter(Boolean);
    return ["running", "queued", "paused", "failed", "diverged", "interrupted", "stopped", "finished"].find((state) => states.includes(state)) ?? "";
  }

  get active() {
    return this.runs.some((run) => ["running", "queued", "paused"].includes(run.meta.state));
  }

  lastStep() {
    return Math.max(0, ...this.runs.map((run) => Math.max(run.lastStep("update"), run.lastStep("evaluation"))));
  }

  // {steps, low, mid, high} over the seeds of what `read(run)` gives as {steps, values}.
  over(read) {
    const columns = this.runs.filter((run) => run.loaded).map(read).filter((column) => column.steps.length);
    if (!columns.length) return NOTHING;
    if (columns.length === 1) {
      const [{ steps, values }] = columns;
      return { steps, low: values, mid: values, high: values };
    }
    const steps = thinned([...new Set(columns.flatMap((column) => column.steps))].sort((a, b) => a - b));
    const rows = steps.map((step) =>
      columns
        .filter((column) => step >= column.steps[0] && step <= column.steps[column.steps.length - 1])
        .map((column) => interpolated(column.steps, column.values, step))
        .filter(Number.isFinite),
    );
    const place = (share) => rows.map((row) => (row.length ? quantile(row, share) : NaN));
    return { steps, low: place(0), mid: place(0.5), high: place(1) };
  }
}

// The share-th smallest of some numbers, linear between two.
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at - Math.floor(at));
}

// {low, mid, high, count} of some numbers; what is not finite does not count.
export function spread(numbers) {
  const finite = numbers.filter(Number.isFinite);
  if (!finite.length) return { low: NaN, mid: NaN, high: NaN, count: 0 };
  return { low: quantile(finite, 0), mid: quantile(finite, 0.5), high: quantile(finite, 1), count: finite.length };
}

// The same, but what is without end counts: a run that diverged, or never got there, is worse than any other.
export function ranked(numbers) {
  const sorted = numbers.filter((number) => !Number.isNaN(number)).sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return { low: sorted[0], mid: (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2, high: sorted[sorted.length - 1], count: sorted.length };
}

function thinned(steps) {
  const every = Math.ceil(steps.length / MOST_STEPS);
  return every <= 1 ? steps : steps.filter((_, row) => row % every === 0 || row === steps.length - 1);
}

// From steps to the horizontal axis; a gradient evaluation is the gradient of one training sample, and some optimizers
// compute several in an update.
export function placing(run, mode) {
  if (mode !== "gradients") return positions(run, mode);
  const { num_train: samples, steps_per_epoch: each, gradients_per_update: times = 1 } = run.meta;
  const at = positions(run, "epoch");
  return samples && each ? (step) => at(step) * samples * times : (step) => step;
}

// The groups of what is compared: `lanes` as the server names them, `settings` and `forks` as the page knows them.
export function grouped({ lanes, settings, forks }, runOf) {
  const scale = shares(settings);
  const differs = differences(settings.variants.map(({ name }) => name));
  const groups = settings.variants.map((facts, place) => new Group({ key: `v${place}`, name: facts.name, differs: differs[place], slot: facts.slot ?? place, share: scale[place], variant: place, facts }));
  for (const lane of lanes) {
    const group = groups[lane.variant];
    if (!group) continue;
    if (lane.slot !== undefined && lane.slot !== null) group.slot = lane.slot;
    group.runs.push(runOf(lane.run));
  }
  for (const fork of forks) {
    const parent = groups.find((group) => group.runs.some(({ run }) => run === fork.parent));
    const made = new Group({ key: `f${fork.run}`, name: fork.name, slot: fork.slot, share: parent?.share ?? null, variant: parent?.variant ?? null, fork, facts: { ...parent?.facts, parameters: parent?.facts.parameters } });
    made.runs.push(runOf(fork.run));
    groups.splice(parent ? lastOf(groups, parent) + 1 : groups.length, 0, made);
  }
  return groups;
}

// Names without the words with which all of them begin: where there is little room what differs is left.
export function differences(names) {
  const words = names.map((name) => name.split(" "));
  const most = Math.min(...words.map(({ length }) => length)) - 1;
  const same = words[0]?.findIndex((word, place) => place >= most || words.some((others) => others[place] !== word));
  return words.map((own) => own.slice(same).join(" "));
}

// The place of the last branch that hangs from a group, directly or not; its own without one.
function lastOf(groups, parent) {
  let last = groups.indexOf(parent);
  const family = new Set(parent.runs.map(({ run }) => run));
  groups.forEach((group, place) => {
    if (!group.fork || !family.has(group.fork.parent)) return;
    family.add(group.first.run);
    last = Math.max(last, place);
  });
  return last;
}

// The rate with which a group's first run began, NaN before its first update.
export function firstRate(group) {
  const { values } = group.first ? group.first.column("update", "lr") : { values: [] };
  return values.length ? values[0] : (group.first?.meta.lr ?? NaN);
}
