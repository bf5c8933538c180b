"""Which training samples a run learns first, last and never, which it forgets, and what becomes of wrong labels.

The run is trained once more, which on the CPU gives the same bits, and asked about every sample at moments of equal
distance. Shapes: M moments, N training samples.
Sources: Toneva et al., An Empirical Study of Example Forgetting, 2019; Swayamdipta et al., Dataset Cartography, 2020;
Zhang et al., Understanding Deep Learning Requires Rethinking Generalization, 2017.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from core.catalog.datasets.examples import examples
from core.errors import BadInput
from core.experiment import Experiment
from core.studies.sample_pictures import images_of
from core.text import Text
from core.training.pictures import evaluating
from core.training.resident import host_samples
from core.training.run import Run

MOST_SAMPLES = 2_000
"""So many training samples are followed, spread evenly over the classes."""
MOST_MOMENTS = 100
MOST_SHOWN = 12


@dataclass(frozen=True, eq=False)
class Memorized:
    """What became of `rows` (N,) of the data set, by the label that each is given.

    `epochs` (M,) are the moments, from 0. `confidences` (M, N) uint8 are the probabilities of the given label × 255;
    `rights` (M, N) whether that label is named. `given`, `true` (N,) are class numbers; `validation` (M,) is the
    validation error (0 to 1) where it was measured, else NaN. `images` are those of the samples in `shown`, by place
    among the N; none where samples are no images.
    """

    rows: np.ndarray
    epochs: np.ndarray
    confidences: np.ndarray
    rights: np.ndarray
    given: np.ndarray
    true: np.ndarray
    validation: np.ndarray
    images: Mapping[int, np.ndarray]

    @property
    def is_wrong(self) -> np.ndarray:
        """Whose label is wrong (N,)."""
        return self.given != self.true

    @property
    def mean(self) -> np.ndarray:
        """Mean confidence in the given label over the moments after the first (N,), 0 to 1."""
        return self.confidences[1:].mean(0) / 255

    @property
    def variability(self) -> np.ndarray:
        """Standard deviation of that confidence over the same moments (N,)."""
        return self.confidences[1:].std(0) / 255

    @property
    def learned(self) -> np.ndarray:
        """The moment from which the given label is named to the end (N,); M for a sample that is not learned."""
        stays = np.flip(np.logical_and.accumulate(np.flip(self.rights, 0), 0), 0)
        return len(self.rights) - stays.sum(0)

    @property
    def forgotten(self) -> np.ndarray:
        """How often the given label was named at one moment and not at the next (N,)."""
        return (self.rights[:-1] & ~self.rights[1:]).sum(0)


def shown(found: Memorized) -> dict[str, np.ndarray]:
    """Places (n,) of up to MOST_SHOWN samples: learned `first`, learned `last` or never, and `forgotten` most often."""
    mean, learned, forgotten = found.mean, found.learned, found.forgotten
    often = np.lexsort((mean, -forgotten))[:MOST_SHOWN]
    return {
        # What chance has answered rightly before the first update was not learned sooner than after it.
        "first": np.lexsort((-mean, np.maximum(learned, 1)))[:MOST_SHOWN],
        "last": np.lexsort((mean, -learned))[:MOST_SHOWN],
        "forgotten": often[forgotten[often] > 0],
    }


def check_followed(experiment: Experiment) -> None:
    """BadInput where samples cannot be followed."""
    if experiment.dataset.task != "classification":  # type: ignore[attr-defined]
        raise BadInput(
            Text("It cannot be said which samples were learned."),
            Text("This network answers with a number, which is never simply right."),
            Text("Choose a run that tells classes apart."),
        )
    if experiment.sealed:
        raise BadInput(
            Text("It is not said which samples were learned."),
            Text("This run hides a fault, and the answer could give it away."),
            Text("Choose another run."),
        )


def memorized(run: Run) -> Generator[float, None, Memorized]:
    """Train a run that has done no update to its end, and follow its samples; yields the finished share."""
    data = run.parts.data
    targets = data.targets.cpu().numpy()
    rows = examples(targets, data.splits.train.cpu().numpy(), MOST_SAMPLES)
    pieces = run.parts.feed.pieces(torch.from_numpy(rows).to(data.device), run.parts.piece_size)
    epochs, confidences, rights = [], [], []
    step, moment = 0, 0
    while True:
        for _ in run.pieces(step):
            yield min(1.0, run.step_count / max(1, run.total_steps))
        sure, is_right = [], []
        for batch in pieces:
            with evaluating(run.parts.model):
                outputs = run.parts.model(batch.inputs).float()
            sure.append(outputs.softmax(1).gather(1, batch.targets[:, None])[:, 0])
            is_right.append(outputs.argmax(1) == batch.targets)
            yield min(1.0, run.step_count / max(1, run.total_steps))
        epochs.append(run.epoch)
        confidences.append((255 * torch.cat(sure)).round().to(torch.uint8).cpu().numpy())
        rights.append(torch.cat(is_right).cpu().numpy())
        if run.is_over or run.step_count >= run.total_steps:
            break
        moment += 1
        # Where the run is made longer on the way, its moments lie further apart from there on.
        step = max(step + 1, round(moment * run.total_steps / min(MOST_MOMENTS, run.total_steps)))
        step = min(step, run.total_steps)
    measured = {found.epoch: found.validation.error for found in run.evaluations}
    found = Memorized(
        rows,
        np.array(epochs),
        np.stack(confidences),
        np.stack(rights),
        targets[rows],
        np.asarray(host_samples(data).targets)[rows],
        np.array([measured.get(epoch, np.nan) for epoch in epochs]),
        {},
    )
    if data.dataset.input_kind != "image":
        return found
    places = np.unique(np.concatenate(list(shown(found).values())))
    return replace(found, images=dict(zip(places.tolist(), images_of(data, rows[places]), strict=True)))
