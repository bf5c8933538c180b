"""The keys of a run's meta and the forms of its events and pictures, in one table for writers and for the page.

Values are JSON values, numpy scalars and arrays, and `core.text.Text`, which is put into each viewer's language on its
way out. A number that is not finite becomes null; in arrays NaN and ±Inf survive.

Meta (all but `state` and `task` may be missing):

- `state`: untrained, queued, running, paused, finished, stopped, diverged, failed, interrupted; `reason`: Text or null
- `task`: classification, regression; `name`: the run's name; `is_named`: whether a person gave it
- `choices`: list of Text, the experiment in one line
- `num_steps`, `steps_per_epoch`, `epochs`: as planned; `extend_epochs`: n of the button "+n epochs"
- `stretches`: [[updates, passes, updates per pass], …]: where a stretch of passes of one length begins, the first at 0
- `parent`: id of the run that this one has left, or null, and `fork_step`: after which update
- `step`, `epoch`: done so far (else those of the newest row); `seconds_left`; `pace`: 10s, 1min, 1/s, max; `lr`
- `layers`: names, input first, as in `gradient_norm/<layer>`
- `guess_error`, `guess_loss`: of guessing; `guess_text`: Text at that line
- `ends_with`: {"train", "validation"}: the errors of the weights that a run has ended with, null while it goes on
- `num_train`, `num_validation`: samples measured; `train_note`: Text or null
- `notes`: list of Text, what is to be known about a run beside its numbers
- `slot`: run colour 0 … 15; `price`, `warning`, `saving_delayed`: Text or null; `device`
- `status`: {"verdict", "text": Text, "more": Text or null, "rule": Text, "numbers": [[Text, Text or str], …],
  "suggestions": [{"id", "label": Text, "help": Text or null}, …]}
- `curvature_every`: updates between two measurements of the curvature while it trains, 0: none; `curvature_problem`:
  Text or null, why the last one failed
- `applied`: {"number": grows by one with every command, "kind", "step", "text": Text or null}

A comparison as a whole has a channel of its own, `study-<id>`, without rows, events and pictures; its runs have theirs.
Commands to it go to all its runs. Its meta:

- `state`: queued, searching, running, paused, finished, stopped, diverged, failed, interrupted; `reason`: Text or null
- `name`; `task`; `rates`: own, same, hand; `seeds`: runs of each variant; `notes`: list of Text
- `folds`: null, or the number of folds with which each variant is run instead
- `forks`: [{"run", "parent", "step", "name", "slot", "settings": {dotted path: Text}}, …], what has branched from its
  runs while it was held
- `lanes`: [{"run": its channel, "variant": place, "seed", "number": of seed or fold, from 0, "name": of the
  variant, "slot": colour}, …], seed by seed and of one seed variant by variant; [] while there are no runs yet
- `step`: updates of the furthest run; `num_steps`, `steps_per_epoch`, `epochs`, `extend_epochs`; `pace`; `seconds_left`
- `search`: null, or {"running", "text": Text or null, "num_rates", "num_updates", "engine", "notes": list of Text,
  "curves": [{"variant", "points": [[rate, training loss or null], …], "best": rate or null, "note": Text or null}, …]};
  a loss is null where the run diverged or has not ended
- `fairness`: null, or {"matched": items, "unmatched": items, "num", "num_updates"}; an item is {"name", "title": Text,
  "why": Text, "hash", "hashes": [{"run": name, "hash"}, …], "notes": list of Text, "is_known": false where it could not
  be compared, and so is no difference either}; names: first_weights, batches, augmentation, evaluation, machine
- `engine`: solo, stacked; `engine_why`: Text or null, why solo; `seconds_comparable`: whether train_s can be compared
- `verdict`: null, or two Text: where the variants end, how fast they get to `target`, an error as a fraction or null,
  which the command `target` chooses
- `noise`: null, or {"points": [{"variant", "batch_size", "noise": as a share of the gradient's length}, …],
  "num_train"}, of the gradients of batches at the first weights
- `applied`: as for a run

A search has such a channel too, and takes the commands pause, resume and stop. Its meta:

- `state`, `reason`, `name`, `task`, `step`, `num_steps`, `seconds_left`: as for a comparison, of the trials that train
- `num_trials`: as planned; `folds`: runs of each trial, or null; `importances`: {dotted path: share}, {} until known
- `spaces`: [{"path", "title": Text, "scale": lin, log, or null for a list, "names": its values}, …], what varies
- `trials`: [{"number", "state": running, complete, pruned, failed, "words": Text, "values": a number, or the place in
  `names`, setting by setting, "error", "standard_error", "why": Text of one that has not come to its end; or null,
  "runs": their channels}, …]
- `best`, `within`: numbers of trials or null, the lowest error and the simplest one up to `limit`; `why`: Text or null

A landscape has a channel of its own too, `landscape-<hash>`, with meta only; it takes the command `stop`. Its meta:

- `state`: queued, running, finished, stopped, failed; `reason`: Text or null; `doing`: Text; `progress`: 0 to 1
- `kind`: surface, line, curvature; `run`, `step`: the checkpoint that is looked at; `notes`: list of Text
- `facts`: {"num_parameters", "num_samples", "sample_hash", "standard_error", "loss": at the checkpoint, "with_penalty",
  "batch_norm": frozen, estimated, or null without any}, of the one function that is measured
- of a surface `plane`: {"kind", "eigenvalues": null or [lowest, highest], "reach": [along α, along β]}, `grid`:
  {"alpha" (A,), "beta" (B,), "loss" (B, A), "resolution"}, replaced by each finer picture, `explained_variance`: null
  without a path, `paths`: [{"run", "name", "slot", "same_start": whether with the first run's weights, null: not known,
  "step": list, "alpha", "beta", "surface_loss", "true_loss", "off_plane": float32 (T,)}, …], the run's own first
- of a line `line`: {"kind": between, update, "t", "loss": float32 (P,), "ends": [0, 1], "names": of the networks there,
  "barrier": null for an update, "bottom": null or {"t", "loss", "is_inside": false where the loss falls on beyond the
  picture}, "standard_error", "step": the update}
- of a curvature `num_products` so far and `found`: {"top", "bottom", "residual", "negative_share", "gradient_norm",
  "loss", "num_products", "noise_squared", "signal_squared": of the gradient of one batch, "spectrum": {"eigenvalues",
  "shares", "at", "density"}}

A generator has a channel of its own too, `generator-<hash>`; it takes the commands `pause`, `resume` and `stop`. Rows
of its group `update`: `generator/loss`, `discriminator/loss`. Its meta:

- `state`: untrained, queued, running, paused, finished, stopped, failed, interrupted; `reason`: Text or null
- `progress`: 0 to 1; `step`, `num_steps`: updates done and planned; `seconds_left`; `price`: Text, what all of it takes
- `origin`: Text, where it comes from when it was not trained here, or null

Its pictures, one for each kept update, are `grid-<step>`: {"step", "images", "nearest": uint8 (n, H, W) or
(n, H, W, 3), equally many of each class, class by class, and the training image nearest to each, "distances": float32,
"class_names", "alarm": whether classes have collapsed, "variety", "copies": Text}

Rows of the group `curvature`: `bottom` and `top` eigenvalue of the Hessian, `residual_bottom` and `residual_top`:
within so much of each there is one, `gradient_norm`, `lr`, `limit`: the top eigenvalue up to which full gradients with
this rate descend (NaN: the optimizer has none), `noise_squared` and `signal_squared`: of the gradient of one batch,
`num_samples`: on which all but these two are measured.

Event: {"step", "kind", "text": Text, "mark": whether a vertical line is drawn, true if missing}

Pictures:

- `boundary`: {"step", "x": [low, high], "y": [low, high], "winner": uint8 (rows from low y, columns from low x),
  "confidence": float32 of the same shape, "points": {"x", "y": float32 (n,), "label": uint8 (n,)}, "class_names",
  "x_title", "y_title", "caption": Text or null}
- `predictions`, `wrong`: {"step", "images": uint8 (n, H, W) or (n, H, W, 3) or "signals": float32 (n, L), "true",
  "predicted": int (n,), "confidence": float32 (n,), "class_names", "num_wrong", "num", "caption"}, wrong ones first
- `confusion`: {"step", "counts": int (K, K), a row for each true class, "class_names", "caption"}
- `fit`: {"step", "x", "y": float32 (m,), "truth": float32 (m,) or null, "points": {"x", "y"}, "x_title", "y_title",
  "caption"} for one input, {"step", "true", "predicted": float32 (n,), "caption"} for several
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Pace = Literal["10s", "1min", "1/s", "max"]
"""How long a whole run takes to watch, or one update a second, or as fast as it goes."""


@dataclass(frozen=True)
class Moment:
    """A stored run as it was: `pictures` of update `step`, `status` and newest `rows` of the update asked for.

    While the way there is long, pictures of updates before it come first. A row, by its group, is {"step", "names",
    "values": float32 (n,)}.
    """

    step: int
    pictures: Mapping[str, Mapping[str, Any]]
    status: Mapping[str, Any]
    rows: Mapping[str, Mapping[str, Any]]
