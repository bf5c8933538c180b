"""The Compare page: what is chosen is what would race, and what cannot race is said; started, it follows its runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import BadInput
from core.experiment import Experiment
from core.studies.comparison import Comparison
from core.studies.comparison_presets import comparison_presets
from core.studies.workbench import Workbench
from tests.polling import until

TINY = {"dataset": "moons", "dataset.n": "64", "architecture.widths": "[8]", "batch_size": "16", "epochs": "2"}
"""Two optimizers on 64 points, by hand."""

PAIR = {**TINY, "vary.0.optimizer": "sgd", "vary.1.optimizer": "adam", "rates": "hand", "seeds": "1"}


def draft(tab: AppTest):
    """What is being put together."""
    return tab.session_state["comparison draft"]


def chosen(tab: AppTest) -> Comparison:
    """The comparison that Start would run."""
    return draft(tab).comparison()


def live(tab: AppTest) -> dict[str, Any]:
    """What the live part is told."""
    return json.loads(tab.get("bidi_component")[0].proto.json)


def press(tab: AppTest, key: str, value: Any) -> AppTest:
    """Press a pill."""
    tab.pills(key=f"{key}|en").set_value(value).run()
    assert not tab.exception, tab.exception[0].message
    return tab


def pressed_in_live_part(tab: AppTest, **fired: Any) -> AppTest:
    """Run the page as it runs after something was pressed in the live part."""
    tab.session_state["compare live"] = fired
    tab.run()
    tab.session_state["compare live"] = {}
    assert not tab.exception, tab.exception[0].message
    return tab


def start(tab: AppTest, bench: Workbench) -> str:
    """Start what is chosen and wait until it is over."""
    pressed_in_live_part(tab, start={"pace": "max"})
    study = tab.session_state["comparison looked at"]
    bench.wait_comparison(study, 100)
    return study


def test_an_empty_store_shows_six_optimizers_ready_to_start(open_page):
    tab = open_page("compare.py")
    told = live(tab)
    assert told["study"] is None
    assert len(told["race"]["variants"]) == 6
    assert "nine learning rates" in told["race"]["price"]
    assert not tab.error
    assert [button.key for button in tab.button if button.key and button.key.startswith("first comparison")] == [
        f"first comparison {key}" for key, preset in comparison_presets().items() if preset.first
    ]


def test_before_start_stands_what_it_costs_with_the_search_for_rates(open_page, bench: Workbench):
    tab = open_page("compare.py", **{**PAIR, "rates": "own", "seeds": "3"})
    channel = live(tab)["price"]
    until(lambda: bench.hub.meta(channel).get("price"))
    price = str(bench.hub.meta(channel)["price"])
    assert "6 runs, 8 updates each; before that about" in price
    assert "10 s to watch" in price
    start(tab, bench)
    tab.run()
    assert live(tab)["price"] is None
    assert not any((button.key or "").startswith("first comparison") for button in tab.button)


def test_a_change_can_be_taken_back_with_the_variants_that_it_replaced(open_page):
    tab = open_page("compare.py", **PAIR)
    assert "undo" not in [button.label for button in tab.button]
    tab.text_input(key="name of first 1|en").set_value("mine").run()
    mine = chosen(tab)
    press(tab, "first thing", "batch")
    tab.button(key="comparison six_optimizers").click().run()
    assert tab.session_state["begin with"] is False, "a choice closes the list that it was made from"
    undo(undo(tab))
    assert chosen(tab) == mine
    undo(tab)
    assert chosen(tab).variants[1].name == "Adam"
    assert "undo" not in [button.label for button in tab.button]


def test_what_is_refused_changes_nothing_that_could_be_taken_back(open_page):
    tab = open_page("compare.py", **PAIR, name="mine")
    tab.text_input(key="first 0:optimizer.lr|en|box").set_value("-1").run()
    assert tab.error
    assert draft(tab).name == "mine"
    assert "undo" not in [button.label for button in tab.button]


def undo(tab: AppTest) -> AppTest:
    """Take back the last change."""
    return next(button for button in tab.button if button.label == "undo").click().run()


def test_a_number_may_be_swept_over_a_range_of_forty_values(open_page):
    tab = press(open_page("compare.py", **PAIR), "first thing", "rate")
    key = "range of first optimizer.lr|en"
    tab.text_input(key=f"{key}|low").set_value("1e-4")
    tab.text_input(key=f"{key}|high").set_value("1,0")
    tab.number_input(key=f"{key}|count").set_value(40)
    taken = next(button for button in tab.button if button.label == "Take these values")
    taken.click().run()
    assert not tab.error
    rates = [variant.changes["optimizer.lr"] for variant in chosen(tab).variants]
    assert (len(rates), rates[0], rates[-1]) == (40, 0.0001, 1)
    assert rates[1] / rates[0] == pytest.approx(rates[39] / rates[38])
    assert "log(0.0001,1)x40" in tab.query_params["vary.optimizer.lr"]
    assert live(tab)["race"]["varies_rate"]
    tab.text_input(key=f"{key}|low").set_value("small")
    next(button for button in tab.button if button.label == "Take these values").click().run()
    assert "“small” is no number" in tab.error[0].value
    assert len(chosen(tab).variants) == 40
    assert tab.text_input(key=f"{key}|low").value == "small"


def test_any_number_of_the_experiment_may_differ(open_page):
    tab = open_page("compare.py", **PAIR)
    tab.selectbox(key="another number|en").set_value("architecture.width").run()
    assert not tab.error
    assert [variant.changes for variant in chosen(tab).variants][:2] == [
        {"architecture.width": 8},
        {"architecture.width": 23},
    ]
    assert live(tab)["race"]["number"] == {"title": "width", "scale": "log"}
    tab = press(tab, "second thing", "batch")
    assert live(tab)["race"]["grid"]["row_title"] == "width"


@pytest.mark.parametrize(("rates", "said"), [("own", "is searched"), ("same", "of the base"), ("hand", "")])
def test_a_variant_shows_its_learning_rate_where_that_is_the_one_it_races_with(open_page, rates: str, said: str):
    tab = open_page("compare.py", **{**PAIR, "rates": rates})
    fields = [box.key for box in tab.text_input if box.key and box.key.startswith("first 0:optimizer.lr")]
    assert bool(fields) == (rates == "hand")
    assert any(said in caption.value for caption in tab.caption)


def test_as_many_seeds_are_offered_as_fit_and_why_no_more(open_page):
    tab = open_page("compare.py")
    assert tab.pills(key="seeds|en").options == ["1", "5"]
    assert "10 with at most 4 variants" in [caption.value for caption in tab.caption]
    tab = open_page("compare.py", **PAIR)
    assert tab.pills(key="seeds|en").options == ["1", "5", "10"]


def test_a_variant_that_was_dropped_is_marked_in_the_list(open_page, bench: Workbench):
    tab = open_page("compare.py", **{**PAIR, "epochs": "100000"})
    pressed_in_live_part(tab, start={"pace": "max"})
    study = tab.session_state["comparison looked at"]
    until(lambda: [run.state for run in bench.runs_of(study)] == ["running", "running"])
    bench.command(bench.runs_of(study)[0].id, "stop")
    until(lambda: bench.study(study).facts.get("dropped"))
    tab.run()
    assert {"~~SGD~~ dropped", "Adam"} < {popover.proto.popover.label for popover in tab.get("popover")}
    bench.command_comparison(study, "stop")
    bench.wait_comparison(study, 100)


def test_a_caption_stands_as_long_as_it_is_true(open_page):
    tab = press(open_page("compare.py"), "seeds", 1)
    assert draft(tab).caption is not None, "the caption holds on every seed"
    assert draft(press(tab, "rates", "same")).caption is None


def test_another_thing_that_differs_brings_its_own_variants(open_page):
    tab = press(open_page("compare.py"), "first thing", "batch")
    assert [variant.changes for variant in chosen(tab).variants] == [
        {"batch_size": 8},
        {"batch_size": 64},
        {"batch_size": 512},
    ]
    assert chosen(tab).rates == "own"
    assert live(tab)["race"]["number"] == {"title": "batch size", "scale": "log"}


@pytest.mark.parametrize(
    "key", ["rate", "regularizer", "augmentation", "network", "activation", "first_weights", "seed"]
)
def test_everything_that_may_differ_makes_a_comparison_that_can_start(open_page, key: str):
    tab = press(open_page("compare.py"), "first thing", key)
    assert not tab.error
    assert 2 <= len(chosen(tab).variants) <= 8
    names = [variant["name"] for variant in live(tab)["race"]["variants"]]
    assert len(set(names)) == len(names)
    assert all(names)


def test_two_things_make_a_grid_of_at_most_eight(open_page):
    tab = press(open_page("compare.py"), "first thing", "activation")
    tab = press(tab, "second thing", "batch")
    told = live(tab)["race"]
    assert len(told["variants"]) <= 8
    assert told["grid"]["row_title"] == "activation"
    assert told["grid"]["column_title"] == "batch size"
    assert len(told["variants"]) == len(told["grid"]["rows"]) * len(told["grid"]["columns"])


def test_a_grid_from_an_address_is_a_grid_again(open_page):
    tab = press(press(open_page("compare.py"), "first thing", "activation"), "second thing", "batch")
    query = {name: value if isinstance(value, str) else value[0] for name, value in tab.query_params.items()}
    again = draft(open_page("compare.py", **query))
    assert (again.first, again.second) == ("activation", "batch")
    assert again.comparison().fingerprint() == chosen(tab).fingerprint()


def test_a_variant_has_its_own_parameters_name_and_can_be_taken_out(open_page):
    tab = open_page("compare.py", **PAIR)
    tab.text_input(key="first 0:optimizer.lr|en|box").set_value("0.3").run()
    assert not tab.error
    assert chosen(tab).varied()[0].optimizer.lr == 0.3
    assert chosen(tab).varied()[1].optimizer.lr == Experiment().optimizer.lr
    tab.text_input(key="name of first 1|en").set_value("mine").run()
    assert chosen(tab).variants[1].name == "mine"
    tab.button(key="add first").click().run()
    assert len(chosen(tab).variants) == 3
    tab.button(key="remove first 0").click().run()
    assert chosen(tab).variants[0].name == "mine"


def test_equal_variants_are_refused_in_place(open_page):
    tab = open_page("compare.py", **PAIR)
    tab.pills(key="first 0:optimizer|en|key").set_value("adam").run()
    assert "are the same" in tab.error[0].value
    assert not tab.get("bidi_component")


def test_seeds_and_rates_are_chosen_with_one_press(open_page):
    tab = press(open_page("compare.py", **PAIR), "seeds", 5)
    tab = press(tab, "rates", "same")
    assert (chosen(tab).seeds, chosen(tab).rates) == (5, "same")


def test_the_address_rebuilds_the_comparison(open_page):
    tab = press(open_page("compare.py", **PAIR), "seeds", 5)
    query = {name: value if isinstance(value, str) else value[0] for name, value in tab.query_params.items()}
    again = open_page("compare.py", **query)
    assert chosen(again).fingerprint() == chosen(tab).fingerprint()


def test_what_is_chosen_on_train_becomes_the_base(open_page):
    tab = open_page("compare.py", **PAIR)
    tab.button[[button.label for button in tab.button].index("Take what is chosen on Train")].click().run()
    assert chosen(tab).base == Experiment()


def test_a_base_that_has_not_what_differs_brings_variants_of_another_thing(open_page):
    tab = press(open_page("compare.py", **PAIR), "first thing", "rate")
    tab.session_state["experiment"] = Experiment.from_json({"optimizer": "adadelta"})
    tab.run()
    tab.button[[button.label for button in tab.button].index("Take what is chosen on Train")].click().run()
    assert not tab.exception
    assert not tab.error
    assert draft(tab).first == "optimizer"


def test_a_started_comparison_is_followed_run_by_run_and_found_again(open_page, bench: Workbench):
    tab = open_page("compare.py", **PAIR)
    study = start(tab, bench)
    tab.run()
    told = live(tab)
    assert told["study"] == f"study-{study}"
    assert [lane["variant"] for lane in told["race"]["lanes"]] == [0, 1]
    assert [lane["run"] for lane in told["race"]["lanes"]] == [run.id for run in bench.runs_of(study)]
    other = open_page("compare.py")
    assert live(other)["study"] == f"study-{study}", "a new tab opens on what is finished"


def test_a_target_belongs_to_one_comparison_and_to_the_same_one_again(open_page, bench: Workbench):
    tab = open_page("compare.py", **PAIR)
    pressed_in_live_part(tab, start={"pace": "max", "target": 0.3})
    pressed_in_live_part(tab, again={"pace": "max"})
    first, second = (record.id for record in bench.studies())
    assert tab.session_state["comparison looked at"] == second
    for study in (first, second):
        assert bench.wait_comparison(study, 100).facts["target"] == 0.3
    press(tab, "seeds", 5)
    assert "aim" not in bench.study(start(tab, bench)).facts


def test_another_choice_leaves_the_stored_comparison_alone(open_page, bench: Workbench):
    tab = open_page("compare.py", **PAIR)
    start(tab, bench)
    tab = press(tab, "seeds", 5)
    assert live(tab)["study"] is None


def test_a_branch_is_told_of_and_found_again(open_page, bench: Workbench):
    tab = open_page("compare.py", **PAIR)
    study = start(tab, bench)
    run = bench.runs_of(study)[0].id
    asked = {"run": run, "step": 3, "changes": {"optimizer.lr": 0.01}, "name": "SGD: learning rate 0.01"}
    bench.command(f"study-{study}", "fork", asked)
    [told] = bench.hub.meta(f"study-{study}")["forks"]
    tab.run()
    [fork] = live(tab)["race"]["forks"]
    assert fork == {**told, "settings": {path: str(words) for path, words in told["settings"].items()}}
    assert (fork["parent"], fork["step"], fork["name"]) == (run, 3, "SGD: learning rate 0.01")
    bench.wait(fork["run"], 100)


def test_a_branch_that_cannot_be_is_refused(open_page, bench: Workbench):
    tab = open_page("compare.py", **PAIR)
    study = start(tab, bench)
    run = bench.runs_of(study)[0].id
    with pytest.raises(BadInput):
        bench.command(f"study-{study}", "fork", {"run": run, "step": 10_000, "changes": {}})


def test_on_the_runs_page_a_comparison_is_one_experiment(open_page, bench: Workbench):
    tab = open_page("compare.py", **PAIR)
    study = start(tab, bench)
    runs = open_page("runs.py")
    [table] = runs.dataframe
    assert list(table.value["comparison"]) == ["SGD / Adam"]
    assert list(table.value["runs"]) == [2]
    runs.toggle(key="runs of comparisons").set_value(True).run()
    assert len(runs.dataframe) == 2
    assert len(runs.dataframe[1].value) == 2
    runs.text_input(key="search runs").set_value("adam").run()
    assert list(runs.dataframe[0].value["comparison"]) == ["SGD / Adam"]
    runs.text_input(key="search runs").set_value("no such thing").run()
    assert not runs.dataframe, "the search is one for runs and comparisons"
    runs.text_input(key="search runs").set_value("").run()
    runs.session_state[table.key] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    runs.run()
    next(button for button in runs.button if button.key == "delete comparison").click().run()
    assert not runs.exception
    assert bench.studies() == ()
    assert bench.find(study) is None
    assert bench.runs() == ()


@pytest.mark.parametrize("preset", comparison_presets().values(), ids=lambda preset: preset.key)
def test_a_prepared_comparison_is_chosen_with_its_caption(open_page, preset):
    tab = open_page("compare.py")
    tab.button(key=f"comparison {preset.key}").click().run()
    assert not tab.exception
    assert not tab.error
    told = live(tab)["race"]
    assert [variant["name"] for variant in told["variants"]] == list(preset.variants)
    assert told["caption"] == str(preset.text)


def test_in_presentation_mode_only_the_race_is_left(open_page):
    tab = open_page("compare.py", present="1", **PAIR)
    assert live(tab)["settings"]["present"] is True
    assert not tab.pills


def test_the_page_speaks_chinese(open_page):
    tab = open_page("compare.py", lang="zh", **PAIR)
    assert not tab.exception
    assert live(tab)["lang"] == "zh"


def test_what_is_the_same_for_all_leaves_out_what_differs(open_page):
    from pages.components.compare_head import shared_words

    base = Experiment.from_json({"optimizer": {"key": "sgd", "lr": 0.1}})
    told = shared_words(base, {"batch_size", "optimizer.lr"})
    assert "SGD" in told
    assert "0.1" not in told
    assert "batch" not in told
    assert "regularizer" not in shared_words(base, {"regularizers", "regularizers.0.p"})
    assert "MLP › " in shared_words(base, {"architecture.hidden_layers"})
    assert "samples" in shared_words(base, {"seed"})
    amounts = shared_words(base, {"train_size", "epochs"})
    assert amounts.startswith("Handwritten digits, 8 × 8 › ")
    assert "epochs" not in amounts
    falling = Experiment.from_json({"schedule": "cosine", "loss": "squared_error"})
    assert " › cosine › squared error › " in shared_words(falling, {"optimizer"})
    assert "squared error" not in shared_words(falling, {"loss"})
    assert "cosine" not in shared_words(falling, {"schedule"})


def test_what_is_the_same_for_all_is_told_of_the_variants_where_all_of_them_leave_the_base(open_page):
    networks = [json.dumps({"key": "cnn", "blocks": [{"channels": 2, "kernel": size}]}) for size in (3, 5)]
    tab = open_page("compare.py", **{f"vary.{place}.architecture": each for place, each in enumerate(networks)})
    (line,) = (each.value for each in tab.markdown if "SAME FOR ALL" in each.value)
    assert "CNN" in line
    assert "MLP" not in line


def test_one_more_optimizer_is_one_that_is_not_there(open_page):
    tab = open_page("compare.py")
    tab.button(key="add first").click().run()
    assert not tab.exception
    assert not tab.error, tab.error[0].value if tab.error else ""
