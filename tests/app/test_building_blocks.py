"""The Building blocks page: it opens on the shipped run, own runs replace it, and each part says its numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.experiments import NETWORKS, images, points
from tests.stored_runs import finished

BATCH_NORM = {
    "key": "cnn",
    "blocks": [{"channels": 3, "kernel": 3, "pooling": "max", "normalization": "batch"}],
    "dense": [6],
    "dropout": 0.5,
}


@pytest.fixture
def run(bench: Any) -> str:
    """A stored run with everything to look at."""
    finished(bench, points(epochs=1))
    return finished(bench, images(architecture=BATCH_NORM, epochs=1)).id


def select(tab: Any, row: int) -> None:
    """Select a row of the page Runs."""
    tab.session_state[tab.dataframe[0].key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    tab.run()


def press(tab: Any, label: str) -> None:
    """Press the button of this name."""
    next(button for button in tab.button if button.label == label).click().run()
    assert not tab.exception


def sentences(tab: Any) -> str:
    """What the page says."""
    return " ".join(each.value for each in [*tab.markdown, *tab.caption])


def test_it_opens_on_the_shipped_run_and_says_what_a_link_cannot_ask_for(open_page):
    tab = open_page("building_blocks.py", of="nobody", look="nothing")
    remarks = " ".join(each.value for each in tab.info)
    assert "look=nothing" in remarks
    assert "There is no run “nobody” here" in remarks
    chosen = tab.selectbox(key="blocks run|en")
    assert chosen.value == ""
    assert chosen.options[0] == "shipped with this program"
    assert "4.6 % of 800 wrong" in sentences(tab)
    assert "The network says “3” to this “3”." in sentences(tab)
    assert tab.selectbox(key="blocks layer|en").options == ["conv.1", "conv.2", "conv.3", "dense.1"]
    (table,) = (frame.value for frame in tab.dataframe)
    assert table["receptive field"].iloc[:5].tolist() == ["3×3", "4×4", "8×8", "10×10", "18×18"]
    assert table["multiplications"].iloc[0] == "194\u202f688", "32 · 9 · 26 · 26"


@pytest.mark.parametrize("page", ["train.py", "runs.py"])
def test_train_and_runs_have_a_door_to_it_for_runs_on_images(open_page, run, bench, page):
    tab = open_page(page, **({"run": run} if page == "train.py" else {}))
    if page == "runs.py":
        select(tab, 0)
    press(tab, "Building blocks")
    assert tab.selectbox(key="blocks run|en").value == run

    other = next(record.id for record in bench.runs() if record.id != run)
    tab = open_page(page, **({"run": other} if page == "train.py" else {}))
    if page == "runs.py":
        select(tab, 1)
    assert "Building blocks" not in {button.label for button in tab.button}


def test_a_run_that_goes_on_is_not_looked_into(open_page, bench):
    run = bench.start(images(epochs=1000), pace="1/s")
    tab = open_page(run=run)
    press(tab, "Building blocks")
    assert "still being trained" in tab.error[0].value
    bench.command(run, "stop")
    bench.wait(run, 100)
    press(tab, "Building blocks")
    assert not tab.error
    assert tab.selectbox(key="blocks run|en").value == run


def test_an_own_run_replaces_it_and_only_runs_on_images_are_offered(open_page, run):
    tab = open_page("building_blocks.py", of=run)
    chosen = tab.selectbox(key="blocks run|en")
    assert chosen.value == run
    assert len(chosen.options) == 2
    tab.selectbox(key="blocks layer|en").set_value("dense.1").run()
    assert not tab.exception
    tab.button(key="other images").click().run()
    assert not tab.exception
    assert tab.query_params["of"] == run


def test_one_unit_sends_what_the_browser_computes_with(open_page, run):
    tab = open_page("building_blocks.py", of=run, look="unit")
    data = json.loads(tab.get("bidi_component")[0].proto.json)
    layer = data["layer"]
    assert layer["weights"]["shape"] == [3, 1, 3, 3]
    assert layer["input"]["shape"] == [1, 8, 8]
    assert layer["bias"] is None, "β of the normalization takes its place"
    assert layer["scale"]["shape"] == [3]
    assert (layer["stride"], layer["before"], layer["after"]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("look", "said"),
    [
        ("pooling", "changed by"),
        ("activation", "meet a slope below 0.05"),
        ("normalization", "in evaluation on none of them"),
        ("dropout", "their largest gradient is 0, so"),
    ],
)
def test_each_part_says_its_numbers(open_page, run, look, said):
    tab = open_page("building_blocks.py", of=run, look=look)
    assert said in sentences(tab)


def test_a_slider_changes_the_batch_and_a_button_measures_the_votes(open_page, run):
    tab = open_page("building_blocks.py", of=run, look="normalization")
    before = sentences(tab)
    tab.select_slider(key="blocks batch|en").set_value(2).run()
    assert "the 2 images of the batch" in sentences(tab)
    assert sentences(tab) != before
    tab.segmented_control(key="parts of building_blocks|en").set_value("dropout").run()
    tab.button(key="measure votes").click().run()
    assert not tab.exception
    assert "over 400 masks" in sentences(tab)


def test_a_network_without_a_part_says_so(open_page, bench):
    plain = finished(bench, images(architecture="logistic", epochs=1)).id
    tab = open_page("building_blocks.py", of=plain, look="attention")
    assert "no self-attention" in tab.info[0].value
    tab = open_page("building_blocks.py", of=plain, look="dropout")
    assert "no dropout" in tab.info[0].value
    assert any(caption.value.endswith("% wrong") for caption in tab.caption)
    for part, said in (
        ("normalization", "no batch normalization"),
        ("unit", "no convolution"),
        ("maps", "to look into"),
    ):
        tab.segmented_control(key="parts of building_blocks|en").set_value(part).run()
        assert said in tab.info[0].value


@pytest.mark.parametrize(
    ("architecture", "said"),
    [
        ({"key": "mlp", "widths": [5]}, "Weights of each unit, laid out as the image"),
        (NETWORKS["resnet"], "Filters"),
        (NETWORKS["efficient_cnn"], "Filters"),
    ],
    ids=["mlp", "resnet", "efficient_cnn"],
)
def test_other_networks_can_be_looked_into(open_page, bench, architecture, said):
    tab = open_page("building_blocks.py", of=finished(bench, images(architecture=architecture, epochs=1)).id)
    assert said in sentences(tab)
    for name in tab.selectbox(key="blocks layer|en").options:
        tab.selectbox(key="blocks layer|en").set_value(name).run()
        assert not tab.exception, tab.exception[0].message
    for part in ("unit", "pooling", "activation"):
        tab.segmented_control(key="parts of building_blocks|en").set_value(part).run()
        assert not tab.exception, tab.exception[0].message


def test_attention_is_offered_where_there_is_some(open_page, bench):
    encoder = {"key": "attention", "patch": 4, "width": 8, "heads": 2, "depth": 2}
    tab = open_page(
        "building_blocks.py", of=finished(bench, images(architecture=encoder, epochs=1)).id, look="attention"
    )
    assert "Attention of each head" in sentences(tab)
    tab.segmented_control(key="parts of building_blocks|en").set_value("maps").run()
    assert "What its heads look at stands under “Attention”." in tab.info[0].value
    assert "attention with 2 heads" in str(tab.dataframe[0].value)
    tab.segmented_control(key="parts of building_blocks|en").set_value("attention").run()
    tab.selectbox(key="blocks token|en").set_value(3).run()
    assert not tab.exception
