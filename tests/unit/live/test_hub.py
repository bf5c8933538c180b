"""The hub: rows arrive once, in order, for every reader, whatever happens between."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from core.live.buckets import thin
from core.live.hub import MAX_CATCH_UP_ROWS, MAX_LOCKED_ROWS, Hub, Position, Reading
from core.live.series import Series
from core.live.smoothing import Smoother

LOSSES = "batch/loss"


def feed(hub: Hub, steps: range, *, run: str = "a", attempt: int = 0, group: str = "update") -> None:
    """Rows whose loss is a tenth of their step."""
    numbers = np.array(steps)
    hub.append(run, attempt, group, numbers, {LOSSES: numbers / 10}, numbers + 0.5)


def opened(**kwargs: object) -> Hub:
    hub = Hub(**kwargs)  # type: ignore[arg-type]
    hub.open("a", {"state": "running"})
    return hub


def read(hub: Hub, position: Position | None = None, run: str = "a") -> Reading:
    reading = hub.read(run, position)
    assert reading is not None
    return reading


def history(reading: Reading, column: str = LOSSES) -> list[int]:
    assert reading.histories is not None
    return reading.histories["update"].columns[column][0].tolist()


def test_a_new_reader_gets_the_history_then_only_what_is_new():
    hub = opened()
    feed(hub, range(1, 6))
    first = read(hub)
    feed(hub, range(6, 9))
    second = read(hub, first.position)
    assert history(first) == [1, 2, 3, 4, 5]
    assert second.histories is None
    assert second.blocks["update"].steps.tolist() == [6, 7, 8]
    assert second.blocks["update"].stamps.tolist() == [6.5, 7.5, 8.5]
    assert second.meta == {}


def test_the_rows_of_a_long_run_are_taken_in_pieces_so_that_no_writer_waits_long(monkeypatch: pytest.MonkeyPatch):
    sizes: list[int] = []
    real = Series.append
    monkeypatch.setattr(
        Series, "append", lambda self, steps, *more: sizes.append(len(steps)) or real(self, steps, *more)
    )
    hub, count = opened(), 2 * MAX_LOCKED_ROWS + 5
    feed(hub, range(1, count + 1))
    steps, columns, _ = hub.series("a", "update")
    assert sizes == [MAX_LOCKED_ROWS, MAX_LOCKED_ROWS, 5]
    assert steps.tolist() == list(range(1, count + 1))
    smoothed = Smoother(0.9).extend(np.arange(1, count + 1) / 10)
    np.testing.assert_array_equal(columns[f"{LOSSES}~0.9"], smoothed.astype(np.float32))


def test_a_column_of_another_length_is_an_error():
    hub = opened()
    for length in (MAX_LOCKED_ROWS - 1, MAX_LOCKED_ROWS + 1):
        with pytest.raises(ValueError, match="each step"):
            hub.append("a", 0, "update", np.arange(MAX_LOCKED_ROWS), {LOSSES: np.zeros(length)})


def test_history_is_a_function_of_the_series_however_it_arrived():
    pieces, whole = opened(), opened()
    for start in range(1, 3000, 37):
        feed(pieces, range(start, min(start + 37, 3000)))
        read(pieces)
    feed(whole, range(1, 3000))
    numbers = np.arange(1, 3000)
    expected = numbers[thin(numbers, (numbers / 10).astype(np.float32))].tolist()
    assert history(read(pieces)) == history(read(whole)) == expected


def test_smoothed_columns_are_computed_before_thinning():
    hub = opened()
    feed(hub, range(1, 2000))
    smooth = history(read(hub), f"{LOSSES}~0.9")
    assert smooth == history(read(hub))
    _, columns, exact = hub.series("a", "update")
    assert exact
    assert len(columns[f"{LOSSES}~0.9"]) == 1999


def test_rows_that_come_twice_are_taken_once():
    hub = opened()
    feed(hub, range(1, 6))
    feed(hub, range(3, 8))
    assert history(read(hub)) == [1, 2, 3, 4, 5, 6, 7]


def test_a_new_attempt_drops_what_lies_after_its_first_step():
    hub = opened()
    feed(hub, range(1, 10))
    hub.event("a", {"step": 3, "kind": "set", "text": "lr"})
    hub.event("a", {"step": 9, "kind": "set", "text": "lr"})
    before = read(hub)
    hub.attempt("a", 1, 5)
    feed(hub, range(6, 8), attempt=0)
    feed(hub, range(6, 9), attempt=1)
    after = read(hub, before.position)
    assert history(after) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [event["step"] for event in after.events] == [3]
    assert after.attempt == 1


def test_smoothing_after_a_new_attempt_goes_on_from_the_kept_rows():
    resumed, straight = opened(), opened()
    feed(straight, range(1, 30))
    feed(resumed, range(1, 25))
    resumed.attempt("a", 1, 20)
    feed(resumed, range(21, 30), attempt=1)
    smooth = f"{LOSSES}~0.9"
    assert np.array_equal(resumed.series("a", "update")[1][smooth], straight.series("a", "update")[1][smooth])


def test_views_handed_out_survive_a_new_attempt():
    hub = opened()
    feed(hub, range(1, 10))
    first = read(hub, read(hub).position)
    feed(hub, range(10, 20))
    block = read(hub, first.position).blocks["update"]
    hub.attempt("a", 1, 3)
    hub.append("a", 1, "update", np.arange(4, 20), {LOSSES: np.full(16, -1.0)})
    assert block.columns[LOSSES].tolist() == pytest.approx(np.arange(10, 20) / 10)


def test_a_reader_far_behind_gets_a_history_again():
    hub = opened()
    position = read(hub).position
    feed(hub, range(1, MAX_CATCH_UP_ROWS + 2))
    assert read(hub, position).histories is not None


def test_meta_and_pictures_travel_when_they_change():
    hub = opened()
    position = read(hub).position
    hub.update("a", state="paused", step=4)
    hub.picture("a", "boundary", {"step": 4})
    hub.picture("a", "boundary", {"step": 5})
    reading = read(hub, position)
    assert reading.meta == {"state": "paused", "step": 4}
    assert reading.pictures == {"boundary": {"step": 5}}
    assert read(hub, reading.position).pictures == {}


def test_a_run_opened_again_starts_afresh_for_its_readers():
    hub = opened()
    feed(hub, range(1, 5))
    position = read(hub).position
    hub.open("a", {"state": "queued"})
    feed(hub, range(1, 3))
    assert history(read(hub, position)) == [1, 2]


def test_nobody_is_told_of_runs_that_are_not_there():
    hub = Hub()
    hub.update("nothing", state="running")
    hub.event("nothing", {"step": 1})
    hub.picture("nothing", "boundary", {})
    hub.attempt("nothing", 1, 0)
    hub.close("nothing")
    feed(hub, range(3), run="nothing")
    assert hub.read("nothing") is None
    assert not hub.known("nothing")


def test_a_group_keeps_its_columns():
    hub = opened()
    feed(hub, range(1, 3))
    with pytest.raises(ValueError, match="keeps its columns"):
        hub.append("a", 0, "update", [3], {"other": [1.0]})


def test_above_the_budget_a_run_keeps_its_thinned_history_and_goes_on():
    hub, roomy = opened(budget_bytes=20_000), opened()
    for start in range(1, 5000, 100):
        for each in (hub, roomy):
            feed(each, range(start, start + 100))
    assert history(read(hub)) == history(read(roomy))
    assert not hub.series("a", "update")[2]
    assert roomy.series("a", "update")[2]


def test_a_finished_run_gives_way_first():
    hub = opened(budget_bytes=60_000)
    hub.open("old", {})
    feed(hub, range(1, 1000), run="old")
    hub.close("old")
    for start in range(1, 2000, 100):
        feed(hub, range(start, start + 100))
    assert hub.series("a", "update")[2]
    assert not hub.series("old", "update")[2]


def test_old_closed_runs_are_let_go_and_loaded_again():
    loaded = []

    def load(run: str, hub: Hub) -> bool:
        loaded.append(run)
        if run == "missing":
            return False
        hub.open(run, {"state": "finished"})
        feed(hub, range(1, 4), run=run)
        hub.close(run)
        return True

    hub = Hub(load, keep_closed=2)
    assert [hub.known(run) for run in ("x", "y", "z", "missing")] == [True, True, True, False]
    assert hub.runs() == ["y", "z"]
    assert hub.known("x")
    assert loaded == ["x", "y", "z", "missing", "x"]
    assert history(read(hub, run="x")) == [1, 2, 3]


def test_a_forgotten_run_is_gone():
    hub = opened()
    hub.forget("a")
    assert hub.read("a") is None
    assert hub.meta("a") == {}


def test_waking_comes_once_until_the_changes_are_taken():
    hub = opened()
    woken = []
    hub.attach(lambda: woken.append(1))
    feed(hub, range(1, 3))
    hub.update("a", step=2)
    assert len(woken) == 1
    assert hub.changed() == {"a"}
    feed(hub, range(3, 5))
    assert len(woken) == 2
    hub.attach(None)
    feed(hub, range(5, 7))
    assert len(woken) == 2


def test_readers_lose_nothing_while_a_writer_writes():
    hub = opened()

    def write() -> None:
        for start in range(1, 6001, 5):
            feed(hub, range(start, start + 5))

    writer = threading.Thread(target=write)
    position, seen = read(hub).position, []
    writer.start()
    while writer.is_alive() or position.rows["update"] < 6000:
        reading = read(hub, position)
        # A reader that falls far behind starts afresh, from a history that reaches as far.
        seen = (
            list(range(1, reading.position.rows["update"] + 1))
            if reading.histories
            else seen + (reading.blocks["update"].steps.tolist())
        )
        position = reading.position
    writer.join()
    assert seen == list(range(1, 6001))


def test_the_newest_row_up_to_a_step_is_found_at_full_resolution():
    hub = Hub()
    hub.open("a", {})
    hub.append("a", 0, "update", [1, 2, 5], {"lr": [0.1, 0.2, 0.5], "loss": [3.0, np.nan, -np.inf]})
    found = hub.row("a", "update", 4)
    assert found is not None
    assert (found.step, found.names) == (2, ("lr", "loss"))
    np.testing.assert_array_equal(found.values, np.array([0.2, np.nan], dtype=np.float32))
    assert hub.row("a", "update", 0) is None
    assert hub.row("a", "evaluation", 4) is None
    assert hub.row("b", "update", 4) is None


def test_who_watches_a_run_that_waited_long_still_reads_how_it_ended():
    hub = opened(keep_closed=2)
    position = read(hub).position
    for run in ("b", "c"):
        hub.open(run, {})
        read(hub, run=run)
        hub.close(run)
    hub.update("a", state="stopped")
    hub.close("a")
    assert read(hub, position).meta == {"state": "stopped"}
