"""The base of generated data: `n` training points, and 1 000 validation and 1 000 test points of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from core.catalog.datasets.dataset import DataFacts, DataSet, Progress, Samples, Scale, no_progress
from core.catalog.entry import Usual
from core.seeding import seed32

NUM_VALIDATION = 1_000
NUM_TEST = 1_000

NumPoints = Annotated[
    int,
    Field(
        ge=10,
        le=100_000,
        title="training points",
        description="How many points the network is trained on; validation and test have 1 000 points of their own.",
    ),
    Usual(20, 5_000, "log", reason="A few points are the least one can learn from, and a chart shows no more."),
]


class Generated(DataSet):
    """Data drawn from a formula. Subclasses have a field `n` (training points) and say how points are drawn."""

    generated: ClassVar[bool] = True

    n: NumPoints = 300

    def draw(self, num: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """`num` points: inputs (num, F) and targets, (num,) classes as even as possible or (num, 1) values."""
        raise NotImplementedError

    def shape(self) -> tuple[int, tuple[str, ...]]:
        """Number of inputs and the names of the classes (none for regression)."""
        raise NotImplementedError

    def facts(self) -> DataFacts:
        num_inputs, class_names = self.shape()
        target_bytes = 8 if class_names else 4
        return DataFacts(
            input_shape=(num_inputs,),
            num_outputs=len(class_names) or 1,
            class_names=class_names,
            num_train_pool=self.n,
            num_validation=NUM_VALIDATION,
            num_test=NUM_TEST,
            bytes=(self.n + NUM_VALIDATION + NUM_TEST) * (4 * num_inputs + target_bytes),
            feature_names=tuple(f"x{i + 1}" for i in range(num_inputs)),
            smallest_class=self.n // len(class_names) if class_names else 0,
        )

    def load(self, folder: Path, split_seed: int = 0, progress: Progress = no_progress) -> Samples:
        return self.drawn(split_seed)

    def drawn(self, split_seed: int = 0, test_seed: int = 0) -> Samples:
        """All three parts; `test_seed` is 0 for the first test points, another number for fresh ones."""
        # Each part has a stream of its own, so more training points change no validation point, and the sealed test
        # points hang on the key and the number of the test set alone.
        plan = {
            "train": (self.n, seed32(split_seed, "data", f"{self.key}/train")),
            "validation": (NUM_VALIDATION, seed32(split_seed, "data", f"{self.key}/validation")),
            "test": (NUM_TEST, seed32(test_seed, "test", self.key)),
        }
        drawn = [self.draw(num, np.random.default_rng(seed)) for num, seed in plan.values()]
        ends = np.cumsum([num for num, _ in plan.values()])
        starts = ends - [num for num, _ in plan.values()]
        target_type = np.int64 if self.task == "classification" else np.float32
        return Samples(
            inputs=np.concatenate([inputs for inputs, _ in drawn]).astype(np.float32, order="C"),
            targets=np.concatenate([targets for _, targets in drawn]).astype(target_type),
            scale=Scale(),
            parts={
                name: np.arange(start, end, dtype=np.int64) for name, start, end in zip(plan, starts, ends, strict=True)
            },
        )
