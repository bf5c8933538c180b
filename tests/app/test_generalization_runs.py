"""The page Generalization, of stored runs and of polynomials: early stopping, confidence, the seal, capacity, bias."""

from __future__ import annotations

import re
import threading

import pytest

from core.catalog.regularizers.early_stopping import EarlyStopping
from core.studies.comparison import Comparison
from core.studies.error_curve import Point
from core.studies.fits_asked import NUM_SETS, Polynomials
from core.studies.workbench import Workbench
from core.training.alarms import three_digits
from core.training.narrator import RULES
from core.training.narrator_record import record_text
from core.training.polynomial_fits import Fits
from pages.components import stored_choice
from pages.components.generalization_curves import PENALTIES, _size_words
from pages.components.generalization_fits import measured_words
from tests.experiments import images, points
from tests.polling import until
from tests.stored_runs import finished


def texts(tab) -> str:
    return " ".join(item.value for item in (*tab.markdown, *tab.caption, *tab.warning, *tab.info))


def charts(tab) -> list[str]:
    return [chart.proto.id for chart in tab.get("plotly_chart")]


def clicked(tab, label: str):
    (found,) = [button for button in tab.button if button.label == label]
    found.click().run()
    assert not tab.exception, tab.exception[0].message
    return tab


@pytest.mark.parametrize("look", ["patience", "narrator", "confidence", "memory", "seal"])
def test_without_a_run_one_can_be_trained_here(look: str, open_page, bench: Workbench):
    tab = open_page("generalization.py", look=look)
    assert "No run is stored yet" in texts(tab)
    clicked(tab, "Train one now, about 2 s")
    (run,) = bench.runs()
    bench.wait(run.id, 100)
    tab.run()
    assert not tab.exception, tab.exception[0].message
    assert "No run is stored yet" not in texts(tab)


def test_a_patience_is_tried_on_a_stored_run_and_taken_to_train(open_page, bench: Workbench):
    run = finished(bench, points(epochs=40))
    tab = open_page("generalization.py", look="patience", of=run.id)
    assert len(charts(tab)) == 1
    (table,) = tab.dataframe
    patiences = list(table.value["patience"])
    (slider,) = tab.select_slider
    slider.set_value(patiences[0]).run()
    assert f"A patience of {patiences[0]} stops at epoch" in texts(tab)
    clicked(tab, f"Train with a patience of {patiences[0]}")
    (chosen,) = tab.session_state["experiment"].regularizers
    assert chosen == EarlyStopping(patience=patiences[0])


def test_where_every_patience_does_the_same_none_is_chosen(open_page, bench: Workbench):
    run = finished(bench, points(epochs=1, evaluate_every=4))
    tab = open_page("generalization.py", look="patience", of=run.id)
    assert "A patience of 1 never runs out here" in texts(tab)
    assert not tab.select_slider
    assert len(charts(tab)) == 1


def test_a_run_that_has_measured_nothing_yet_is_waited_for(open_page, bench: Workbench):
    run = bench.start(points(epochs=3), paused=True)
    tab = open_page("generalization.py", look="patience", of=run)
    assert "nothing is measured yet after its first weights" in texts(tab)
    bench.command(run, "start")
    bench.wait(run, 100)
    assert len(charts(tab.run())) == 1


def test_the_narrator_tells_what_happened_when_and_how_often_its_rules_are_right(open_page, bench: Workbench):
    run = finished(bench, points(epochs=20, optimizer={"key": "sgd", "lr": 1e-6}))
    tab = open_page("generalization.py", look="narrator", of=run.id)
    assert len(charts(tab)) == 1
    assert re.search(r"plateau: from epoch 12 to the end\W+At epoch 12: Training loss \d", texts(tab))
    assert all(str(record_text(kind)) in texts(tab) for kind in RULES)


def test_without_a_choice_a_whole_run_on_the_chosen_data_is_looked_at(open_page, bench: Workbench):
    whole = finished(bench, images())
    finished(bench, points())
    finished(bench, images(num_folds=3))
    tab = open_page("generalization.py", look="narrator", dataset="digits")
    (runs,) = [box for box in tab.selectbox if box.label == "RUN"]
    assert runs.value == whole.id
    error = f"{100 * whole.answer['validation_error']:.1f} %"
    assert sum(name.startswith(f"{error} · ") for name in runs.options) >= 1, "runs are told apart by their errors"


def test_folds_leave_a_place_for_the_runs_before_them(open_page, bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stored_choice, "MOST_OFFERED", 1)
    whole = finished(bench, points())
    finished(bench, points(num_folds=3))
    tab = open_page("generalization.py", look="seal")
    (runs,) = [box for box in tab.selectbox if box.label == "RUN"]
    assert runs.value == whole.id
    assert len(runs.options) == 1


def test_confidence_is_measured_and_said(open_page, bench: Workbench):
    run = finished(bench, points(epochs=40))
    tab = open_page("generalization.py", look="confidence", of=run.id)
    until(bench.confidence(run.id).is_over.is_set)
    tab.run()
    assert not tab.exception, tab.exception[0].message
    found = bench.confidence(run.id).result
    assert found is not None
    (table,) = tab.dataframe
    shown = f"{100 * found.validation.num_wrong / found.validation.num:.1f} %"
    assert list(table.value["wrong"])[1] == shown
    assert "sure" in texts(tab)
    assert len(charts(tab)) == 1


def test_what_is_measured_can_be_given_up_and_begun_anew(open_page, bench: Workbench):
    run = finished(bench, points())
    free = threading.Event()
    held = bench.runner.compute.call(free.wait)
    try:
        tab = clicked(open_page("generalization.py", look="confidence", of=run.id), "Cancel")
        assert "Given up." in texts(tab)
        clicked(tab, "Measure again")
        assert "Given up." not in texts(tab)
    finally:
        free.set()
    assert held.result(100)
    until(bench.confidence(run.id).is_over.is_set)
    tab.run()
    assert "sure" in texts(tab)


def test_a_run_on_numbers_is_not_offered_where_classes_are_asked_for(open_page, bench: Workbench):
    finished(bench, points(dataset={"key": "polynomial", "n": 20}))
    tab = open_page("generalization.py", look="confidence")
    assert "No run is stored yet" in texts(tab)


def test_the_seal_is_opened_once_and_other_weights_are_refused_unless_insisted_on(open_page, bench: Workbench):
    first, second = finished(bench, points()), finished(bench, points(seed=1))
    tab = open_page("generalization.py", look="seal", of=first.id)
    assert "You have never looked at this test set" in texts(tab)
    clicked(tab, "Open the seal ..")
    assert bench.looks(first.id) == (), "asking is not looking"
    clicked(tab, "Open it")
    assert [(look.run, look.contaminated) for look in bench.looks(first.id)] == [(first.id, False)]
    assert "Opened once" in texts(tab)

    tab = open_page("generalization.py", look="seal", of=second.id)
    assert "Sealed for this run" in texts(tab)
    clicked(tab, "Open the seal ..")
    assert "The test set stays sealed" in texts(tab)
    clicked(tab, "Leave it sealed")
    assert len(bench.looks(first.id)) == 1
    clicked(tab, "Open the seal ..")
    clicked(tab, "Look all the same: contaminated")
    assert [look.contaminated for look in bench.looks(first.id)] == [False, True]
    assert "Contaminated" in texts(tab)
    (table,) = tab.dataframe
    assert list(table.value["worth"]) == ["honest", "contaminated"]
    assert all("MLP" in name for name in table.value["run"])


def test_a_fresh_test_set_is_dealt_trained_with_and_recorded(open_page, bench: Workbench):
    run = finished(bench, points())
    tab = open_page("generalization.py", look="seal", of=run.id)
    assert "Test set: 🔒 sealed" in texts(tab)
    clicked(tab, "Show the class a refusal")
    assert "The test set stays sealed" in tab.error[0].value
    assert "Nobody looks, and nothing is counted." in texts(tab)
    assert bench.looks(run.id) == ()
    clicked(tab, "Deal a fresh test set")
    assert [dealt.number for dealt in bench.deals("moons")] == [1]
    (table,) = tab.dataframe
    assert list(table.value["test set"]) == [1]
    clicked(tab, "Train with test set 1")
    assert tab.session_state["experiment"] == points(test_seed=1)


def test_a_student_deals_nothing_and_chooses_among_what_was_dealt(be, anna, open_page, bench: Workbench):
    be(anna)
    run = finished(bench, points(), actor=anna.id)
    tab = open_page("generalization.py", look="seal", of=run.id)
    assert {"Deal a fresh test set", "Show the class a refusal"}.isdisjoint(button.label for button in tab.button)
    assert "FRESH TEST SETS" not in texts(tab)
    bench.deal("moons", actor="teacher-eve")
    tab.run()
    assert "Train with test set 1" in [button.label for button in tab.button]
    assert "Deal a fresh test set" not in [button.label for button in tab.button]

    tab = open_page("data.py", dataset="moons")
    (choice,) = [box for box in tab.selectbox if box.label == "test set"]
    choice.set_value(1).run()
    assert tab.session_state["experiment"].test_seed == 1


def test_a_link_with_a_test_set_that_was_not_dealt_says_so(open_page, bench: Workbench):
    tab = open_page("train.py", dataset="moons", test_seed="1")
    tab.session_state["live"] = {"start": {"one_update": False, "pace": "max"}}
    tab.run()
    assert "no test set 1" in tab.error[0].value
    assert bench.runs() == ()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "**Overfits**: degree 9"),
        ({"fit.degree": "0"}, "**Underfits**: degree 0"),
        ({"fit.degree": "4"}, "**Fits**: degree 4"),
        ({"fit.degree": "30", "fit.beyond": "true"}, "**Interpolates**: degree 30"),
    ],
)
def test_capacity_names_where_a_degree_lies(query: dict[str, str], said: str, open_page):
    tab = open_page("generalization.py", **query)
    assert said in texts(tab)
    assert len(charts(tab)) == 2


def test_bias_and_variance_stand_in_a_table_with_what_was_measured(open_page, bench: Workbench):
    tab = open_page("generalization.py", look="bias")
    assert "**Variance** is the larger part at degree 9" in texts(tab)
    found: Fits = bench.polynomials(Polynomials(sets=NUM_SETS))
    (table,) = tab.dataframe
    assert list(table.value["bias²"]) == [three_digits(value) for value in found.bias2]
    (slider,) = [one for one in tab.slider if one.label == "degree of the fit"]
    slider.set_value(1).run()
    assert "**Bias** is the larger part at degree 1" in texts(tab)
    presented = open_page("generalization.py", look="bias", present="1")
    measured = measured_words(found.test[9], found.test_error[9])
    assert f"measured {measured}" in texts(presented), "what the back row reads of it"
    assert not presented.dataframe


def test_a_link_that_asks_for_the_impossible_says_so(open_page):
    tab = open_page("generalization.py", **{"fit.n": "7"})
    assert "n is 7." in texts(tab)


def test_samples_are_followed_and_the_wrong_labels_named_on_request(open_page, bench: Workbench):
    run = finished(bench, images(label_noise=0.2))
    tab = open_page("generalization.py", look="memory", of=run.id)
    until(bench.memorized(run.id).is_over.is_set)
    tab.run()
    assert not tab.exception, tab.exception[0].message
    found = bench.memorized(run.id).result
    assert found is not None
    assert f"At the end {found.rights[-1].sum()} of 40 training samples" in texts(tab)
    assert "→" not in texts(tab), "which labels are wrong is to be guessed first"
    assert len(charts(tab)) == 2
    (toggle,) = tab.toggle
    toggle.set_value(True).run()
    assert f"{found.rights[-1][found.is_wrong].sum()} of 8 wrong labels" in texts(tab)
    assert "→" in texts(tab)


QUERY = {"dataset": "moons", "dataset.n": "64", "architecture.widths": "[8]", "batch_size": "16", "epochs": "2"}


@pytest.mark.parametrize(
    ("look", "runs", "words"),
    [("amount", 18, "With 10 samples validation error is"), ("strength", 45, "Lowest mean over 5 folds at")],
)
def test_a_curve_is_drawn_from_ordinary_runs_and_said_in_words(
    look: str, runs: int, words: str, open_page, bench: Workbench
):
    tab = open_page("generalization.py", look=look, **QUERY)
    assert f"{runs} runs in all" in texts(tab)
    clicked(tab, "Draw the curve")
    (study,) = bench.studies(kind=None)
    bench.wait_comparison(study.id, 60)
    tab.run()
    assert not tab.exception, tab.exception[0].message
    assert words in texts(tab)
    assert re.search(r"gap (goes from|is) \S+ points", texts(tab))
    assert len(bench.runs_of(study.id)) == runs
    assert len(charts(tab)) == (2 if look == "strength" else 1)
    columns = {name for table in tab.dataframe for name in table.value}
    assert ("10⁻⁵" in columns) == (look == "strength"), "a column for each strength"
    assert set(re.findall(r"over 5 folds at (\S+):", texts(tab))) <= columns, "named as its column is"
    bench.delete(next(run.id for run in bench.runs_of(study.id) if run.colour_slot == 0))
    tab.run()
    assert not tab.exception, tab.exception[0].message
    assert ("1 of 9 points are not shown" in texts(tab)) == (look == "strength"), "no mean over some of the folds"
    assert words in texts(tab)
    is_offered = "Open in Compare" in {button.label for button in tab.button}
    assert is_offered == (look == "amount"), "Compare has no folds"
    if is_offered:
        clicked(tab, "Open in Compare")


def test_a_curve_that_was_broken_off_says_so_and_goes_on(open_page, bench: Workbench):
    tab = open_page("generalization.py", look="amount", **QUERY)
    held = threading.Event()
    bench.runner.compute.call(lambda: held.wait(60))
    clicked(tab, "Draw the curve")
    clicked(tab, "Stop")
    held.set()
    (study,) = bench.studies(kind=None)
    bench.wait_comparison(study.id, 60)
    tab.run()
    assert "Broken off: 18 of 18 runs" in texts(tab)
    assert "With 10 samples validation error is" not in texts(tab), "that is said of what came to its end"
    clicked(tab, "Go on")
    bench.wait_comparison(study.id, 60)
    tab.run()
    assert "Broken off" not in texts(tab)
    assert "With 10 samples validation error is" in texts(tab)


def test_a_link_says_which_penalty_is_varied(open_page):
    tab = open_page("generalization.py", look="strength", penalty="dropout", **QUERY)
    assert tab.pills(key="penalty|en").value == "dropout"
    assert tab.query_params["penalty"] == "dropout"
    del tab.query_params["penalty"]
    tab.run()
    assert tab.pills(key="penalty|en").value == "l2"
    assert "“penalty=taste” in the link" in texts(open_page("generalization.py", look="strength", penalty="taste"))


@pytest.mark.parametrize("penalty", PENALTIES)
def test_the_strength_of_every_penalty_can_be_varied(penalty: str, open_page):
    tab = open_page("generalization.py", look="strength", penalty=penalty, **QUERY)
    assert not tab.error
    assert "Draw the curve" in {button.label for button in tab.button}


@pytest.mark.parametrize(("door", "path"), [("Width", "architecture.width"), ("Depth", "architecture.hidden_layers")])
def test_the_same_curve_of_networks_is_handed_to_compare(door: str, path: str, open_page):
    tab = clicked(open_page("generalization.py"), f"{door} of a network")
    levels = tab.session_state["comparison draft"].levels
    assert {name for level in levels for name in level["changes"]} == {path}
    assert len(levels) >= 4


def test_who_chooses_another_run_waits_no_more_for_the_one_before(open_page, bench: Workbench):
    first, second = finished(bench, points()), finished(bench, points(seed=1))
    held = threading.Event()
    bench.runner.compute.call(lambda: held.wait(60))
    tab = open_page("generalization.py", look="confidence", of=first.id)
    measuring = bench.confidence(first.id)
    assert not measuring.is_over.is_set()
    (choice,) = [one for one in tab.selectbox if one.label == "RUN"]
    choice.set_value(second.id).run()
    assert not tab.exception, tab.exception[0].message
    assert measuring.is_cancelled
    held.set()
    until(bench.confidence(second.id).is_over.is_set)


@pytest.mark.parametrize(("before", "after", "is_said"), [(0.6, 0.04, True), (0.0, 0.04, False)])
def test_a_learning_curve_that_shows_too_few_updates_says_so(before: float, after: float, is_said: bool):
    """Every size has the same number of epochs: with few samples a network may not even fit these."""
    comparison = Comparison.of({"dataset": "digits", "epochs": 10}, ["train_size=23,1150"], rates="hand")
    points = [
        Point(num, num, 100, (train, train + 0.01), (0.7, 0.7), train, 0.7, 0.7 - train)
        for num, train in ((23, before), (1150, after))
    ]
    said = str(_size_words(comparison, points))
    assert ("in 10 epochs so few samples make too few updates" in said) == is_said
