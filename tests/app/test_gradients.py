"""The Gradients page: what a choice draws, what is greyed and why, the way to Compare, links."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.studies.gradients_asked import Clipped
from core.studies.gradients_cases import CASES
from core.studies.workbench import Workbench
from pages.components import gradients_state


def data(tab) -> dict[str, Any]:
    """What the pictures were given."""
    assert not tab.exception, tab.exception[0].message
    return json.loads(tab.get("bidi_component")[0].proto.json)


def lines(tab, panel: str) -> list[list[float]]:
    """The heights of the lines of a panel."""
    (found,) = [each for each in data(tab)["panels"] if each["name"] == panel]
    return [line["y"] for line in found["lines"]]


def test_it_opens_on_a_pair_of_which_one_vanishes(open_page):
    tab = open_page("gradients.py")
    left, right = data(tab)["said"]
    assert left["text"] == "Vanishing: layer 1 gets 10⁻¹² of layer 20."
    assert left["alarm"]
    assert left["rules"]
    assert right["text"].startswith("Layer 1 gets 0.9")
    assert not right["alarm"]
    assert [len(line) for line in lines(tab, "gradient")] == [21, 21]
    assert data(tab.run()) == data(tab)


def test_a_slider_changes_its_network_and_no_other(open_page):
    tab = open_page("gradients.py")
    before = lines(tab, "gradient")
    tab.slider(key="gradients left.depth|en").set_value(3).run()
    after = lines(tab, "gradient")
    assert len(after[0]) == 4
    assert after[1] == before[1]
    tab.toggle(key="gradients right.residual|en").set_value(True).run()
    assert lines(tab, "gradient")[1] != before[1]
    assert tab.query_params["left.depth"] == "3"
    assert tab.query_params["right.residual"] == "true"


def test_a_link_and_a_case_bring_their_pair_and_the_table_its_cure(open_page):
    tab = open_page("gradients.py", **{"left.depth": "60", "right.depth": "60", "right.residual": "true"})
    assert [len(line) for line in lines(tab, "gradient")] == [61, 61]
    tab.button(key="gradients case exploding").click().run()
    assert data(tab)["said"][0]["text"].startswith("Exploding: the gradient is")
    tab.button(key="gradients cure sigmoid framework").click().run()
    assert data(tab)["said"][1]["text"].startswith("Vanishing")
    assert "right.first_weights" in tab.query_params


def test_what_a_link_cannot_ask_for_is_said_and_the_rest_is_drawn(open_page):
    tab = open_page("gradients.py", **{"left.depth": "900", "right.depth": "2"})
    assert "left.depth is 900." in tab.info[0].value
    assert [len(line) for line in lines(tab, "gradient")] == [21, 3]


def test_cures_that_act_in_training_only_are_greyed_with_the_reason(open_page):
    tab = open_page("gradients.py")
    for cure in ("clipping", "penalty"):
        toggle = tab.toggle(key=f"gradients no {cure}")
        assert toggle.disabled
        assert toggle.help


@pytest.mark.parametrize(("door", "with_cures"), [("pair", False), ("cures", True)])
def test_train_both_hands_the_pair_to_compare(open_page, door: str, with_cures: bool):
    tab = open_page("gradients.py")
    tab.button(key="gradients case batch_norm").click().run()
    tab.button(key=f"gradients compare {door}").click().run()
    assert not tab.exception
    made = tab.session_state["comparison draft"].comparison()
    case = next(case for case in CASES if case.key == "batch_norm")
    assert [lane.experiment for lane in made.experiments()] == [
        lane.experiment for lane in case.pair.comparison(with_cures=with_cures).experiments()
    ]


def test_two_equal_networks_are_not_handed_on(open_page):
    tab = open_page("gradients.py", **{"left.depth": "3", "right.depth": "3"})
    assert tab.button(key="gradients compare pair").disabled


def test_what_layer_10_feels(open_page):
    tab = open_page("gradients.py", tab="felt")
    assert [said["text"] for said in data(tab)["said"]] == [
        f"Layer 3 times 1.5: the input of layer 10 spreads {times} times as far." for times in ("1.50", "1.00")
    ]
    tab.select_slider(key="gradients felt.factor|en").set_value(3.0).run()
    assert "spreads 3.00 times" in data(tab)["said"][0]["text"]
    assert not tab.info
    assert "cannot feel" in open_page("gradients.py", tab="felt", **{"felt.changed": "12"}).info[0].value


def test_an_rnn_and_an_lstm_over_time(open_page):
    tab = open_page("gradients.py", tab="time", **{"time.length": "12"})
    assert [len(line) for line in lines(tab, "time")] == [12, 12]
    before = lines(tab, "time")
    tab.select_slider(key="gradients time.forget_bias|en").set_value(4.0).run()
    after = lines(tab, "time")
    assert after[0] == before[0]
    assert after[1][0] > before[1][0]


def test_clipping_shows_lengths_before_and_after_and_the_share_of_clipped_updates(open_page):
    tab = open_page("gradients.py", tab="clipping", **{"clipping.updates": "20"})
    without, clipped = (said["text"] for said in data(tab)["said"])
    assert without.startswith("Diverged")
    assert clipped.startswith("20 of 20 updates were clipped (100 %).")
    assert max(lines(tab, "norm")[2]) == pytest.approx(Clipped().limit, rel=1e-4)
    tab.button(key="gradients compare clipping").click().run()
    assert not tab.exception


SHALLOW = {"pretraining.depth": "2", "pretraining.width": "8", "pretraining.seeds": "1", "pretraining.epochs": "5"}


def test_layer_by_layer_starts_a_race_and_finds_it_again(open_page, bench: Workbench):
    tab = open_page("gradients.py", tab="pretraining", **SHALLOW)
    shown = data(tab)
    names = ["end to end", "auto-encoding first", "supervised first"]
    assert [variant["name"] for variant in shown["race"]["variants"]] == names
    assert [variant["first_stage"] for variant in shown["race"]["variants"]] == [None, "layer 1", "layer 1"]
    assert shown["settings"]["view"] == {"quantity": "batch"}
    assert "Each run takes 180 gradients" in shown["race"]["caption"]
    assert shown["study"] is None
    assert tab.table[0].value.iloc[:, 0].to_dict() == {
        "layer 1": "1–45",
        "layer 2": "46–90",
        "the whole network": "91–180",
    }
    tab.session_state["gradients pretraining live"] = {"start": {"pace": "max"}}
    tab.run()
    tab.session_state["gradients pretraining live"] = {}
    assert not tab.exception
    (record,) = bench.studies()
    bench.wait_comparison(record.id, 100)
    assert {run.state for run in bench.runs_of(record.id)} == {"finished"}
    assert {run.step for run in bench.runs_of(record.id)} == {180}
    chinese = open_page("gradients.py", tab="pretraining", lang="zh", **SHALLOW)
    assert data(chinese)["study"] == f"study-{record.id}"
    assert len(data(chinese)["race"]["lanes"]) == 3
    (said,) = [each.value for each in tab.run().markdown if each.value.startswith("After the same 180 gradients")]
    assert all(name in said for name in names)


def test_layer_by_layer_takes_the_left_network_and_says_what_cannot_be_trained(open_page):
    tab = open_page("gradients.py", tab="pretraining", **{"pretraining.depth": "60", "pretraining.epochs": "2"})
    assert "60 layers are to be pre-trained in 36 updates." in tab.error[0].value
    tab.button(key="pretraining left network").click().run()
    assert tab.slider(key="gradients pretraining.depth|en").value == 20
    assert tab.button(key="pretraining left network").disabled
    tab.selectbox(key="gradients pretraining.objective|en").set_value("supervised").run()
    assert len(data(tab)["race"]["variants"]) == 2


@pytest.mark.parametrize("tab_name", gradients_state.TABS.titles)
def test_a_presentation_shows_the_pictures_alone(open_page, tab_name: str):
    tab = open_page("gradients.py", tab=tab_name, present="1")
    assert data(tab)["settings"]["present"]
    assert not tab.slider
