"""The replay on the pages: offered where the same was run before, opened from Runs and by an address, kept in it."""

from __future__ import annotations

import pytest

from core.experiment import Experiment
from core.studies.workbench import Workbench
from tests.app.test_runs import button, select
from tests.app.train_page import live

SAME = {"dataset": "moons", "dataset.n": "40", "epochs": "1"}


@pytest.fixture
def run(bench: Workbench) -> str:
    """A run that is over."""
    experiment, _ = Experiment.from_url(SAME)
    started = bench.start(experiment, pace="max")
    bench.wait(started, 100)
    return started


def written(tab) -> tuple[str | None, ...]:
    """What the address says of a replay."""
    values = [tab.query_params.get(name) for name in ("replay", "at")]
    return tuple(value[0] if isinstance(value, list) else value for value in values)


def press(tab, **fired):
    """What the browser says, for one run of the page."""
    tab.session_state["live"] = fired
    tab.run()
    assert not tab.exception
    tab.session_state["live"] = {}
    return tab


def test_who_would_start_the_same_is_offered_its_replay(open_page, run: str, bench: Workbench):
    tab = open_page(**SAME)
    record = bench.find(run)
    assert record is not None
    assert record.last_validation_error is not None
    assert live(tab)["offer"].startswith(f"Run before, {record.created.astimezone():%Y-%m-%d %H:%M}: validation error ")
    assert live(tab)["offer"].endswith(f"{100 * record.last_validation_error:.1f} %.")
    assert live(tab)["replay"] is None
    press(tab, offered={"run": live(tab)["run"]})
    assert live(tab)["run"] == run
    assert live(tab)["offer"] == ""
    assert live(tab)["replay"]["at"] is None
    assert written(tab) == ("1", None)
    assert [record.id for record in bench.runs()] == [run], "nothing was started"


def test_who_would_start_something_else_is_offered_nothing(open_page, run: str):
    assert live(open_page(**SAME, seed="5"))["offer"] == ""


def test_what_was_run_before_does_not_answer_the_question_of_a_lesson(open_page, run: str, monkeypatch):
    monkeypatch.setattr("pages.components.lesson_state.waits_for_answer", lambda page: True)
    assert live(open_page(**SAME))["offer"] == ""


def test_an_address_leads_to_the_moment(open_page, run: str):
    tab = open_page(run=run, replay="1", at="1")
    assert live(tab)["run"] == run
    assert live(tab)["replay"]["at"] == 1
    assert written(tab) == ("1", "1")
    for at in ("²", "9" * 5000):
        assert live(open_page(run=run, replay="1", at=at))["replay"]["at"] is None
    assert live(open_page(run=run))["replay"] is None


def test_the_address_follows_where_the_replay_rests_until_it_is_left(open_page, run: str):
    tab = open_page(run=run)
    press(tab, replay={"run": run, "at": 1})
    assert written(tab) == ("1", "1")
    number = live(tab)["replay"]["number"]
    press(tab, replay={"run": run, "at": 0})
    assert live(tab)["replay"] == {"at": 0, "number": number}, "the browser begins each number once"
    press(tab, replay={"run": run, "at": None})
    assert live(tab)["replay"] is None
    assert written(tab) == (None, None)


def test_a_run_of_the_table_is_replayed_on_the_train_page(open_page, run: str, bench: Workbench):
    tab = select(open_page("runs.py"), 0)
    button(tab, "Replay").click().run()
    assert not tab.exception
    assert live(tab)["run"] == run
    assert live(tab)["replay"]["at"] is None


def test_what_goes_on_is_not_replayed(open_page, bench: Workbench):
    experiment, _ = Experiment.from_url(SAME)
    active = bench.start(experiment, pace="max", paused=True)
    assert live(open_page(run=active, replay="1"))["replay"] is None
    assert "Replay" not in [item.label for item in select(open_page("runs.py"), 0).button]


def test_the_surface_shows_the_moment_of_the_replay(open_page, run: str, asked):
    tab = open_page(run=run, replay="1", at="1")
    button(tab, "Landscape").click().run()
    assert not tab.exception
    assert live(tab)["moment"] == 1


def test_the_surface_and_the_train_page_stand_at_one_moment(open_page, run: str, asked):
    def watched(at: int | None) -> None:
        tab.session_state["network chart"] = {"replay": {"run": run, "at": at}}
        tab.run()
        tab.session_state["network chart"] = {}

    tab = open_page(run=run, replay="1", at="1")
    button(tab, "Landscape").click().run()
    assert tab.query_params["cursor"] == "1"
    watched(2)
    assert (live(tab)["moment"], tab.query_params["cursor"]) == (2, "2")
    tab.query_params.clear()
    tab.switch_page("train.py").run()
    assert (live(tab)["run"], live(tab)["replay"]["at"]) == (run, 2)
    tab.query_params.clear()
    tab.switch_page("landscapes.py").run()
    watched(None)
    assert (live(tab)["moment"], "cursor" in tab.query_params) == (None, False)
    tab.query_params.clear()
    tab.switch_page("train.py").run()
    assert live(tab)["replay"] is None


def test_the_address_of_a_surface_leads_to_the_moment(open_page, run: str, asked):
    assert live(open_page("landscapes.py", tab="network", run=run, cursor="1"))["moment"] == 1
    tab = open_page("landscapes.py", tab="network", run=run, cursor="x")
    assert live(tab)["moment"] is None
    assert "“cursor=x” in the link" in tab.info[0].value
