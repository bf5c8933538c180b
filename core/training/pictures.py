"""Pictures of a run: what it has learned, what it gets wrong, and how large its first gradients are.

Only the compute thread calls these, at a boundary between updates. They look at training and validation samples, never
at the test split; they leave weights, running statistics, gradients, random numbers and the network's mode as they
were, so a run is the same with and without them. Each takes about a tenth of a second at most: the larger the network,
the fewer samples are asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from core.catalog.architectures.architecture import layer_of
from core.catalog.regularizers.terms import accumulation_dtype
from core.seeding import seed32
from core.text import Text
from core.training.evaluation import PIECE_MULTIPLICATIONS

if TYPE_CHECKING:
    from core.training.run import Run

Picture = tuple[str, dict[str, Any]]
"""A picture's name and its payload (core.live.meta)."""

CELLS = 80
"""Cells of a decision boundary along each side."""
MARGIN = 0.1
"""The boundary reaches so far beyond the data, as a share of their range."""
NUM_ASKED = 1_000
NUM_BEFORE, NUM_SHOWN, NUM_WRONG = 12, 24, 60
NUM_CURVE = 200
MOST_OF = 0.75
"""From this share on, answers are almost all the same."""


class Answers(NamedTuple):
    """What the network says to `num` samples: outputs (num, K) float32, targets (num,) or (num, 1), rows (num,)."""

    outputs: np.ndarray
    targets: np.ndarray
    rows: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """The named classes (num,)."""
        return self.outputs.argmax(axis=1)

    @property
    def confidence(self) -> np.ndarray:
        """The probability of the named class (num,)."""
        return _softmax(self.outputs).max(axis=1)


def what_it_has_learned(run: Run) -> Picture:
    """The picture that suits the data.

    Two inputs and classes: the decision boundary. Images and sequences: predictions, the wrong ones first. Tables with
    classes: which class is taken for which. Numbers: the function through the points, or true against predicted.
    """
    data = run.parts.data
    if data.task == "regression":
        return "fit", _curve(run) if data.inputs.shape[1:] == (1,) else _true_and_predicted(run)
    if data.dataset.input_kind == "points" and data.inputs.shape[1:] == (2,):
        return "boundary", _boundary(run)
    if data.dataset.input_kind in ("image", "sequence"):
        return "predictions", _predictions(run)
    return "confusion", _confusion(run)


def wrong_answers(run: Run) -> Picture:
    """Up to 60 wrong answers among the samples asked; an empty payload where samples cannot be shown."""
    data = run.parts.data
    if data.task == "regression" or data.dataset.input_kind not in ("image", "sequence"):
        return "wrong", {}
    answers = _answers(run)
    wrong = np.flatnonzero(answers.predicted != answers.targets)
    text = Text("{wrong} of {num} validation samples are wrong.", wrong=len(wrong), num=len(answers.rows))
    return "wrong", _samples(run, answers, wrong[:NUM_WRONG], text)


# -- asking the network -----------------------------------------------------------------------------------------------


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """The model in evaluation mode without gradients; afterwards in the mode it was in."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(was_training)


def _outputs(run: Run, inputs: Tensor) -> np.ndarray:
    """The network's outputs for scaled inputs (num, …), as float32 (num, K)."""
    with evaluating(run.parts.model):
        return run.parts.model(inputs).float().cpu().numpy()


def _num_asked(run: Run, most: int) -> int:
    return int(max(16, min(most, PIECE_MULTIPLICATIONS // max(1, run.parts.multiplications))))


def _answers(run: Run) -> Answers:
    """The answers to a fixed sample of at most 1 000 validation samples, in an order that mixes the classes."""
    data = run.parts.data
    order = np.random.default_rng(seed32(0, "picture", data.dataset.key)).permutation(data.num_validation)
    chosen = torch.from_numpy(order[: _num_asked(run, NUM_ASKED)]).to(data.device)
    batch = run.parts.feed.rows(data.splits.validation.index_select(0, chosen))
    outputs = _outputs(run, batch.inputs)
    return Answers(outputs, batch.targets.cpu().numpy(), batch.sample_ids.cpu().numpy())


def _softmax(logits: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # A diverged network gives no numbers, and so no probabilities.
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


# -- the pictures -----------------------------------------------------------------------------------------------------


def _predictions(run: Run) -> dict[str, Any]:
    """Twelve samples before training, else 24 with the wrong ones first."""
    answers = _answers(run)
    is_wrong = answers.predicted != answers.targets
    num_wrong = int(is_wrong.sum())
    if run.step_count == 0:
        shown = np.arange(min(NUM_BEFORE, len(is_wrong)))
        return _samples(run, answers, shown, what_it_says(answers.predicted[shown], run.parts.data.class_names))
    shown = np.argsort(~is_wrong, kind="stable")[:NUM_SHOWN]
    asked = Text("{num:,} validation samples", num=len(is_wrong))
    if len(is_wrong) < run.parts.data.num_validation:
        asked = Text("{num:,} of {all:,} validation samples", num=len(is_wrong), all=run.parts.data.num_validation)
    text = (
        Text("Asked {asked}: {wrong:,} are wrong; these come first.", asked=asked, wrong=num_wrong)
        if num_wrong
        else Text("Asked {asked}: all are right.", asked=asked)
    )
    return _samples(run, answers, shown, text)


def what_it_says(predicted: np.ndarray, class_names: tuple[str, ...]) -> Text:
    """One sentence about a few answers (num,): mostly the same one, or not."""
    counts = np.bincount(predicted, minlength=len(class_names))
    most = int(counts.argmax())
    name, count, num = Text(class_names[most]), int(counts[most]), len(predicted)
    if count == num:
        return Text("It says “{name}” to everything.", name=name)
    if count >= MOST_OF * num:
        return Text("It says “{name}” to almost everything.", name=name)
    return Text("It says “{name}” most often: to {count} of {num}.", name=name, count=count, num=num)


def _samples(run: Run, answers: Answers, shown: np.ndarray, caption: Text) -> dict[str, Any]:
    """The payload of samples with their true and predicted classes."""
    data = run.parts.data
    rows = torch.from_numpy(answers.rows[shown]).to(data.device)
    inputs = run.parts.feed.rows(rows).inputs.float().cpu().numpy()
    if data.dataset.input_kind == "image":
        images = np.round(255 * np.clip(inputs, 0, 1)).astype(np.uint8)
        seen = {"images": images[:, 0] if images.shape[1] == 1 else np.ascontiguousarray(images.transpose(0, 2, 3, 1))}
    else:
        seen = {"signals": np.ascontiguousarray(inputs[:, 0])}
    return {
        "step": run.step_count,
        **seen,
        "true": answers.targets[shown],
        "predicted": answers.predicted[shown],
        "confidence": answers.confidence[shown],
        "class_names": [Text(name) for name in data.class_names],
        "num_wrong": int((answers.predicted != answers.targets).sum()),
        "num": len(answers.rows),
        "caption": caption,
    }


def _boundary(run: Run) -> dict[str, Any]:
    """The winning class and its probability on a grid over training and validation points, and the training points."""
    data = run.parts.data
    seen = data.inputs[torch.cat([data.splits.train, data.splits.validation])].float()
    low, high = seen.amin(0).cpu().numpy(), seen.amax(0).cpu().numpy()
    margin = MARGIN * np.maximum(high - low, 1e-6)
    low, high = low - margin, high + margin
    cells = int(_num_asked(run, CELLS**2) ** 0.5)
    xs, ys = (np.linspace(low[axis], high[axis], cells, dtype=np.float32) for axis in (0, 1))
    grid = np.stack([a.ravel() for a in np.meshgrid(xs, ys)], axis=1)
    probabilities = _softmax(_outputs(run, run.parts.feed.scaled(torch.from_numpy(grid).to(data.device))))
    points = data.inputs[data.splits.train].float().cpu().numpy()
    names = data.dataset.facts().feature_names
    return {
        "step": run.step_count,
        "x": [float(low[0]), float(high[0])],
        "y": [float(low[1]), float(high[1])],
        "winner": probabilities.argmax(axis=1).astype(np.uint8).reshape(cells, cells),
        "confidence": probabilities.max(axis=1).reshape(cells, cells),
        "points": {
            "x": points[:, 0],
            "y": points[:, 1],
            "label": data.targets[data.splits.train].cpu().numpy().astype(np.uint8),
        },
        "class_names": [Text(name) for name in data.class_names],
        "x_title": names[0],
        "y_title": names[1],
        "caption": Text("The stronger the colour, the surer the network. The points are those it is trained on."),
    }


def _confusion(run: Run) -> dict[str, Any]:
    """How many samples of each true class (row) are named as each class (column)."""
    answers, data = _answers(run), run.parts.data
    size = data.num_outputs
    counts = np.bincount(answers.targets * size + answers.predicted, minlength=size * size).reshape(size, size)
    wrong, num = int((answers.predicted != answers.targets).sum()), len(answers.rows)
    caption = (
        what_it_says(answers.predicted, data.class_names)
        if run.step_count == 0
        else Text("{wrong} of {num} validation samples are wrong.", wrong=wrong, num=num)
    )
    return {
        "step": run.step_count,
        "counts": counts,
        "class_names": [Text(name) for name in data.class_names],
        "caption": caption,
    }


def _curve(run: Run) -> dict[str, Any]:
    """The learned function of one input, the true one where it is known, and the training points."""
    data = run.parts.data
    seen = data.inputs[torch.cat([data.splits.train, data.splits.validation])].float()
    x = np.linspace(float(seen.min()), float(seen.max()), NUM_CURVE, dtype=np.float32)
    y = _outputs(run, run.parts.feed.scaled(torch.from_numpy(x[:, None]).to(data.device)))[:, 0]
    truth = data.dataset.truth(x[:, None])
    return {
        "step": run.step_count,
        "x": x,
        "y": y,
        "truth": None if truth is None else truth[:, 0].astype(np.float32),
        "points": {
            "x": data.inputs[data.splits.train, 0].float().cpu().numpy(),
            "y": data.targets[data.splits.train, 0].float().cpu().numpy(),
        },
        "x_title": data.feature_names[0],
        "y_title": "y",
        "caption": Text("The learned function through the points it is trained on."),
    }


def _true_and_predicted(run: Run) -> dict[str, Any]:
    """True and predicted values of validation samples."""
    answers = _answers(run)
    return {
        "step": run.step_count,
        "true": answers.targets[:, 0].astype(np.float32),
        "predicted": answers.outputs[:, 0],
        "caption": Text(
            "{num} validation samples: a perfect network puts all of them on the diagonal.", num=len(answers.rows)
        ),
    }


# -- gradients --------------------------------------------------------------------------------------------------------


def gradient_sizes(run: Run) -> dict[str, float]:
    """log10 of the gradient's norm by layer on the first batch, penalties included; −inf for exactly zero.

    For a run before its first update these are the sizes that the first update will record.
    """
    parts = run.parts
    model = parts.model
    was_training = model.training
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    model.train()
    try:
        gradients = _first_gradients(run)
    finally:
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)
        model.train(was_training)
    layers = [layer_of(name) for name, _ in model.named_parameters()]
    assert len(layers) == len(parts.frame.parameters)
    # There neither a vanishing nor an exploding gradient's square leaves the range.
    precise = accumulation_dtype(parts.data.device)
    squares = torch.stack([gradient.to(precise).square().sum() for gradient in gradients]).cpu().numpy()
    sizes = {
        name: sum(s for s, layer in zip(squares, layers, strict=True) if layer == name)
        for name in dict.fromkeys(layers)
    }
    with np.errstate(divide="ignore"):
        return {name: float(0.5 * np.log10(size)) for name, size in sizes.items()}


def _first_gradients(run: Run) -> list[Tensor]:
    """Gradients of the first update's objective at the present weights; nothing is written to the parameters."""
    loop = run.parts.loop
    batch = loop.batch_of(0)
    if loop.augment is not None and run.parts.learning is None:
        batch = loop.augment(batch, 0)
    for name, dropout in loop.dropouts:
        # Every update seeds these generators anew, so it does not matter where they are left.
        if dropout.generator is not None:
            dropout.generator.manual_seed(seed32(loop.seed, "dropout", name, 0))
    parameters = run.parts.frame.parameters
    gradients = list(torch.autograd.grad(loop.loss_of(batch), parameters))
    for penalty, places in loop.penalties:
        penalty.add_gradient([gradients[place] for place in places], [parameters[place] for place in places])
    return gradients
