"""Runs as rows of one stack against the same runs one after the other, and against bare loops with our instruments.

Before anything is timed, both sides take the same steps in float64 and must agree. `python -m bench.stacked` also
prints the lines by which `core/training/stacking/table.py` is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch.nn.functional import cross_entropy

import core.catalog  # noqa: F401 - registers every entry
from bench.calibration import load
from bench.figure import Figure, alternate
from bench.steps import batches, state
from core.catalog.registry import entries
from core.experiment import Experiment
from core.training.assembly import conditions_of
from core.training.device import STACKED, default_threads, use_threads
from core.training.run import Run
from core.training.stacked import Stack
from core.training.stacking.plan import multiplications, stack_of

ROUNDS = 15
SAME_STEPS = 12
NUM_RATES, RATE_STEPS = 32, 200
LONG = {"epochs": 1000, "evaluate_every": 10**9}
MNIST = {"dataset": "mnist_5000"}
OPTIMIZERS = list(entries("optimizers"))
SMALL_CNN = {"key": "cnn", "blocks": [{"channels": 16, "padding": "same", "pooling": "max"}], "dense": [64]}


@dataclass(frozen=True)
class Kind:
    """Networks of one kind, on their data, and how many steps are timed in one go."""

    name: str
    document: dict[str, Any]
    steps: int = 10

    def experiments(self, count: int, **changes: Any) -> list[Experiment]:
        """`count` runs with the optimizers in turn."""
        return [
            Experiment.from_json({**self.document, **LONG, **changes, "optimizer": OPTIMIZERS[place % len(OPTIMIZERS)]})
            for place in range(count)
        ]


DIGITS = Kind("digits MLP", {}, 20)
CNN = Kind("small CNN, digits", {"architecture": SMALL_CNN})
KINDS = (
    Kind("MLP 2-8-2", {"dataset": "moons", "architecture": {"key": "mlp", "widths": [8]}, "batch_size": 16}),
    Kind("logistic, digits", {"architecture": "logistic"}),
    DIGITS,
    Kind("digits MLP, batch normalization", {"architecture": {"key": "mlp", "normalization": "batch"}}),
    Kind("digits MLP, dropout", {"regularizers": ["dropout", "l2"]}),
    Kind(
        "20 sigmoid layers of 50, batch 50",
        {
            "architecture": {"key": "mlp", "hidden_layers": 20, "width": 50, "activation": "sigmoid"},
            "batch_size": 50,
        },
    ),
    Kind("MLP 784-128-10", {**MNIST, "architecture": {"key": "mlp", "widths": [128]}, "batch_size": 128}, 5),
    Kind("MLP 784-512-512-10", {**MNIST, "architecture": {"key": "mlp", "widths": [512, 512]}, "batch_size": 128}, 2),
    CNN,
    Kind("small CNN, batch normalization", {"architecture": {**SMALL_CNN, "normalization": "batch"}}),
    Kind(
        "CNN 32-32, 28×28",
        {
            **MNIST,
            "architecture": {"key": "cnn", "blocks": [{"channels": 32, "pooling": "max"}] * 2, "dense": [32]},
        },
        1,
    ),
    Kind("CNN B2(b), batch 128", {**MNIST, "architecture": "cnn", "batch_size": 128}, 1),
)


def stacked_runs(experiments: Sequence[Experiment], folder: Path) -> list[Run]:
    """Runs for a stack."""
    return [Run(item, folder, conditions=conditions_of(item, engine=STACKED)) for item in experiments]


def solo_runs(experiments: Sequence[Experiment], folder: Path) -> list[Run]:
    """The same runs, each for itself."""
    return [Run(item, folder) for item in experiments]


class BareLoops:
    """A plain loop for each of several runs of a dense network, with what our recorder records: loss, norms, rate."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.loops = [_BareLoop(run) for run in runs]

    def step(self) -> None:
        """One update of each."""
        use_threads(default_threads())
        for loop in self.loops:
            loop.step()


class _BareLoop:
    def __init__(self, run: Run) -> None:
        data, experiment = run.parts.data, run.experiment
        widths = [p.shape for p in run.parts.loop.parameters if p.dim() == 2]
        layers: list[torch.nn.Module] = [torch.nn.Flatten()]
        for fan_out, fan_in in widths:
            layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
        self.network = torch.nn.Sequential(*layers[:-1]).to(run.conditions.dtype)
        with torch.no_grad():
            for ours, theirs in zip(state(run.parts.model), state(self.network), strict=True):
                theirs.copy_(ours)
        self._parameters: list[Any] = list(self.network.parameters())
        self._optimizer: torch.optim.Optimizer = experiment.optimizer.build(self._parameters)
        self._inputs, self._targets = run.parts.feed.scaled(data.inputs), data.targets
        self._batches = batches(data.splits.train, experiment.batch_size, experiment.seed)
        self._before = [torch.empty_like(parameter) for parameter in self._parameters]
        self._rows = torch.zeros(64, 1 + 3 * len(self._parameters), dtype=torch.float64)
        self._count = 0

    def step(self) -> None:
        rows = next(self._batches)
        self._optimizer.zero_grad()
        loss = cross_entropy(self.network(self._inputs.index_select(0, rows)), self._targets.index_select(0, rows))
        loss.backward()
        with torch.no_grad():
            gradients = torch._foreach_norm([p.grad for p in self._parameters], dtype=torch.float64)
            torch._foreach_copy_(self._before, self._parameters)
        self._optimizer.step()
        with torch.no_grad():
            torch._foreach_sub_(self._before, self._parameters)
            weights = torch._foreach_norm(self._parameters, dtype=torch.float64)
            updates = torch._foreach_norm(self._before, dtype=torch.float64)
            row = torch.stack([loss.detach().double(), *gradients, *weights, *updates])
            self._rows[self._count % 64].copy_(row)
        self._count += 1


def assert_equal(kind: Kind, count: int, folder: Path, *, with_bare: bool = False) -> None:
    """In float64, stack, solo runs and bare loops have the same weights after the same steps."""
    experiments = kind.experiments(count, precision="float64")
    ours, theirs = stacked_runs(experiments, folder), solo_runs(experiments, folder)
    bare = BareLoops(theirs) if with_bare else None
    stack = Stack(ours)
    for _ in range(SAME_STEPS):
        stack.step()
        for run in theirs:
            run.step()
        if bare is not None:
            bare.step()
    others = [run.parts.model for run in theirs] + ([loop.network for loop in bare.loops] if bare else [])
    for run, other in zip(ours * (2 if bare else 1), others, strict=True):
        for one, two in zip(state(run.parts.model), state(other), strict=True):
            torch.testing.assert_close(one, two, rtol=1e-9, atol=1e-12)


def ratio(a: Callable[[], object], b: Callable[[], object], steps: int, rounds: int = ROUNDS) -> tuple[float, str]:
    """How many times the median time of `b` is that of `a`, over blocks of steps in turn; and both times."""

    def block(step: Callable[[], object]) -> Callable[[], None]:
        def blocks() -> None:
            for _ in range(steps):
                step()

        return blocks

    first, second = (median(times) / steps for times in alternate(block(a), block(b), rounds))
    return second / first, f"{first * 1e6:.0f} against {second * 1e6:.0f} µs, medians of {rounds} in turn; {load()}"


def against_solo(kind: Kind, count: int, folder: Path, rounds: int = ROUNDS) -> tuple[float, str]:
    """How many times as fast a stack of `count` runs is as our own engine, one run after the other."""
    experiments = kind.experiments(count)
    stack, solo = Stack(stacked_runs(experiments, folder)), solo_runs(experiments, folder)

    def one_after_the_other() -> None:
        use_threads(solo[0].conditions.threads)
        for run in solo:
            run.step()

    return ratio(stack.step, one_after_the_other, kind.steps, rounds)


def against_bare(kind: Kind, count: int, folder: Path) -> tuple[float, str]:
    """The same against bare loops with the same instruments."""
    experiments = kind.experiments(count)
    stack, bare = Stack(stacked_runs(experiments, folder)), BareLoops(solo_runs(experiments, folder))
    return ratio(stack.step, bare.step, kind.steps)


def rates_against_one(folder: Path) -> tuple[float, str]:
    """How many times as long as the 200 updates of one run those of 32 runs take, each with its own learning rate."""

    experiments = [
        Experiment.from_json({**LONG, "optimizer": {"key": "adam", "lr": 1e-4 * 1.2**place}})
        for place in range(NUM_RATES)
    ]
    stack, one = Stack(stacked_runs(experiments, folder)), Run(experiments[NUM_RATES // 2], folder)

    def one_run() -> None:
        use_threads(one.conditions.threads)
        one.step()

    return ratio(one_run, stack.step, RATE_STEPS)


def least_gain(folder: Path) -> tuple[float, str]:
    """The least gain of a stack among kinds of networks, each with the fewest rows that the table puts together."""
    gains: dict[str, float] = {}
    for kind in KINDS:
        count = next((n for n in range(2, 9) if stack_of(kind.experiments(n)).stacks), None)
        if count is not None:
            gains[f"{kind.name}, {count} rows"] = against_solo(kind, count, folder, rounds=7)[0]
    least = min(gains, key=lambda name: gains[name])
    return gains[least], f"{least}; {len(gains)} of {len(KINDS)} kinds stack, the others train alone; {load()}"


def measure() -> list[Figure]:
    """The figures of the first rows, of the small CNN, of the table and of many rates."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        assert_equal(DIGITS, 8, folder, with_bare=True)
        for kind in KINDS:
            assert_equal(kind, 3, folder)
        found = [
            ("stack, 8 optimizers on the digits MLP", *against_solo(DIGITS, 8, folder), 2.5, "of one by one"),
            ("stack, 8 optimizers against bare loops", *against_bare(DIGITS, 8, folder), 2.5, "of bare loops"),
            ("stack, 8 rows of the small CNN", *against_solo(CNN, 8, folder), 1.2, "of one by one"),
            ("stack, least gain where the table stacks", *least_gain(folder), 1.0, "of one by one"),
        ]
        figures = [Figure(name, value, bar, True, unit, detail) for name, value, detail, bar, unit in found]
        value, detail = rates_against_one(folder)
        name = f"stack, {NUM_RATES} learning rates of {RATE_STEPS} updates"
        return [*figures, Figure(name, value, 8.0, False, "times one run", detail)]


def lines() -> None:
    """What the table is chosen by: the gain of each kind for some numbers of rows."""
    with TemporaryDirectory() as place:
        for kind in KINDS:
            size = multiplications(kind.experiments(1)[0])
            gains = [f"{n}: {against_solo(kind, n, Path(place), rounds=7)[0]:.2f}" for n in (2, 3, 4, 8)]
            print(f"{kind.name} ({size / 1e6:.1f} million): {', '.join(gains)}", flush=True)


if __name__ == "__main__":
    for figure in measure():
        print(figure, flush=True)
    lines()
