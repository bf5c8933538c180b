// The pictures in words: how far they can be trusted, and what they show.

import { largest, smallest } from "../live/axes.js";
import { fill, grouped, percent } from "../live/text.js";
import { number } from "../surface/tables.js";
import { lossNear } from "./line.js";
import { beyond, largestMiss, slopeAt } from "./picture.js";

const DIGITS = 5;
// Of the two losses at X nobody sees a difference that is smaller than this share of them.
const EQUAL = 1e-4;
// An update came to rest at the bottom where it stopped so near it, as a share of its length.
const LANDED = 0.05;

// Two losses that are to be equal, with as many digits as show it.
function digits(loss) {
  return Number.isFinite(loss) ? String(Number(loss.toPrecision(DIGITS))).replace("-", "−") : "–";
}

// Where the network stands in the picture: its loss, and the height drawn there.
export function hereWords({ step, facts }, picture, labels) {
  if (!facts) return [];
  const { middle } = picture ?? { middle: NaN };
  const isEqual = Math.abs(middle - facts.loss) <= EQUAL * Math.max(Math.abs(middle), Math.abs(facts.loss));
  const height = fill(labels[isEqual ? "height_equal" : "height_other"], { height: digits(middle), loss: digits(facts.loss) });
  return [fill(labels.here, { step: grouped(step) }), ...(picture ? [height] : []), fill(labels.two_of, { count: grouped(facts.num_parameters) })];
}

// On what is measured, and how. What is done with the statistics of batch normalization along a line is said in its notes.
export function measuredWords({ facts, notes = [], kind }, labels) {
  if (!facts) return notes;
  const values = { count: grouped(facts.num_samples), error: number(facts.standard_error), hash: facts.sample_hash.slice(0, 8) };
  const sample = fill(labels[samplingOf(facts.standard_error)], values);
  return [sample, kind === "line" && facts.batch_norm === "frozen" ? "" : labels[`norm_${facts.batch_norm ?? "none"}`], facts.with_penalty ? labels.penalty_in : "", ...notes].filter(Boolean);
}

function samplingOf(error) {
  if (error === 0) return "sampling_whole";
  return Number.isFinite(error) ? "sampling" : "sampling_unknown";
}

// How much of the paths lies on the sheet, and how far the rest is from it.
export function trustWords(meta, picture, heights, labels) {
  const share = meta.explained_variance;
  const miss = largestMiss(picture);
  const hidden = beyond(picture, heights);
  return [
    Number.isFinite(share) ? fill(labels.explained, { share: percent(share) }) : "",
    miss ? fill(labels.miss, { miss: number(miss.miss), name: miss.name, step: grouped(miss.step) }) : "",
    hidden ? fill(labels.beyond, { count: grouped(hidden) }) : "",
  ].filter(Boolean);
}

// What the plane is, and what is seen on it.
export function planeWords(picture, labels) {
  const { plane, z, middle } = picture;
  const losses = z.flat().filter((loss) => Number.isFinite(loss));
  const relief = fill(labels.relief, { low: digits(smallest(losses)), high: digits(largest(losses)), here: digits(middle) });
  const slope = () => fill(labels.slope, { slope: number(Math.hypot(...slopeAt(picture))) });
  if (plane.kind === "hessian") return [...bends(plane, labels), slope(), relief];
  return [labels[`words_${plane.kind}`], relief];
}

function bends({ eigenvalues }, labels) {
  if (!eigenvalues) return [labels.words_hessian];
  const [down, up] = eigenvalues;
  const verdict = down < 0 && up > 0 ? labels.bends_both : down >= 0 ? labels.bends_up : labels.bends_down;
  return [fill(labels.bends, { down: number(down), up: number(up) }), verdict];
}

// What a line shows.
export function lineWords(line, labels) {
  if (line.kind === "between") {
    const isOver = line.barrier > (line.standard_error || 0);
    const verdict = !Number.isFinite(line.barrier) ? "beyond_barrier" : isOver ? "barrier" : "no_barrier";
    return [fill(labels[verdict], { barrier: number(Math.max(0, line.barrier)), first: line.names[0], second: line.names[1] }), labels.barrier_rule];
  }
  const { bottom } = line;
  const [begun, landed] = [0, 1].map((place) => digits(lossNear(line, place)));
  const values = { step: grouped(line.step), before: begun, loss: landed };
  const verdict = bottom && (bottom.is_inside ? rest(bottom.t) : "no_bottom");
  const found = bottom ? [fill(labels[verdict], { t: number(bottom.t), bottom: digits(bottom.loss) })] : [];
  return [fill(labels.update_landed, values), ...found, labels.update_rule];
}

function rest(place) {
  if (Math.abs(place - 1) <= LANDED) return "just_right";
  return place > 1 ? "too_short" : "too_far";
}
