"""The page Generalization: feature selection inside and outside the folds, from the choice to the sentence."""

from __future__ import annotations

from core.catalog.datasets.dataset import DataSet
from core.catalog.registry import parse
from core.studies.inputs_kept import FOLDS, InputsAsked, by_number
from core.studies.workbench import Workbench


def texts(tab) -> str:
    return " ".join(item.value for item in (*tab.markdown, *tab.caption, *tab.error, *tab.warning, *tab.info))


def button(tab, label: str):
    (found,) = [item for item in tab.button if item.label == label]
    return found


def test_before_anything_runs_the_inputs_of_every_fold_are_shown_with_a_price(open_page):
    tab = open_page("generalization.py", look="inputs")
    assert not tab.exception, tab.exception[0].message
    assert "40 runs in all" in texts(tab)
    assert "The 5 folds choose 20 inputs each" in texts(tab)
    assert len(tab.get("plotly_chart")) == 1


def test_on_pure_noise_only_the_mistake_is_better_than_guessing(open_page, bench: Workbench):
    tab = open_page("generalization.py", look="inputs")
    button(tab, "Run it inside and outside").click().run()
    (record,) = bench.studies(kind=None)
    bench.wait_comparison(record.id, 100)
    tab.run()
    assert not tab.exception, tab.exception[0].message
    assert len(tab.get("plotly_chart")) == 2
    assert "points between them do not exist" in texts(tab)
    asked = InputsAsked()
    found = by_number(bench.store, asked.comparison(), bench.runs_of(record.id))
    assert found.both == list(asked.numbers)
    for number in asked.numbers[1:]:
        assert 0.3 < found.inside[number].mean_validation_error < 0.7
        assert found.outside[number].mean_validation_error < 0.25
        assert found.inside[number].num_folds == FOLDS


def test_a_link_chooses_table_method_and_number(open_page):
    tab = open_page("generalization.py", look="inputs", **{"inputs.data": "breast_cancer", "inputs.kept": "5"})
    assert not tab.exception, tab.exception[0].message
    assert "The 5 folds choose 5 inputs each" in texts(tab)
    assert "nothing that can be chosen" not in texts(tab)
    assert tab.session_state["inputs that are kept"] == InputsAsked(data="breast_cancer", kept=5)
    tab = open_page("generalization.py", look="inputs", **{"inputs.method": "taste"})
    assert "method is" in texts(tab)


def test_who_comes_back_by_the_navigation_finds_what_they_left(open_page):
    tab = open_page("generalization.py", look="inputs", **{"inputs.kept": "5"})
    tab.switch_page("train.py").run()
    tab.switch_page("generalization.py")
    tab.query_params.clear()
    tab.run()
    assert "The 5 folds choose 5 inputs each" in texts(tab)
    assert tab.query_params["inputs.kept"] == "5"


def test_only_numbers_that_leave_inputs_out_are_tried():
    for data in ("pure_noise", "breast_cancer"):
        asked = InputsAsked(data=data)
        dataset = parse("datasets", data)
        assert isinstance(dataset, DataSet)
        assert max(asked.numbers) < dataset.facts().input_shape[0]
        assert asked.closest in asked.numbers
