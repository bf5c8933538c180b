"""Find the fault: a fault is sealed into a link, and found in the run by who opens it; the page betrays nothing."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from core.catalog.faults import opened, sealed
from core.experiment import Experiment
from core.studies.workbench import Workbench
from tests.sealed import FAULTS, with_fault


def words(tab: AppTest) -> list[str]:
    """Everything that stands on the page, in its order."""
    shown = [*tab.markdown, *tab.caption, *tab.error, *tab.info, *tab.code]
    choices = [option for box in tab.selectbox for option in (box.label, *box.options)]
    return [*(element.value for element in shown), *(button.label for button in tab.button), *choices]


def finished(bench: Workbench, experiment: Experiment) -> str:
    """The id of a run that has come to its end."""
    return bench.wait(bench.start(experiment, pace="max"), 60).id


def diagnose(tab: AppTest, fault: str, instrument: str) -> None:
    """Choose both and press the button."""
    for box, value in zip([box for box in tab.selectbox if box.key], (fault, instrument), strict=True):
        box.set_value(value)
    tab.run()
    tab.button(key="diagnose").click().run()
    assert not tab.exception


def strip(tab: AppTest) -> str:
    """What the strip above the run says."""
    return next(text.value for text in tab.markdown if "sealed in this run" in text.value or "Found:" in text.value)


@pytest.fixture(scope="module")
def unsealed_page() -> dict[str, list[str]]:
    """The words of the first page seen, which all others are compared with."""
    return {}


@pytest.mark.parametrize("key", FAULTS)
def test_the_page_says_the_same_whatever_is_sealed(
    key: str, open_page: Callable[..., AppTest], bench: Workbench, unsealed_page: dict[str, list[str]]
):
    experiment = with_fault(key, epochs=1)
    run = finished(bench, experiment)
    tab = open_page(run=run)
    seen = [text.replace(experiment.sealed, "SEAL").replace(run, "RUN") for text in words(tab)]
    assert "**A fault is sealed in this run.**" in strip(tab)
    assert seen == unsealed_page.setdefault("words", seen)


def test_a_fault_is_sealed_into_a_link_that_does_not_tell_which(open_page: Callable[..., AppTest]):
    tab = open_page()
    tab.selectbox(key="fault to seal|en").set_value("dead_relu").run()
    tab.button(key="seal").click().run()
    assert not tab.exception
    query = dict(parse_qsl(urlsplit(next(code.value for code in tab.code if "sealed=" in code.value)).query))
    experiment, problems = Experiment.from_url(query)
    assert problems == []
    assert opened(experiment.sealed).key == "dead_relu"
    assert "dead" not in str(query)
    tab.button(key="find it here").click().run()
    assert tab.session_state["experiment"] == experiment
    assert "sealed in this run" in strip(tab)


def test_a_surprise_is_one_of_those_that_fit(open_page: Callable[..., AppTest]):
    tab = open_page(dataset="polynomial", optimizer="sgd")
    titles = [FAULTS[key].title for key in ("leak", "zero_weights", "rate_times_30")]
    assert tab.selectbox(key="fault to seal|en").options == ["surprise me", *titles]
    tab.button(key="seal").click().run()
    (address,) = [code.value for code in tab.code if "sealed=" in code.value]
    assert opened(dict(parse_qsl(urlsplit(address).query))["sealed"]).title in titles


def test_nothing_can_be_said_before_something_was_seen(open_page: Callable[..., AppTest]):
    tab = open_page(sealed=sealed("dead_relu"))
    assert tab.button(key="give up").disabled


def test_wrong_then_right_then_healthy_beside_it(open_page: Callable[..., AppTest], bench: Workbench):
    experiment = with_fault("dead_relu", epochs=1)
    run = finished(bench, experiment)
    tab = open_page(run=run)
    diagnose(tab, "zero_weights", "weights")
    assert "Not it: first weights of 0. Look again." in words(tab)
    diagnose(tab, "dead_relu", "gradients")
    told = " ".join(words(tab))
    assert "**Found: dead ReLU units.**" in told
    assert ":green-badge[2 points]" in told
    assert "**100.0 %** with the fault, **not measured yet** without it" in told
    assert FAULTS["dead_relu"].fix in told

    tab.button(key="run it healthy").click().run()
    assert not tab.exception
    healthy = tab.session_state["run looked at"][0]
    assert tab.session_state["run beside the one looked at"] == (healthy, run)
    assert Experiment.from_json(bench.wait(healthy, 100).experiment) == experiment.replace(sealed="")
    assert "**100.0 %** with the fault, **0.0 %** without it" in " ".join(words(tab.run()))
    tab.button(key="run it healthy").click().run()
    assert tab.session_state["experiment"] == experiment


def test_who_gives_up_is_told_without_points(open_page: Callable[..., AppTest], bench: Workbench):
    tab = open_page(run=finished(bench, with_fault("leak", epochs=1)))
    tab.button(key="give up").click().run()
    told = " ".join(words(tab))
    assert "**It is: training samples among the validation samples.**" in told
    assert ":gray-badge[0 points]" in told


def test_a_fault_that_has_nothing_to_act_on_is_found_like_any_other(
    open_page: Callable[..., AppTest], bench: Workbench
):
    experiment = with_fault("zero_weights", epochs=1, architecture="logistic", regularizers=[])
    tab = open_page(run=finished(bench, experiment))
    diagnose(tab, "zero_weights", "weights")
    told = " ".join(words(tab))
    assert "**Found: first weights of 0.**" in told
    assert "nothing to act on: the run is healthy" in told


def test_what_was_found_stays_found(open_page: Callable[..., AppTest], bench: Workbench):
    experiment = with_fault("leak", epochs=1)
    run = finished(bench, experiment)
    bench.diagnose(experiment.sealed, "leak", "errors")
    assert "Found: training samples among the validation samples." in strip(open_page(run=run))


def test_a_seal_that_cannot_be_opened_is_said(open_page: Callable[..., AppTest]):
    tab = open_page(sealed="leak")
    assert "cannot be opened" in " ".join(words(tab))
    assert tab.session_state["experiment"] == Experiment()
