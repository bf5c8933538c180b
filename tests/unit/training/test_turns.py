"""Taking turns: everybody is served alike, and nobody saves up what he did not ask for."""

from __future__ import annotations

from collections import Counter

from core.training.turns import Turns


def served(turns: Turns[str], waiting: list[str], rounds: int, seconds: float = 1.0) -> Counter[str]:
    count: Counter[str] = Counter()
    for _ in range(rounds):
        name = turns.next(waiting)
        turns.charge(name, seconds)
        count[name] += 1
    return count


def test_those_who_wait_are_served_alike():
    assert served(Turns(), ["a", "b", "c"], 30) == {"a": 10, "b": 10, "c": 10}


def test_time_counts_and_not_turns():
    turns: Turns[str] = Turns()
    used = {"slow": 0.0, "quick": 0.0}
    for _ in range(300):
        name = turns.next(["slow", "quick"])
        seconds = 0.2 if name == "slow" else 0.02
        turns.charge(name, seconds)
        used[name] += seconds
    assert 0.9 < used["slow"] / used["quick"] < 1.1


def test_a_newcomer_stands_level_and_does_not_claim_the_past():
    turns: Turns[str] = Turns()
    served(turns, ["old"], 1000)
    count = served(turns, ["old", "new"], 20)
    assert abs(count["old"] - count["new"]) <= 2


def test_who_was_away_does_not_claim_the_time_of_his_absence():
    turns: Turns[str] = Turns()
    served(turns, ["here", "away"], 10)
    served(turns, ["here"], 1000)
    count = served(turns, ["here", "away"], 20)
    assert abs(count["here"] - count["away"]) <= 2


def test_one_long_turn_is_not_paid_for_by_standing_still():
    turns: Turns[str] = Turns()
    turns.charge(turns.next(["built", "other"]), 10.0)
    count = served(turns, ["built", "other"], 20, seconds=0.1)
    assert count["built"] >= 5


def test_who_is_gone_is_forgotten():
    turns: Turns[str] = Turns()
    served(turns, ["a", "b"], 4)
    turns.forget({"a"})
    assert turns._served_s.keys() == {"a"}
