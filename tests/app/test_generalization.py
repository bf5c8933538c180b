"""The page Generalization: K-fold from the choice to the answer to which network is kept."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from core.experiment import Experiment
from core.studies.comparison import Comparison
from core.studies.kfold import folded
from core.studies.study import KFOLD
from core.studies.workbench import Workbench
from core.text import Text
from pages.components import generalization_fits
from tests.experiments import POINTS
from tests.polling import until

QUERY = {"dataset": "moons", "dataset.n": "64", "architecture.widths": "[8]", "batch_size": "16", "epochs": "4"}
"""The experiment of POINTS as an address."""


def texts(tab) -> str:
    return " ".join(item.value for item in (*tab.markdown, *tab.caption, *tab.error))


def button(tab, label: str):
    (found,) = [item for item in tab.button if item.label == label]
    return found


def done(bench: Workbench, num_folds: int) -> str:
    study = bench.start_comparison(folded(Experiment.from_json(POINTS), num_folds), pace="max")
    bench.wait_comparison(study, 100)
    return study


def test_folds_are_shown_on_the_data_before_anything_runs(open_page, bench):
    tab = open_page("generalization.py", look="kfold", folds="3", **QUERY)
    chosen = folded(Experiment.from_json(POINTS), 3).base
    until(lambda: bench.folds(chosen) is not None)
    tab.run()
    assert not tab.exception, tab.exception[0].message
    assert len(tab.get("plotly_chart")) == 2
    assert "the test set is in none of them" in texts(tab)
    assert "Which of the" not in texts(tab)


def test_folds_that_cannot_be_had_are_answered_with_possible_ones(open_page):
    tab = open_page("generalization.py", look="kfold", folds="40", **QUERY)
    assert "Use 2 to 32 folds, or 64 to leave one sample out." in texts(tab)


def test_a_stored_k_fold_shows_its_means_and_which_network_is_kept(open_page, bench):
    study = done(bench, 4)
    tab = open_page("generalization.py", look="kfold", study=study)
    assert tab.session_state["number of folds"] == 4
    table = tab.table[-1]
    assert list(table.value["fold"]) == ["1", "2", "3", "4", "mean", "standard deviation"]
    mean, spread = table.value["validation error"][4:]
    verdict = Text.from_json(bench.studies(kind=KFOLD)[0].facts["verdict"][0])
    assert f"validation error {mean} with a standard deviation of {spread}" in str(verdict), "with the same digits"
    assert "Which of the 4 networks do I keep?" in [each.label for each in tab.expander]
    button(tab, "Train once on all").click().run()
    assert not tab.exception, tab.exception[0].message
    newest = bench.runs()[-1]
    assert (newest.study, newest.experiment.get("num_folds")) == (None, None)
    bench.wait(newest.id, 100)


def test_a_k_fold_is_deleted_with_its_runs(open_page, bench):
    tab = open_page("generalization.py", look="kfold", study=done(bench, 2))
    button(tab, "Delete this K-fold").click().run()
    assert not tab.exception, tab.exception[0].message
    assert (bench.studies(kind=KFOLD), bench.runs()) == ((), ())


def test_the_runs_of_a_k_fold_stand_apart_on_the_page_runs(open_page, bench):
    done(bench, 3)
    runs = open_page("runs.py")
    assert not runs.dataframe
    runs.toggle(key="runs of comparisons").set_value(True).run()
    assert list(runs.dataframe[0].value["fold"]) == ["3 of 3", "2 of 3", "1 of 3"]


def test_what_an_address_says_and_cannot_be_is_named(open_page):
    tab = open_page("generalization.py", folds="many", look="nothing")
    said = " ".join(item.value for item in (*tab.warning, *tab.info, *tab.markdown))
    assert "look=nothing" in said
    tab = open_page("generalization.py", look="kfold", study="01m8cf9bke97rgwd96")
    said = " ".join(item.value for item in (*tab.warning, *tab.info, *tab.markdown))
    assert "There is no K-fold" in said


def test_a_stored_k_fold_that_cannot_be_read_any_more_hinders_no_other(open_page, bench, monkeypatch):
    gone = done(bench, 2)
    unread = Comparison.from_json

    def from_json(document):
        if document.get("folds") == 2:
            raise BadInput(Text("No data set is called “gone”."), Text("It was removed."), Text("Bring it again."))
        return unread(document)

    monkeypatch.setattr(Comparison, "from_json", from_json)
    tab = open_page("generalization.py", look="kfold", study=gone, **QUERY)
    assert "No data set is called" in "".join(box.value for box in (*tab.info, *tab.warning))
    (stored,) = [one for one in tab.selectbox if one.label == "Open a stored K-fold"]
    stored.select_index(0).run()
    assert not tab.exception, tab.exception[0].message
    assert "No data set is called" in texts(tab)


@pytest.mark.parametrize("look", ["capacity", "bias", "kfold", "strength", "inputs"])
def test_a_browser_that_has_missed_a_value_begins_with_it(look: str, open_page):
    """It would send back what it began with, and that is nothing, or the lowest stop."""
    query = {"fit.degree": "7", "fit.n": "30", "folds": "3", "penalty": "l1", "inputs.data": "breast_cancer"}
    tab = open_page("generalization.py", look=look, **query)
    own = ("polynomials", "folds", "penalty", "inputs")
    pills = [item for item in tab.pills if item.key.startswith(own)]
    assert [[item.proto.options[place].content for place in item.proto.default] for item in pills] == [
        [item.format_func(item.value)] for item in pills
    ]
    sliders = [item for item in tab.slider if item.key.startswith(own)]
    assert [item.proto.default[0] for item in sliders] == [item.value for item in sliders]
    assert pills or sliders


@pytest.mark.parametrize(
    ("value", "spread", "written"),
    [
        (0.59, 0.0052, "0.590 ± 0.005"),
        (12.34, 4.2, "12 ± 4"),
        (0.5, 0.0996, "0.50 ± 0.10"),
        (4.99e11, 3.3e10, "4.99·10¹¹ ± 3·10¹⁰"),
        (1.2e-30, 0.0, "1.2·10⁻³⁰ ± 0"),
    ],
)
def test_a_number_and_its_uncertainty_have_as_many_places(value: float, spread: float, written: str):
    assert generalization_fits.measured_words(value, spread) == written
