"""A watch looks in pieces at a run that stands still, and nothing of it stays when the run is over."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

from core.training.command import Command
from core.training.run import Run
from core.training.watch import Watch
from tests.experiments import points
from tests.jobs import computing, submitted
from tests.polling import until

PIECES = 3


class Look:
    """Looks in some pieces, and keeps the update of each."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def __call__(self, run: Run) -> Iterator[None]:
        for piece in range(PIECES):
            self.seen.append(run.step_count)
            if piece < PIECES - 1:
                yield


def test_a_run_stands_still_until_all_pieces_of_a_look_are_done(data_folder: Path):
    run, look = Run(points(), data_folder), Look()
    watch = Watch(look, every=2)
    for step in range(5):
        num_pieces = 0
        while watch.is_due(run):
            watch.piece(run)
            num_pieces += 1
        assert num_pieces == (0 if step % 2 else PIECES)
        run.train(step + 1)
    assert look.seen == [0] * PIECES + [2] * PIECES + [4] * PIECES


def test_a_look_that_is_given_up_is_not_gone_on_with_elsewhere(data_folder: Path):
    run, look = Run(points(), data_folder), Look()
    watch = Watch(look, every=1)
    watch.piece(run)
    watch.every = 0
    assert not watch.is_due(run)
    run.train(1)
    watch.every = 1
    for _ in range(PIECES):
        assert watch.is_due(run)
        watch.piece(run)
    assert not watch.is_due(run)
    assert look.seen == [0] + [1] * PIECES


def test_a_job_obeys_between_two_pieces_of_a_look_and_lets_go_of_it_at_its_end(tmp_path: Path):
    class Endless(Look):
        def __call__(self, run: Run) -> Iterator[None]:
            while True:
                self.seen.append(run.step_count)
                yield

    look = Endless()
    alive = weakref.ref(look)
    with computing() as compute:
        job, _ = submitted(compute, points(), tmp_path, watch=Watch(look, every=4))
        until(lambda: 0 in alive().seen)  # type: ignore[union-attr]
        job.command(Command("stop"))
        assert job.over.wait(100)
        del look
        gc.collect()
        assert alive() is None
        assert job.run is not None
        assert job.run.step_count == 0
