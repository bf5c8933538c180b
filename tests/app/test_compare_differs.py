"""What can differ on Compare, and where a run branches: every entry of the catalogue, and each has a name."""

from __future__ import annotations

from tests.app.test_compare import PAIR, TINY, chosen, live, press


def test_schedules_can_differ(open_page):
    tab = press(open_page("compare.py"), "first thing", "schedule")
    assert [variant.name for variant in chosen(tab).variants][:3] == ["constant", "step", "exponential"]
    assert live(tab)["race"]["differs"].startswith("differs: schedule")


def test_one_setting_that_has_no_pill_is_named_all_the_same(open_page):
    tab = open_page("compare.py", **{**TINY, "vary.0.loss": "cross_entropy", "vary.1.loss": "squared_error"})
    assert live(tab)["race"]["differs"].startswith("differs: loss")


def test_a_branch_can_take_every_optimizer(open_page):
    tab = open_page("compare.py", **PAIR)
    (choices,) = (
        option["choices"] for option in live(tab)["race"]["variants"][0]["branch"] if option["path"] == "optimizer"
    )
    assert {"adam", "lbfgs", "sam", "muon", "schedule_free_adamw"} <= {choice["value"] for choice in choices}
