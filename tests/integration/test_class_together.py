"""A teacher and a class: what all are told at once, what is started for all, and what they see of each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from core.catalog.faults import sealed
from core.errors import Refused
from core.people import LOCAL, NOBODY
from core.studies.comparison import Comparison
from core.studies.fault_finding import about
from core.studies.room import Room
from core.studies.workbench import Workbench
from tests.experiments import POINTS, points
from tests.polling import until
from tests.sealed import FAULTS
from tests.stored_runs import LONG, finished, steps_done


class Class(NamedTuple):
    """A room with two students whose pages are open, one who has gone home, and a teacher."""

    bench: Workbench
    room: Room
    anna: str
    ben: str
    absent: str
    teacher: str

    def state(self, run: str) -> str:
        job = self.bench.runner.job(run)
        return job.state_name if job is not None else "over"

    def is_(self, state: str, *runs: str) -> None:
        """Wait until all of these runs are in a state."""
        until(lambda: {self.state(run) for run in runs} == {state}, what=state)


@pytest.fixture
def together(bench: Workbench) -> Iterator[Class]:
    room = bench.open_room("class")
    anna, ben, absent = (room.join(name, room.code, "").id for name in ("Anna", "Ben", "Cleo"))
    teacher = room.join("Eve", room.teacher_key, "").id
    for person in (anna, ben, teacher):
        room.seen(person, "train")
    made = Class(bench, room, anna, ben, absent, teacher)
    yield made
    bench.tell_all("stop", actor=teacher)


def going(together: Class, owner: str, **changes: object) -> str:
    run = together.bench.start(points(**LONG, **changes), actor=owner, pace="1/s")
    together.is_("running", run)
    return run


def test_what_was_paused_for_all_goes_on_for_all_and_what_a_student_paused_stays(together: Class):
    bench, teacher = together.bench, together.teacher
    own = bench.start(points(**LONG, seed=7), actor=together.ben, pace="1/s", paused=True)
    together.is_("paused", own)
    one, two = going(together, together.anna), going(together, together.ben)
    study = bench.start_comparison(
        Comparison.of(POINTS | LONG, ["optimizer=sgd,adam"], rates="hand", seeds=1, name=""), actor=teacher, pace="1/s"
    )
    until(lambda: all(together.state(run.id) == "running" for run in bench.runs_of(study)) and bench.runs_of(study))
    assert bench.tell_all("pause", actor=teacher).count == 3
    lanes = [run.id for run in bench.runs_of(study)]
    together.is_("paused", one, two, *lanes)
    assert bench.tell_all("pause", actor=teacher).count == 0
    told = bench.tell_all("resume", actor=teacher)
    assert (told.count, told.refused) == (3, ())
    together.is_("running", one, two, *lanes)
    assert together.state(own) == "paused"
    assert bench.tell_all("resume", actor=teacher).count == 0
    assert bench.tell_all("stop", actor=teacher).count == 4
    assert {bench.wait(run, 100).state for run in (one, two, own)} == {"stopped"}


def test_one_run_is_computed_once_and_everybody_is_called_to_it(together: Class):
    bench = together.bench
    begun = bench.start_for_all(points(**LONG), own_seeds=False, actor=together.teacher, pace="1/s")
    assert (begun.runs, begun.people, begun.refused) == (1, 2, ())
    call = bench.call(actor=together.anna)
    assert call is not None
    run = call.run_of(together.anna)
    assert run == call.run_of(together.ben) == call.run_of(together.absent)
    assert bench.run(run or "").owner == together.teacher
    # What goes on already is not started once more; another experiment is.
    bench.start_for_all(points(**LONG), own_seeds=False, actor=together.teacher)
    again = bench.call(actor=together.anna)
    assert again is not None
    assert (again.number, again.run) == (2, run)
    bench.start_for_all(points(**LONG, seed=1), own_seeds=False, actor=together.teacher)
    assert len(bench.runs()) == 2


def test_what_was_run_before_is_served_where_the_class_sees_it(together: Class):
    bench = together.bench
    known = finished(bench, points(), actor=together.anna).id
    bench.start_for_all(points(), own_seeds=False, actor=together.teacher)
    assert bench.board.call is not None
    assert bench.board.call.run == known
    bench.share(known, False, actor=together.anna)
    bench.start_for_all(points(), own_seeds=False, actor=together.teacher, pace="max")
    assert bench.board.call.run != known


def test_everybody_gets_a_run_of_their_own_with_a_seed_of_their_own(together: Class):
    bench = together.bench
    before = going(together, together.anna, seed=9)
    begun = bench.start_for_all(points(**LONG), own_seeds=True, actor=together.teacher, pace="1/s")
    assert (begun.runs, begun.people) == (2, 2)
    call = bench.board.call
    assert call is not None
    runs = [bench.run(call.run_of(person) or "") for person in (together.anna, together.ben)]
    assert [run.owner for run in runs] == [together.anna, together.ben]
    assert [run.experiment["seed"] for run in runs] == [0, 1]
    assert call.run_of(together.absent) is None
    together.is_("paused", before)
    together.is_("running", *(run.id for run in runs))


def test_who_has_too_much_going_is_named_and_the_others_get_theirs(together: Class):
    bench = together.bench
    for seed in range(4):
        bench.start(points(**LONG, seed=seed + 5), actor=together.anna, pace="1/s")
    begun = bench.start_for_all(points(**LONG), own_seeds=True, actor=together.teacher, pace="1/s")
    assert begun.runs == 1
    [(person, error)] = begun.refused
    assert person.name == "Anna"
    assert "4 runs" in str(error)


def test_nobody_here_is_said_in_words(together: Class, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(together.room, "people", tuple)
    with pytest.raises(Refused, match="Nobody is here"):
        together.bench.start_for_all(points(), own_seeds=True, actor=together.teacher)


def test_a_call_is_for_students(together: Class):
    bench = together.bench
    bench.bring_all("fitting", 1, actor=together.teacher)
    call = bench.call(actor=together.ben)
    assert call is not None
    assert (call.lesson, call.place, call.run_of(together.ben)) == ("fitting", 1, None)
    assert [bench.call(actor=actor) for actor in (together.teacher, LOCAL, NOBODY)] == [None, None, None]


# -- what they see of each other -----------------------------------------------------------------------------------


def test_a_teacher_sees_what_everybody_does(together: Class):
    bench = together.bench
    run = going(together, together.anna)
    bench.start(points(**LONG, seed=1), actor=together.anna, pace="1/s")
    until(lambda: steps_done(bench, run) >= 1)
    bench.answer("lesson/fitting.1", "choice", 1, actor=together.ben)
    pupils = {pupil.present.person.name: pupil for pupil in bench.pupils("fitting", actor=together.teacher)}
    assert pupils["Anna"].doing.template == "training, {percent:.0f} %"
    assert (str(pupils["Ben"].doing), pupils["Ben"].num_answered) == ("choosing", 1)
    assert not pupils["Cleo"].present.is_here
    for actor in (together.anna, LOCAL, NOBODY):
        assert bench.pupils("fitting", actor=actor) == ()
    bench.command(run, "pause", actor=together.anna)
    # The second one has its place now.
    until(lambda: bench.runner.compute.going(together.anna))


def test_the_wall_has_the_newest_shared_run_of_everybody_in_the_room(together: Class):
    bench = together.bench
    old = finished(bench, points(), actor=together.ben).id
    hers = finished(bench, points(seed=1), actor=together.anna).id
    new = finished(bench, points(seed=2), actor=together.ben).id
    finished(bench, points(seed=3), actor="student-elsewhere")
    finished(bench, points(seed=4))
    for actor in (together.anna, together.ben, together.teacher):
        assert [run.id for run in bench.wall(actor=actor)] == [hers, new]
    assert bench.wall(actor=NOBODY) == ()
    bench.share(new, False, actor=together.ben)
    assert [run.id for run in bench.wall(actor=together.teacher)] == [hers, old]


def test_answers_are_seen_by_who_has_answered_by_the_teacher_and_by_all_once_they_are_shown(together: Class):
    bench, question = together.bench, "lesson/fitting.1"
    bench.answer(question, "choice", 0, actor=together.anna)
    bench.answer("lesson/fitting.2", "skip", None, actor=together.anna)

    def seen(actor: str) -> tuple[list[str], int]:
        return list(bench.asked(actor=actor)), len(bench.answers(question, actor=actor))

    both = ["lesson/fitting.1", "lesson/fitting.2"]
    assert seen(together.anna) == seen(together.teacher) == (both, 1)
    assert seen(together.ben) == seen(NOBODY) == ([], 0)
    bench.show_answers(question, True, actor=together.teacher)
    assert seen(together.ben) == ([question], 1)
    assert bench.answers(question, actor=NOBODY) == ()
    bench.show_answers(question, False, actor=together.teacher)
    assert seen(together.ben) == ([], 0)


def test_whose_an_answer_is_is_told_to_its_owner_and_to_the_teacher(together: Class):
    bench, question = together.bench, "lesson/fitting.1"
    bench.answer(question, "choice", 0, actor=together.anna)
    bench.answer(question, "choice", 1, actor=together.ben)
    run = finished(bench, points(), actor=together.anna).id
    bench.followed(question, run, actor=together.anna)

    def owners(actor: str) -> list[str]:
        return [answer.owner for answer in bench.answers(question, actor=actor)]

    assert owners(together.teacher) == [together.anna, together.ben]
    assert owners(together.ben) == [NOBODY, together.ben]
    assert [answer.run for answer in bench.answers(question, actor=together.ben)] == [None, None]
    seen = {
        actor: len(bench.answers_before(run, actor=actor)) for actor in (together.anna, together.teacher, together.ben)
    }
    assert seen == {together.anna: 1, together.teacher: 1, together.ben: 0}


def test_points_for_faults_are_for_the_teacher(together: Class):
    bench = together.bench
    fault = next(iter(FAULTS))
    seal = sealed(fault)
    bench.diagnose(seal, fault, FAULTS[fault].instrument, actor=together.ben)
    bench.give_up(seal, actor=together.anna)
    bench.answer(
        about("a seal of another version"),
        "diagnosis",
        {"tries": [[fault, "loss"]], "gave_up": False},
        actor=together.ben,
    )
    assert [tuple(one) for one in bench.fault_points(actor=together.teacher)] == [
        ("Ben", 3, 1, 2, 1),
        ("Anna", 0, 0, 1, 0),
    ]
    assert bench.points(actor=together.ben) == (3, 1)
    assert bench.fault_points(actor=together.ben) == ()
