"""Curvature of the digits MLP along a run: the cold top eigenvalue against PyHessian, and warm probes in gradients.

PyHessian (0.1) iterates powers until two values in a row agree; it is given the loosest tolerance of `TOLERANCES` with
which its answer has a residual of at most a hundredth of the eigenvalue, as ours has. Same network, samples, loss and
precision on one thread; before timing both answers must agree. A warm probe starts from the one before. The limit: with
three dense layers a gradient has 8 matrix products and a Hessian-vector product 14, so about 1.2 gradients measured;
a probe needs the gradient's graph and at least one of them. `python -m bench.curvature` runs it alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch

from bench.calibration import load
from bench.figure import Figure, alternate, quarter
from core.experiment import Experiment
from core.landscape.curvature import BOTTOM, TOP, Extremes, Hessian, extremes
from core.landscape.measured import Measured
from core.training.device import use_threads
from core.training.run import Run

DIGITS: dict[str, Any] = {"dataset": "digits", "architecture": {"key": "mlp", "widths": [64, 64]}, "epochs": 10}
COLD_AT = (0, 10, 30, 60, 120, 180)
TOLERANCES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6)
RESIDUAL = 1e-2
EVERY, UNTIL = 2, 180
"""Updates between two warm probes, and of the run."""
TIMED_EVERY = 18
ROUNDS = 21
NEAR = 0.05


def measure() -> list[Figure]:
    """The ratio to PyHessian, and for one end and for both what a warm probe costs and how often it is right."""
    use_threads(1)
    with TemporaryDirectory() as folder:
        return [
            _cold(Path(folder)),
            *_warm(Path(folder), "top", (TOP,), 2, 4),
            *_warm(Path(folder), "both ends", (BOTTOM, TOP), 4, 6),
        ]


def _run(folder: Path) -> Run:
    return Run(Experiment.from_json(DIGITS), folder)


def _cold(folder: Path) -> Figure:
    run, ours, peers, ratios = _run(folder), 0.0, 0.0, []
    for step in COLD_AT:
        run.train(step)
        measured = Measured(run)

        def top(measured: Measured = measured) -> Extremes:
            return extremes(Hessian(measured), ends=(TOP,), tolerance=RESIDUAL)

        peer = _peer(run, measured, float(top().values[TOP]))
        mine, its = (quarter(times) for times in alternate(top, peer, ROUNDS))
        ours, peers = ours + mine, peers + its
        ratios.append(its / mine)
        run.parts.model.zero_grad()
        run.parts.model.train()
    spread = f"{min(ratios):.1f} to {max(ratios):.1f} at {len(ratios)} checkpoints"
    detail = (
        f"{1e3 * ours / len(ratios):.1f} ms against {1e3 * peers / len(ratios):.1f} ms of PyHessian, {spread}; {load()}"
    )
    return Figure("curvature, cold top eigenvalue", peers / ours, 5, True, "×", detail)


def _peer(run: Run, measured: Measured, top: float) -> Callable[[], Any]:
    """PyHessian's answer with the loosest tolerance that is as good as ours."""
    from pyhessian import hessian

    hessian_here = Hessian(measured)

    def answer(tolerance: float) -> Any:
        torch.manual_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Its graph lives on within the gradients, as it means it to.
            made = hessian(run.parts.model, measured.criterion, data=(measured.inputs, measured.targets), cuda=False)
        return made.eigenvalues(maxIter=10_000, tol=tolerance)

    for tolerance in TOLERANCES:
        (value,), (vectors,) = answer(tolerance)
        vector = torch.cat([part.reshape(-1) for part in vectors])
        residual = float((hessian_here(vector) - value * vector).norm())
        if residual <= RESIDUAL * abs(value):
            assert abs(value / top - 1) <= RESIDUAL, (value, top)
            return lambda: answer(tolerance)
    raise AssertionError(f"PyHessian does not come to a residual of {RESIDUAL}")


def _warm(folder: Path, name: str, ends: tuple[int, ...], most: int, bar: float) -> list[Figure]:
    """Cost in gradients and share of probes near the cold answer, with `most` products a probe."""
    run = _run(folder)
    before = extremes(Hessian(Measured(run)), ends=ends).vectors[list(ends)]
    costs, near = [], []
    for step in range(EVERY, UNTIL + 1, EVERY):
        measured = Measured(run.train(step))

        def probe(measured: Measured = measured, start: torch.Tensor = before) -> Extremes:
            return extremes(Hessian(measured), start=start, ends=ends, tolerance=0.0, most=most)

        def gradient(measured: Measured = measured) -> Any:
            flat = measured.flat.clone().requires_grad_()
            return torch.autograd.grad(measured.loss(flat), flat)

        wanted = extremes(Hessian(measured), ends=ends, tolerance=1e-3).values
        found = probe()
        near.append(all(abs(found.values[end] / wanted[end] - 1) <= NEAR for end in ends))
        if step % TIMED_EVERY == 0:
            probes, gradients = alternate(probe, gradient, ROUNDS)
            costs.append(quarter(probes) / quarter(gradients))
        before = found.vectors[list(ends)]
    detail = f"{most} products, every {EVERY} updates of {UNTIL}"
    return [
        Figure(f"curvature, warm probe, {name}", median(costs), bar, False, "gradients", f"{detail}; {load()}"),
        Figure(
            f"curvature, warm probe within {NEAR:.0%}, {name}", sum(near) / len(near), 0.9, True, "of probes", detail
        ),
    ]


if __name__ == "__main__":
    for figure in measure():
        print(figure, flush=True)
