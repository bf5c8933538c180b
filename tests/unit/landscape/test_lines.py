"""Lines through two networks: the losses at the ends, barriers, statistics, and updates that fall short or over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.landscape.lines import ALONG_UPDATE, BETWEEN, Line, line_through
from core.landscape.measured import Measured
from core.pieces import worked_off
from core.training.run import Run
from tests.experiments import everything, points
from tests.landscapes import NETWORKS, run_with_snapshots

FULL = {"architecture": "logistic", "batch_size": 64, "validation_fraction": 0.2}


def line_of(places: list[float], losses: list[float]) -> Line:
    return Line(np.array(places), np.array(losses))


@pytest.mark.parametrize("places", [BETWEEN, ALONG_UPDATE])
def test_both_networks_are_among_the_places(places: tuple[float, ...]):
    assert len(places) == 61
    assert {0.0, 1.0} < set(places)
    assert (np.diff(places) > 0).all()


@pytest.mark.parametrize("batch_norm", ["frozen", "estimated"])
@pytest.mark.parametrize("name", NETWORKS)
def test_at_its_ends_a_line_has_the_losses_of_both_networks(name: str, batch_norm: Any, data_folder: Path):
    run, ((_, start), (_, end)) = run_with_snapshots(NETWORKS[name], data_folder, 1, 4)
    measured = Measured(run, samples=31, dtype=torch.float64, batch_norm=batch_norm)
    line = worked_off(line_through(measured, start, end, (-0.25, 0.0, 0.5, 1.0, 1.25)))
    assert line.ends == pytest.approx([worked_off(measured.true_loss(state)) for state in (start, end)], rel=1e-6)
    assert line.ends[1] == pytest.approx(measured.loss_here, rel=1e-6)
    middle = (measured.flat_of(start) + measured.flat_of(end)) / 2
    if not measured.has_batch_norm or batch_norm == "estimated":
        assert line.losses[2] == pytest.approx(float(measured.loss(middle)), rel=1e-9)


def test_statistics_go_along_between_the_ends_and_stay_beyond(data_folder: Path):
    run, ((_, start), (_, end)) = run_with_snapshots(everything(), data_folder, 1, 6)
    measured = Measured(run, samples=30, dtype=torch.float64)
    parameters = set(measured.names)

    def state(place: float, of_statistics: float) -> dict[str, torch.Tensor]:
        shares = {name: place if name in parameters else of_statistics for name in start}
        return {
            name: start[name].double() + shares[name] * (end[name].double() - start[name].double()) for name in start
        }

    line = worked_off(line_through(measured, start, end, (-0.25, 0.0, 0.5, 1.0, 2.0)))
    expected = [
        worked_off(measured.true_loss(state(place, share))) for place, share in ((-0.25, 0), (0.5, 0.5), (2, 1))
    ]
    assert line.losses[[0, 2, 4]] == pytest.approx(expected, rel=1e-9)
    assert worked_off(measured.true_loss(state(2, 2))) != pytest.approx(expected[-1], rel=1e-6)


def test_a_barrier_is_what_rises_above_the_straight_line_between_the_ends():
    places = [-0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5]
    assert line_of(places, [9.0, 1.0, 1.5, 4.0, 2.0, 3.0, 9.0]).barrier == 2.0
    assert line_of(places, [9.0, 1.0, 1.5, 2.0, 2.5, 3.0, 9.0]).barrier == 0.0
    assert line_of(places, [9.0, 1.0, 0.5, 0.0, 0.5, 3.0, 9.0]).barrier == 0.0


def test_a_convex_loss_has_no_barrier(data_folder: Path):
    first = Run(points(architecture="logistic", seed=1), data_folder)
    second = Run(points(architecture="logistic", seed=2, optimizer={"key": "sgd", "lr": 1.0}), data_folder).train()
    measured = Measured(first, dtype=torch.float64)
    start, end = (run.parts.model.state_dict() for run in (first, second))
    line = worked_off(line_through(measured, start, end, BETWEEN))
    assert line.ends[0] > 1.1 * line.ends[1]
    assert (np.diff(line.losses, 2) > 0).all()
    assert line.barrier == 0.0


@pytest.mark.parametrize(("rate", "lands"), [(1e-3, "before"), (1e4, "beyond")])
def test_an_update_lands_before_or_beyond_the_bottom_of_its_line(rate: float, lands: str, data_folder: Path):
    run, ((_, start), (_, end)) = run_with_snapshots(
        points(**FULL, optimizer={"key": "sgd", "lr": rate}), data_folder, 2, 3
    )
    measured = Measured(run, samples=10_000, dtype=torch.float64)
    line = worked_off(line_through(measured, start, end, ALONG_UPDATE))
    assert line.bottom is not None
    bottom = line.places[line.bottom]
    if lands == "before":
        assert bottom > 1
        assert line.ends[1] < line.ends[0]
    else:
        assert bottom < 1


def test_what_is_no_number_is_not_the_bottom():
    assert line_of([-1.0, 0.0, 1.0, 2.0], [np.nan, 2.0, 1.0, np.inf]).bottom == 2
    assert line_of([0.0, 1.0], [np.nan, np.nan]).bottom is None
