"""The board of a class: the newest call, whose answers are shown, and what was paused for all."""

from __future__ import annotations

from core.studies.board import Board


def test_every_call_has_a_number_of_its_own_and_the_newest_counts():
    now = [100.0]
    board = Board(lambda: now[0])
    assert board.call is None
    first = board.call_to_runs("a", {})
    now[0] += 5
    second = board.call_to_step("fitting", 2)
    assert (first.number, second.number) == (1, 2)
    assert (board.age_s(first), board.age_s(second)) == (5, 0)
    assert board.call == second


def test_a_call_leads_each_to_their_own_run_and_others_to_the_one_for_all():
    board = Board()
    assert board.call_to_runs(None, {"anna": "a"}).run_of("ben") is None
    both = board.call_to_runs("x", {"anna": "a"})
    assert [both.run_of(actor) for actor in ("anna", "ben")] == ["a", "x"]
    assert board.call_to_step("fitting", 0).run_of("anna") is None


def test_answers_are_shown_until_they_are_hidden():
    board = Board()
    board.show("lesson/a.1", True)
    board.show("lesson/a.2", True)
    board.show("lesson/a.1", False)
    assert board.shown == {"lesson/a.2"}


def test_what_is_held_is_released_once():
    board = Board()
    board.hold(["a", "b"])
    board.hold(["b", "c"])
    assert board.release() == ("a", "b", "c")
    assert board.release() == ()
