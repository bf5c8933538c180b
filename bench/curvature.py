"""Curvature of the digits MLP along a run: the cold top eigenvalue against PyHessian, and warm probes in gradients.

PyHessian (0.1) iterates powers until two values in a row agree; it is given the loosest tolerance of `TOLERANCES` with
which its answer has a residual of at most a hundredth of the eigenvalue, as ours has. Same network, samples, loss and
precision on one thread; before timing both answers must agree. A warm probe starts from the one before, `EVERY` updates
earlier; its cost is the mean over the run, and it is near when all its ends are within 5 % of a cold answer.

The physical limit is the rate of matrix products measured beside it: with three dense layers a gradient has 8 of them
and a Hessian-vector product 14. `python -m bench.curvature` runs it alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from copy import copy
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

import torch

from bench.calibration import load, products_a_second
from bench.figure import Figure, alternate, quarter
from core.experiment import Experiment
from core.landscape.curvature import BOTTOM, TOP, Extremes, extremes
from core.landscape.hessian import Hessian
from core.landscape.measured import Measured
from core.landscape.probe import Probe, Probed
from core.pieces import worked_off
from core.training.device import use_threads
from core.training.run import Run

DIGITS: dict[str, Any] = {"dataset": "digits", "architecture": {"key": "mlp", "widths": [64, 64]}, "epochs": 10}
COLD_AT = (0, 10, 30, 60, 120, 180)
TOLERANCES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6)
RESIDUAL = 1e-2
EVERY, UNTIL = 1, 180
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
            *_warm(Path(folder), "top", (TOP,), 4),
            *_warm(Path(folder), "both ends", (BOTTOM, TOP), 6),
        ]


def _run(folder: Path) -> Run:
    return Run(Experiment.from_json(DIGITS), folder)


def _cold(folder: Path) -> Figure:
    run, ours, peers, limits, ratios = _run(folder), 0.0, 0.0, 0.0, []
    for step in COLD_AT:
        run.train(step)
        measured = Measured(run)

        def top(measured: Measured = measured) -> Extremes:
            return worked_off(extremes(measured, ends=(TOP,), tolerance=RESIDUAL))

        found = top()
        peer = _peer(run, measured, float(found.values[TOP]))
        mine, its = (quarter(times) for times in alternate(top, peer, ROUNDS))
        ours, peers, limits = ours + mine, peers + its, limits + _limit(run, measured, found.num_products)
        ratios.append(its / mine)
        run.parts.model.zero_grad()
        run.parts.model.train()
    spread = f"{min(ratios):.1f} to {max(ratios):.1f} at {len(ratios)} checkpoints"
    detail = (
        f"{1e3 * ours / len(ratios):.1f} ms against {1e3 * peers / len(ratios):.1f} ms of PyHessian, {spread}; "
        f"{limits / ours:.0%} of the limit of its products, {peers / limits:.1f} × at that limit; {load()}"
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
        residual = float((worked_off(hessian_here.product(vector)) - value * vector).norm())
        if residual <= RESIDUAL * abs(value):
            assert abs(value / top - 1) <= RESIDUAL, (value, top)
            return lambda: answer(tolerance)
    raise AssertionError(f"PyHessian does not come to a residual of {RESIDUAL}")


def _limit(run: Run, measured: Measured, num_products: int) -> float:
    """Seconds that a gradient and so many Hessian-vector products take if they are matrix products and nothing else."""
    frame = run.parts.frame
    plan = run.experiment.architecture.plan(frame.input_shape, frame.num_outputs)  # type: ignore[attr-defined]
    every = sum(layer.multiplications for layer in plan)
    but_first = every - plan[0].multiplications
    needed = 2 * every + but_first + num_products * (2 * every + 4 * but_first)
    return measured.num_samples * needed / products_a_second()


def _warm(folder: Path, name: str, ends: tuple[int, ...], bar: float) -> list[Figure]:
    """Mean cost in gradients, and share of probes near the cold answer at all `ends`."""
    run = _run(folder)
    probe = Probe(Measured(run), ends)
    probe(run.parts.model.state_dict())
    costs, limits, near, products = [], [], [], []
    for step in range(EVERY, UNTIL + 1, EVERY):
        state = run.train(step).parts.model.state_dict()
        measured = Measured(run)

        before = copy(probe)

        def again(probe: Probe = before, state: Any = state) -> Probed:
            return copy(probe)(state)

        def gradient(measured: Measured = measured) -> Any:
            flat = measured.flat.clone().requires_grad_()
            return torch.autograd.grad(measured.loss(flat), flat)

        wanted = worked_off(extremes(measured, tolerance=1e-3)).values
        found = probe(state)
        values = [found.bottom, found.top]
        near.append(all(abs(values[end] / wanted[end] - 1) <= NEAR for end in ends))
        products.append(found.num_products)
        if step % TIMED_EVERY == 0:
            probes, gradients = alternate(again, gradient, ROUNDS)
            costs.append(quarter(probes) / quarter(gradients))
            limits.append(_limit(run, measured, found.num_products) / quarter(probes))
    detail = f"{mean(products):.1f} products, after every {EVERY} of {UNTIL} updates"
    return [
        Figure(
            f"curvature, warm probe, {name}",
            mean(costs),
            bar,
            False,
            "gradients",
            f"{detail}; {mean(limits):.0%} of the limit of its products; {load()}",
        ),
        Figure(f"curvature, warm probe within {NEAR:.0%}, {name}", mean(near), 0.9, True, "of probes", detail),
    ]


if __name__ == "__main__":
    for figure in measure():
        print(figure, flush=True)
