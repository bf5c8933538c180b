// The curvature in words: at one update, and while the network trains.

import { fill, grouped, percent } from "../live/text.js";
import { number } from "../surface/tables.js";
import { measured } from "./gauge.js";
import { gain, noiseShare, stability, verdictOf } from "./verdict.js";

// So many of the newest rows tell how noisy a gradient is; one pair of halves alone says little.
const NEWEST = 10;

// A share in percent, with digits that a small one needs.
function share(value) {
  return value > 0 && value < 1e-3 ? `${number(100 * value)} %` : percent(value);
}

// How noisy the gradient of one batch is: "160 %", or "nearly all"; "" where nothing was measured.
function noiseOf(noises, signals, labels) {
  if (!noises.length) return "";
  const found = noiseShare(noises, signals);
  return found === null ? labels.noise_all : `${number(100 * found)} %`;
}

// {title, verdict, why, numbers} of what was found at one update; `place` null: nothing was asked for.
export function placeWords(place, labels) {
  if (!place) return { title: labels.verdict, verdict: labels.not_asked, why: "", numbers: null };
  const { found, facts, step } = place.meta;
  const title = fill(labels.title, { step: step === undefined ? "…" : grouped(step) });
  if (!found) return { title, verdict: "", why: "", numbers: null };
  const isWhole = found.spectrum.eigenvalues.length === facts.num_parameters;
  const bound = (bend) => fill(labels.bound, { bend: number(bend), residual: number(found.residual) });
  return {
    title,
    verdict: labels[`verdict_${verdictOf(found)}`],
    why: fill(labels.why, { slope: number(found.gradient_norm), down: number(found.bottom), up: number(found.top), won: share(gain(found)) }),
    numbers: {
      slope: number(found.gradient_norm),
      lowest: bound(found.bottom),
      highest: bound(found.top),
      share: fill(labels[isWhole ? "share_exact" : "share_least"], { share: share(found.negative_share), count: grouped(facts.num_parameters) }),
      noise: fill(labels.noise, { share: noiseOf([found.noise_squared], [found.signal_squared], labels) }),
    },
  };
}

// What the gauge shows, and the noise of the gradients beside it.
export function gaugeWords(data, labels) {
  const { meta } = data;
  const [tops, limits] = ["top", "limit"].map((name) => measured(data, name));
  const isActive = ["queued", "running", "paused"].includes(meta.state);
  const problem = meta.curvature_problem ?? "";
  if (!tops.steps.length) return [problem, isActive ? (meta.curvature_every ? labels.gauge_soon : labels.gauge_off) : labels.gauge_none].filter(Boolean).join(" ");
  const last = tops.steps.length - 1;
  const [step, top, limit] = [tops.steps[last], tops.values[last], limits.values[limits.steps.indexOf(tops.steps[last])]];
  const values = { step: grouped(step), top: number(top), limit: number(limit) };
  const [state, rule] = limit === undefined ? [labels.gauge_adaptive, ""] : [labels[`gauge_${stability(top, limit)}`], labels.gauge_rule];
  const [noises, signals] = ["noise_squared", "signal_squared"].map((name) => measured(data, name).values.slice(-NEWEST));
  const sample = fill(labels.gauge_sample, { count: grouped(data.newest("curvature", "num_samples")) });
  return [problem, fill(state, values), fill(rule, values), fill(labels.noise_now, { share: noiseOf(noises, signals, labels) }), sample].filter(Boolean).join(" ");
}

export const GOING = ["queued", "running"];

// Of what was asked for: queued, running, finished, stopped, failed, or unknown where the server has forgotten it.
export function stateOf({ meta, unknown }) {
  return unknown ? "unknown" : (meta.state ?? "queued");
}

// How far the measurement at one update is (null: none was asked for): {isGoing, share, text, begin}.
export function measuringWords(place, labels) {
  if (!place) return { isGoing: false, share: 0, text: "", begin: "" };
  const { meta } = place;
  const state = stateOf(place);
  const isGoing = GOING.includes(state);
  const texts = { queued: meta.doing ?? labels.waiting, running: meta.doing, finished: "", stopped: labels.stopped, failed: meta.reason, unknown: labels.forgotten };
  return { isGoing, share: meta.progress ?? 0, text: texts[state], begin: isGoing || state === "finished" ? "" : labels.again };
}

// How far the snapshots are.
export function trailWords(trail, labels) {
  const going = trail.filter((data) => GOING.includes(stateOf(data)));
  const done = trail.filter(({ meta }) => meta.found).length;
  const isGoing = going.length > 0;
  const isWhole = trail.length > 0 && done === trail.length;
  const reason = trail.map(({ meta }) => meta.reason).find((text) => text) ?? "";
  const counted = fill(labels.trail_done, { done, count: trail.length });
  const parts = going.reduce((sum, { meta }) => sum + (meta.progress ?? 0), 0);
  return {
    isGoing,
    share: trail.length ? (done + parts) / trail.length : 0,
    text: trail.length && !isWhole ? `${counted} ${reason}`.trim() : "",
    begin: isGoing || isWhole ? "" : labels.trail_start,
  };
}
