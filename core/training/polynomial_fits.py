"""Polynomials of every degree fitted to noisy points, several sets at once: capacity, bias and variance.

Each fit is trained by gradient descent from zero, in coordinates in which the inputs are orthonormal: there all
directions converge alike, which in powers of x they would take millions of updates for. Below the number of points the
limit is the least squares fit; from there on it goes through all points, with the smallest Legendre coefficients.

Shapes: R sets, N points of a set, D degrees, K coefficients, G places on the grid, T kept moments, J test points.
Source: Bishop, Pattern Recognition and Machine Learning, 2006, sections 1.1 and 3.2; Belkin et al., Reconciling modern
machine-learning practice and the classical bias-variance trade-off, 2019.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.polynomial import legendre
from torch import Tensor

from core.catalog.datasets.polynomial import Polynomial
from core.seeding import seed32

RATE = 0.1
MOMENTS = (0, 1, 2, 3, 5, 8, 12, 18, 27, 40, 60, 90, 130, 200)
"""Updates after which the fits are kept; after the last one a distance has shrunk to 0.9^200, below 10⁻⁹."""
NUM_GRID = 241
NUM_TEST = 10_000
NUM_VALIDATION = 1_000


@dataclass(frozen=True, eq=False)
class Fits:
    """What was fitted, all float64.

    `x`, `y` (R, N) are the points, `grid`, `truth` (G,) the curve behind them. `curves` (T, R, G) are the fits of the
    degree asked for at the moments `updates`; `train`, `validation` (R, D) mean squared errors of the trained fits of
    degree 0 … D − 1. `bias2`, `variance` (D,) are estimated from the sets, `noise` is the variance of the noise, `test`
    (D,) the mean squared error over all sets on the same test points, ± `test_error` (one standard error).
    """

    x: np.ndarray
    y: np.ndarray
    grid: np.ndarray
    truth: np.ndarray
    updates: tuple[int, ...]
    curves: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    bias2: np.ndarray
    variance: np.ndarray
    noise: float
    test: np.ndarray
    test_error: np.ndarray


def fits(data: Polynomial, *, seed: int, num_sets: int, degree: int, most: int) -> Generator[None, None, Fits]:
    """Fit `num_sets` sets of `data.n` points by the degrees 0 … `most`; yields after every degree.

    `degree` ≤ `most` is the one whose curves are kept. Bias and variance need two sets at least; with one they are
    those of that set alone.
    """
    rng = np.random.default_rng(seed32(seed, "data", "polynomial fits"))
    drawn = [data.draw(data.n, rng) for _ in range(num_sets)]
    x_RN = np.stack([x[:, 0] for x, _ in drawn])
    y_RN = np.stack([y[:, 0] for _, y in drawn])
    x_validation, y_validation = (part[:, 0] for part in data.draw(NUM_VALIDATION, rng))
    x_test, y_test = (part[:, 0] for part in data.draw(NUM_TEST, rng))
    grid = np.linspace(-1, 1, NUM_GRID)
    places = {"grid": grid, "validation": x_validation, "test": x_test}
    inputs = {name: _inputs(x, most) for name, x in places.items()}
    truth_J = data.truth(x_test[:, None])[:, 0]

    errors: dict[str, list[np.ndarray]] = {"train": [], "validation": []}
    bias2, variance, test, spread = [], [], [], []
    curves = np.zeros(0)
    for k in range(most + 1):
        trained = _trained(_inputs(x_RN, k), torch.from_numpy(y_RN))
        if k == degree:
            curves = torch.stack([_answers(w_RK, inputs["grid"]) for w_RK in trained.moments]).numpy()
        weights_RK = trained.moments[-1]
        errors["train"].append(_mean_squares(trained.fitted.numpy(), y_RN))
        errors["validation"].append(_mean_squares(_answers(weights_RK, inputs["validation"]).numpy(), y_validation))
        answers_RJ = _answers(weights_RK, inputs["test"]).numpy()
        of_bias, of_variance = bias_and_variance(answers_RJ, truth_J)
        bias2.append(of_bias)
        variance.append(of_variance)
        squares_J = ((answers_RJ - y_test) ** 2).mean(0)
        test.append(squares_J.mean())
        spread.append(squares_J.std(ddof=1) / NUM_TEST**0.5)
        yield
    return Fits(
        x_RN,
        y_RN,
        grid,
        data.truth(grid[:, None])[:, 0],
        MOMENTS,
        curves,
        np.stack(errors["train"], 1),
        np.stack(errors["validation"], 1),
        np.array(bias2),
        np.array(variance),
        data.noise**2,
        np.array(test),
        np.array(spread),
    )


def bias_and_variance(answers_RJ: np.ndarray, truth_J: np.ndarray) -> tuple[float, float]:
    """Bias² and variance of fits to R sets, averaged over J points; together the mean squared distance to the truth.

    The mean over R sets still varies by a share 1/R of the variance, which its distance to the truth holds too. That is
    no bias: without it the estimate is unbiased, and where it is below 0 none is found.
    """
    distance = float(((answers_RJ.mean(0) - truth_J) ** 2).mean())
    spread = float(answers_RJ.var(0).mean())
    bias2 = max(0.0, distance - spread / (len(answers_RJ) - 1)) if len(answers_RJ) > 1 else distance
    return bias2, distance + spread - bias2


def _inputs(x: np.ndarray, degree: int) -> Tensor:
    """The Legendre polynomials of degree 0 … `degree` at x: (…, degree + 1)."""
    return torch.from_numpy(legendre.legvander(x, degree))


@dataclass(frozen=True)
class _Trained:
    """`moments`: coefficients (R, K) after each of MOMENTS updates; `fitted` (R, N): the last answers at the points."""

    moments: list[Tensor]
    fitted: Tensor


def _trained(inputs_RNK: Tensor, y_RN: Tensor) -> _Trained:
    """Gradient descent on half the squared distance, in the orthonormal coordinates of each set's inputs."""
    u_RNC, scales_RC, v_RCK = torch.linalg.svd(inputs_RNK, full_matrices=False)
    # Below this, rounding decides; NumPy and LAPACK leave such directions out as well.
    least = torch.finfo(scales_RC.dtype).eps * max(inputs_RNK.shape[1:]) * scales_RC[:, :1]
    back_RC = torch.where(scales_RC > least, 1 / scales_RC, 0.0)
    places_RC = torch.zeros_like(scales_RC)
    moments = []
    for update in range(MOMENTS[-1] + 1):
        fitted_RN = torch.einsum("rnc,rc->rn", u_RNC, places_RC)
        if update in MOMENTS:
            moments.append(torch.einsum("rc,rck->rk", places_RC * back_RC, v_RCK))
        places_RC = places_RC - RATE * torch.einsum("rnc,rn->rc", u_RNC, fitted_RN - y_RN)
    return _Trained(moments, fitted_RN)


def _answers(weights_RK: Tensor, inputs_GM: Tensor) -> Tensor:
    """The values (R, G) of polynomials; `inputs_GM` has columns up to the largest degree."""
    return weights_RK @ inputs_GM[:, : weights_RK.shape[1]].T


def _mean_squares(answers: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return ((answers - targets) ** 2).mean(-1)
