"""MNIST-1D: ten short signals, hidden by padding, shift, noise, scale and shear, made by the published recipe.

Greydanus 2020, section 2 and its reference program. The recipe fixes its seed, 42, and the order of its draws, so
everybody's MNIST-1D is the same: 4 000 training and 1 000 test signals of 40 values.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from core.catalog.datasets.dataset import DataFacts, DataSet, Progress, Samples, Scale, no_progress
from core.catalog.registry import register

NUM_TRAIN, NUM_TEST = 4_000, 1_000
NUM_VALUES = 40
SEED = 42
PADDING = (36, 60)
PADDED = 12 + PADDING[1]
SCALE, MAX_SHIFT, CORRELATED_NOISE, NOISE, SHEAR = 0.4, 48, 0.25, 0.02, 0.75

SHAPES = (
    (5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5),
    (5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5),
    (5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5),
    (5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5),
    (5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5),
    (5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5),
    (5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5),
    (5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5),
)


@register
class MNIST1D(DataSet):
    """5 000 signals of 40 values, ten classes."""

    key: ClassVar[str] = "mnist_1d"
    title: ClassVar[str] = "MNIST-1D"
    see: ClassVar[str] = "signals_cnn"
    why: ClassVar[str] = (
        "So small that everything trains in seconds, yet a network that knows about shifts clearly wins."
    )
    choose: ClassVar[str] = (
        "For signals and one-dimensional convolutions, and to part good architectures from bad quickly."
    )
    formula: ClassVar[str] = (
        r"x = \mathrm{shear}\big(\mathrm{shift}(s \cdot \mathrm{pad}(\text{template}_y)) + \text{noise}\big)"
        r" \in \mathbb{R}^{1 \times 40}"
    )
    source: ClassVar[str] = "Greydanus 2020, Scaling Down Deep Learning with MNIST-1D, section 2"
    input_kind: ClassVar[Literal["image", "sequence", "points", "features"]] = "sequence"
    more: ClassVar[bool] = True

    def facts(self) -> DataFacts:
        return DataFacts(
            input_shape=(1, NUM_VALUES),
            num_outputs=10,
            class_names=tuple("0123456789"),
            num_train_pool=NUM_TRAIN,
            num_validation=None,
            num_test=NUM_TEST,
            bytes=(NUM_TRAIN + NUM_TEST) * (4 * NUM_VALUES + 8),
            smallest_class=394,
        )

    def load(self, folder: Path, split_seed: int = 0, progress: Progress = no_progress) -> Samples:
        signals, targets = published_signals()
        return Samples(
            inputs=signals[:, None].astype(np.float32),
            targets=targets.copy(),
            scale=Scale(),
            parts={"test": np.arange(NUM_TRAIN, NUM_TRAIN + NUM_TEST, dtype=np.int64)},
        )


def templates() -> np.ndarray:
    """The ten shapes, standardized, starting at 0, a sixth as high: (10, 12)."""
    shapes = np.array(SHAPES)
    shapes = (shapes - shapes.mean(axis=1, keepdims=True)) / shapes.std(axis=1, keepdims=True)
    return (shapes - shapes[:, :1]) / 6


@cache
def published_signals() -> tuple[np.ndarray, np.ndarray]:
    """All signals (5000, 40), standardized as a whole, and their classes (5000,), in the published order.

    Made once a process, in half a second; nobody changes them.
    """
    # The legacy generator: the recipe was published with its stream.
    rng = np.random.RandomState(SEED)
    targets = np.repeat(np.arange(10), (NUM_TRAIN + NUM_TEST) // 10)
    shapes = templates()
    signals = np.stack([_hidden(shapes[target], rng) for target in targets])
    order = rng.permutation(len(targets))
    signals, targets = signals[order], targets[order]
    return (signals - signals.mean()) / signals.std(), targets


def _hidden(template: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """One signal of 40 values. The order of the draws belongs to the recipe."""
    from scipy.ndimage import gaussian_filter1d

    low, high = PADDING
    num_padding = low + int(rng.rand() * (high - low + 1))
    # The shift by 1e-8 tells the template's own zeros from the padding, which alone gets the correlated noise.
    signal = _resampled(np.concatenate([template + 1e-8, np.zeros(num_padding)]), PADDED)
    signal = signal * (1 + SCALE * (rng.rand() - 0.5))
    signal = np.roll(signal, rng.choice(MAX_SHIFT))
    correlated = gaussian_filter1d(CORRELATED_NOISE * rng.randn(PADDED), 2)
    signal = np.where(signal != 0, signal, correlated) + NOISE * rng.randn(PADDED)
    slope = SHEAR * (rng.rand() - 0.5)
    return _resampled(signal - slope * np.linspace(-0.5, 0.5, PADDED), NUM_VALUES)


def _resampled(signal: np.ndarray, num: int) -> np.ndarray:
    """The signal at `num` even places, by linear interpolation."""
    return np.interp(np.linspace(0, 1, num), np.linspace(0, 1, len(signal)), signal)
