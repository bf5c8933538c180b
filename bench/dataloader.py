"""One epoch against the usual loop: `DataLoader`, torchvision's transforms on each sample, a plain training step.

The same network, initial weights, optimizer, batch size and augmentations, on MNIST-5000. The usual loop gets PIL
images, as torchvision's data sets give them, and what else speaks for it: images made beforehand, a fused optimizer, no
instruments, and the better of no worker and two that stay alive between epochs; ours records every instrument. Before
timing, both see the same samples and find the same losses (without augmentation, whose draws differ by nature). The
detail also tells how the two compare without augmentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset, SubsetRandomSampler
from torchvision.transforms import v2
from torchvision.transforms.v2.functional import to_pil_image

from bench.calibration import load
from bench.figure import Figure, alternate
from bench.steps import CASES, Case, batches, state
from core.catalog.augmentations.brightness import Brightness
from core.catalog.augmentations.contrast import Contrast
from core.catalog.augmentations.crop import Crop
from core.catalog.augmentations.flip import Flip
from core.catalog.augmentations.noise import Noise
from core.catalog.augmentations.rotate import Rotate
from core.catalog.augmentations.scale import Scale
from core.catalog.augmentations.shift import Shift
from core.experiment import Experiment
from core.seeding import seed32
from core.training.device import use_threads
from core.training.run import Run

BARS = {"MLP 784-128-10": 6.0, "CNN B2(b)": 1.3}
ROUNDS = 7
WORKERS = (0, 2)
ENTRIES = (Flip(), Rotate(), Scale(), Shift(), Crop(), Brightness(), Contrast(), Noise())


def augmentations() -> list[nn.Module]:
    """`ENTRIES` as torchvision's transforms, with the same ranges."""
    flip, rotate, scale, shift, crop, brightness, contrast, noise = ENTRIES
    return [
        v2.RandomHorizontalFlip(flip.horizontal),
        v2.RandomAffine(
            [-rotate.degrees, rotate.degrees],
            translate=(shift.horizontal, shift.vertical),
            scale=(scale.low, scale.high),
            interpolation=v2.InterpolationMode.BILINEAR,
        ),
        v2.RandomCrop(28, padding=crop.padding),
        v2.ColorJitter(brightness=brightness.amount, contrast=contrast.amount),
        v2.GaussianNoise(0.0, noise.std),
    ]


class Samples(Dataset[tuple[Tensor, int]]):
    """Images and classes by row, each image transformed when it is asked for."""

    def __init__(self, inputs: Tensor, targets: Tensor, transform: Callable[[Any], Tensor]) -> None:
        self._images = [to_pil_image(image) for image in inputs]
        self._targets, self._transform = targets.tolist(), transform

    def __len__(self) -> int:
        return len(self._targets)

    def __getitem__(self, row: int) -> tuple[Tensor, int]:
        return self._transform(self._images[row]), self._targets[row]


class Usual:
    """The usual loop with a run's data and initial weights."""

    def __init__(self, case: Case, run: Run, transforms: list[nn.Module], **loading: Any) -> None:
        data = run.parts.data
        self.network = case.network()
        if run.conditions.memory_format == "channels_last":
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for ours, theirs in zip(state(run.parts.model), state(self.network), strict=True):
            theirs.copy_(ours)
        self._optimizer = case.optimizer(self.network.parameters())
        whole = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), *transforms])
        samples = Samples(data.inputs, data.targets, whole)
        self._loader = DataLoader(samples, **loading)
        self.losses: list[Tensor] = []

    def epoch(self, before_step: Callable[[int], None] = lambda _: None) -> None:
        """Train on every sample once."""
        self.losses = []
        for number, (inputs, targets) in enumerate(self._loader):
            before_step(number)
            self._optimizer.zero_grad()
            loss = cross_entropy(self.network(inputs), targets)
            loss.backward()
            self._optimizer.step()
            self.losses.append(loss.detach())


def fresh_run(case: Case, folder: Path, *, augmented: bool) -> Run:
    """A run that is never evaluated within the epochs that are timed."""
    entries = [{"key": entry.key} for entry in ENTRIES] if augmented else []
    return Run(Experiment.from_json({**case.experiment, **case.long, "augmentations": entries}), folder)


class FirstEpoch:
    """The batches of a run's first epoch as a batch sampler."""

    def __init__(self, run: Run) -> None:
        train = run.parts.data.splits.train
        drawn: Iterator[Tensor] = batches(train, run.experiment.batch_size, run.experiment.seed)
        self._batches = [next(drawn).tolist() for _ in range(run.steps_per_epoch)]

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self._batches)

    def __len__(self) -> int:
        return len(self._batches)


def assert_same_losses(case: Case, folder: Path) -> None:
    """Over the first epoch without augmentation, in our order, both find the same loss at every step."""
    run = fresh_run(case, folder, augmented=False)
    usual = Usual(case, run, [], batch_sampler=FirstEpoch(run))
    names = [name for name, _ in run.parts.loop.dropouts]

    def seed_dropout(step: int) -> None:
        for name in names:
            torch.default_generator.manual_seed(seed32(run.experiment.seed, "dropout", name, step))

    usual.epoch(seed_dropout)
    ours = []
    for _ in range(run.steps_per_epoch):
        run.step()
        ours.append(run.parts.recorder.loss.float().clone())
    # One multiplies by 1/255 and the other divides by 255: the last bit of an input may differ.
    torch.testing.assert_close(torch.stack(usual.losses), torch.stack(ours), rtol=1e-3, atol=1e-4)


def compare(case: Case, folder: Path, *, augmented: bool) -> tuple[float, str]:
    """The usual loop's time an epoch ÷ ours, for the faster number of workers; and both in words."""
    run = fresh_run(case, folder, augmented=augmented)
    train = run.parts.data.splits.train.tolist()

    def ours() -> None:
        for _ in range(run.steps_per_epoch):
            run.step()

    results = []
    for workers in WORKERS:
        usual = Usual(
            case,
            run,
            augmentations() if augmented else [],
            batch_size=run.experiment.batch_size,
            sampler=SubsetRandomSampler(train),
            num_workers=workers,
            persistent_workers=workers > 0,
        )
        mine, theirs = (median(times) for times in alternate(ours, usual.epoch, rounds=ROUNDS))
        speeds = f"{len(train) / mine:,.0f} samples/s against {len(train) / theirs:,.0f} with {workers} workers"
        results.append((theirs / mine, speeds))
    return min(results)


def measure() -> list[Figure]:
    """One ratio a network."""
    figures = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        for case in CASES:
            if case.name in BARS:
                use_threads(fresh_run(case, folder, augmented=False).conditions.threads)
                assert_same_losses(case, folder)
                ratio, speeds = compare(case, folder, augmented=True)
                bare, bare_speeds = compare(case, folder, augmented=False)
                detail = f"{speeds}; without augmentation {bare:.2f} ×: {bare_speeds}; median of {ROUNDS}; {load()}"
                figures.append(
                    Figure(f"against DataLoader, {case.name}", ratio, BARS[case.name], True, "× as fast", detail)
                )
    return figures


if __name__ == "__main__":
    for figure in measure():
        print(figure)
