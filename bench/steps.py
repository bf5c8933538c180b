"""Steps only: every instrument on every step, against the bare loop with the same network, data, order and threads.

The bare loop is ten lines of stock PyTorch in their fastest form: the data already scaled and resident, one
`index_select` a batch, a plain `nn.Sequential`, the fused optimizer. Both take the same steps and must have identical
bits before timing and after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from bench import stock_networks
from bench.calibration import load
from bench.figure import Figure, alternate, quarter
from core.experiment import Experiment
from core.seeding import generator, seed32
from core.training.device import use_threads
from core.training.run import Run

STEPS = 500
"""Timed steps of each side."""
BLOCK, BLOCK_S = 25, 0.05
"""The most steps taken in a row before the other side's turn, and about how many seconds they may take.

Short steps find their own data in the cache; what takes longer meets the same speed of the machine on both sides.
"""
FIXED_US, TENSOR_US = 60.0, 15.0
"""What the instruments may cost a step: so many µs, and so many for each parameter tensor."""


@dataclass(frozen=True)
class Case:
    """An experiment, the same network and optimizer in stock form, and the least share of the bare loop's speed.

    `least` None: the bar is the time added to a step. `steps` are timed on each side.
    """

    name: str
    experiment: dict[str, Any]
    network: Callable[[], nn.Module]
    optimizer: Callable[[Any], torch.optim.Optimizer]
    least: float | None = None
    steps: int = STEPS
    long: dict[str, Any] = field(default_factory=lambda: {"epochs": 1000, "evaluate_every": 10**9})


def mlp(*widths: int, activation: Callable[[], nn.Module] = nn.ReLU) -> Callable[[], nn.Module]:
    """Dense layers of these widths with an activation between them."""

    def build() -> nn.Module:
        layers: list[nn.Module] = [nn.Flatten()]
        for fan_in, width in pairwise(widths):
            layers += [nn.Linear(fan_in, width), activation()]
        return nn.Sequential(*layers[:-1])

    return build


def mlp_normalized() -> nn.Module:
    """784-128-128-10 with batch normalization."""
    hidden = [(nn.Linear(fan_in, 128, bias=False), nn.BatchNorm1d(128), nn.ReLU()) for fan_in in (784, 128)]
    return nn.Sequential(nn.Flatten(), *hidden[0], *hidden[1], nn.Linear(128, 10))


def cnn_32_64_64() -> nn.Module:
    """B2(b) on 28×28 images: three convolutions, two poolings, a dense layer of 64 with dropout."""
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(576, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10)),
    )


def adam(parameters: Any) -> torch.optim.Optimizer:
    """Adam at its defaults, fused."""
    return torch.optim.Adam(parameters, lr=0.001, fused=True)


def momentum(parameters: Any) -> torch.optim.Optimizer:
    """SGD with momentum 0.9, fused."""
    return torch.optim.SGD(parameters, lr=0.05, momentum=0.9, fused=True)


MNIST = {"dataset": {"key": "mnist_5000"}, "batch_size": 128}

CASES = (
    Case(
        "MLP 784-128-10",
        {**MNIST, "architecture": {"key": "mlp", "widths": [128]}},
        mlp(784, 128, 10),
        adam,
        least=0.88,
    ),
    Case("CNN B2(b)", {**MNIST, "architecture": {"key": "cnn"}}, cnn_32_64_64, adam, least=0.97),
    Case("MLP 64-64-64-10 (default)", {}, mlp(64, 64, 64, 10), adam),
    Case(
        "MLP of 20 sigmoid layers",
        {"architecture": {"key": "mlp", "hidden_layers": 20, "activation": "sigmoid"}},
        mlp(64, *[64] * 20, 10, activation=nn.Sigmoid),
        adam,
    ),
    Case(
        "MLP 784-128-128-10 with batch normalization, momentum",
        {
            **MNIST,
            "architecture": {"key": "mlp", "widths": [128, 128], "normalization": "batch"},
            "optimizer": {"key": "momentum", "lr": 0.05},
        },
        mlp_normalized,
        momentum,
    ),
    Case(
        "residual MLP of 60 layers",
        {**MNIST, "architecture": {"key": "mlp", "hidden_layers": 60, "residual": True}},
        partial(stock_networks.residual_mlp, 60),
        adam,
    ),
    Case("ResNet-20", {**MNIST, "architecture": "resnet"}, stock_networks.resnet_20, adam, least=0.97, steps=50),
    Case(
        "efficient CNN, squeeze-and-excite",
        {**MNIST, "architecture": {"key": "efficient_cnn", "squeeze_excite": True}},
        stock_networks.efficient,
        adam,
        least=0.97,
        steps=50,
    ),
    *(
        Case(
            f"{key.upper()} over 28 rows",
            {**MNIST, "architecture": key},
            partial(stock_networks.recurrent, kind),
            adam,
            least=least,
            steps=200,
        )
        for key, kind, least in (("rnn", nn.RNN, None), ("gru", nn.GRU, 0.97), ("lstm", nn.LSTM, None))
    ),
    Case(
        "self-attention", {**MNIST, "architecture": "attention"}, stock_networks.attention, adam, least=0.97, steps=100
    ),
)


class Bare:
    """The bare loop of a case, with the data, the initial weights and the order of `run`."""

    def __init__(self, case: Case, run: Run) -> None:
        data = run.parts.data
        self.network = case.network()
        if run.conditions.memory_format == "channels_last":
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for ours, theirs in zip(state(run.parts.model), state(self.network), strict=True):
            theirs.copy_(ours)
        self._optimizer = case.optimizer(self.network.parameters())
        self._inputs, self._targets = run.parts.feed.scaled(data.inputs), data.targets
        self._batches = batches(data.splits.train, run.experiment.batch_size, run.experiment.seed)
        self._dropouts = [name for name, _ in run.parts.loop.dropouts]
        self._seed, self._count = run.experiment.seed, 0

    def step(self) -> None:
        """One update."""
        rows = next(self._batches)
        inputs, targets = self._inputs.index_select(0, rows), self._targets.index_select(0, rows)
        for name in self._dropouts:
            torch.default_generator.manual_seed(seed32(self._seed, "dropout", name, self._count))
        self._optimizer.zero_grad()
        loss = cross_entropy(self.network(inputs), targets)
        loss.backward()
        self._optimizer.step()
        self._count += 1


def state(network: nn.Module) -> list[Tensor]:
    """Weights and running statistics, in the order of the layers."""
    return list(network.state_dict().values())


def batches(train: Tensor, size: int, seed: int) -> Iterator[Tensor]:
    """Rows of each batch, in the order that a run with this seed draws."""
    epoch = 0
    while True:
        draw = generator("cpu", seed32(seed, "order", counter=epoch))
        yield from train[torch.randperm(len(train), generator=draw)].split(size)
        epoch += 1


def assert_same_bits(run: Run, bare: Bare, steps: int) -> None:
    """Both take the same steps and must end with the same weights and running statistics, bit for bit."""
    for _ in range(steps):
        run.step()
        bare.step()
    for ours, theirs in zip(state(run.parts.model), state(bare.network), strict=True):
        assert torch.equal(ours, theirs), "the two loops do not compute the same"


def time_steps(step: Callable[[], None], seconds: list[float], count: int = BLOCK) -> Callable[[], None]:
    """A call that takes a block of steps and notes how long each takes."""

    def block() -> None:
        for _ in range(count):
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)

    return block


def compare(case: Case, folder: Path) -> tuple[float, float, int]:
    """Seconds of a bare step and of ours (25 % quantiles), and the number of parameter tensors."""
    run = Run(Experiment.from_json({**case.experiment, **case.long}), folder)
    use_threads(run.conditions.threads)
    bare = Bare(case, run)
    warm = case.steps // 10
    assert_same_bits(run, bare, steps=warm)
    start = time.perf_counter()
    assert_same_bits(run, bare, steps=warm)
    step_s = (time.perf_counter() - start) / (2 * warm)
    block = max(1, min(BLOCK, round(BLOCK_S / step_s)))
    bare_s: list[float] = []
    ours_s: list[float] = []
    alternate(time_steps(bare.step, bare_s, block), time_steps(run.step, ours_s, block), rounds=-(-case.steps // block))
    assert_same_bits(run, bare, steps=0)
    return quarter(bare_s[block:]), quarter(ours_s[block:]), len(run.parts.loop.parameters)


def measure() -> list[Figure]:
    """One figure a case: the share of the bare loop's speed, or the µs added to a step."""
    figures = []
    with TemporaryDirectory() as folder:
        for case in CASES:
            bare, ours, tensors = compare(case, Path(folder))
            detail = (
                f"{bare * 1e6:.0f} µs bare, {ours * 1e6:.0f} µs ours, 25 % quantiles of {case.steps} steps or "
                f"a few more, in turns; {load()}"
            )
            if case.least is not None:
                figures.append(Figure(f"steps, {case.name}", bare / ours, case.least, True, "of bare speed", detail))
            else:
                bar = FIXED_US + TENSOR_US * tensors
                figures.append(Figure(f"steps, {case.name}", (ours - bare) * 1e6, bar, False, "µs added", detail))
    return figures


if __name__ == "__main__":
    for figure in measure():
        print(figure)
