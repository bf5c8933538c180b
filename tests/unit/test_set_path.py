"""One value set by its dotted path: what changes, what is kept, what is said."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalog.presets import preset
from core.errors import BadInput
from core.experiment import Experiment
from core.set_path import set_path
from tests.drawn_experiments import experiments


def changed(document: dict[str, Any], *changes: str, keep_defaults: bool = True) -> tuple[dict[str, Any], list[str]]:
    """The differences after some `PATH=VALUE`, and the notes."""
    said: list[str] = []
    for change in changes:
        path, _, value = change.partition("=")
        document, notes = set_path(document, path, value, keep_defaults=keep_defaults)
        said += [str(note) for note in notes]
    return Experiment.from_json(document).differences(), said


@pytest.mark.parametrize(
    ("changes", "differences"),
    [
        (["epochs=3"], {"epochs": 3}),
        (["epochs=3e1"], {"epochs": 30}),
        (["train_size=null"], {}),
        (["name=12"], {"name": "12"}),
        (["name=a=b"], {"name": "a=b"}),
        (["optimizer=sgd"], {"optimizer": {"key": "sgd"}}),
        (["optimizer=gd", "optimizer.lr=0.2"], {"optimizer": {"key": "gd", "lr": 0.2}}),
        (["optimizer.lr=0.5"], {"optimizer": {"key": "adam", "lr": 0.5}}),
        (['optimizer={"key": "sgd", "lr": 1}'], {"optimizer": {"key": "sgd", "lr": 1.0}}),
        (["initializer=orthogonal", "initializer.gain=2"], {"initializer": {"key": "orthogonal", "gain": 2.0}}),
        (["initializer=orthogonal", "initializer=null"], {}),
        (["architecture.activation=tanh"], {"architecture": {"key": "mlp", "activation": "tanh"}}),
        (["architecture.widths=[8,4]"], {"architecture": {"key": "mlp", "widths": [8, 4]}}),
        (["architecture.widths=[8,4]", "architecture.widths.1=2"], {"architecture": {"key": "mlp", "widths": [8, 2]}}),
        (["regularizers=l2,dropout"], {"regularizers": [{"key": "l2"}, {"key": "dropout"}]}),
        (["regularizers=l2", "regularizers.0.strength=1"], {"regularizers": [{"key": "l2", "strength": 1.0}]}),
        (["regularizers.0=l1", "regularizers.1=l2"], {"regularizers": [{"key": "l1"}, {"key": "l2"}]}),
        (["regularizers=l2", "regularizers=[]"], {}),
        (["regularizers=l2", "regularizers="], {}),
    ],
)
def test_a_value_lands_where_its_path_leads(changes: list[str], differences: dict[str, Any]):
    assert changed({}, *changes) == (differences, [])


def test_a_path_leads_into_a_list_of_records():
    differences, _ = changed(
        {}, "architecture=cnn", "architecture.blocks.0.kernel=5", "architecture.blocks.3.channels=9"
    )
    blocks = differences["architecture"]["blocks"]
    assert blocks[0]["kernel"] == 5
    assert blocks[3] == {"channels": 9}


def test_a_nested_entry_keeps_its_fields():
    differences, _ = changed({}, "architecture.activation=leaky_relu", "architecture.activation.slope=0.2")
    assert differences == {"architecture": {"key": "mlp", "activation": {"key": "leaky_relu", "slope": 0.2}}}


def test_a_new_key_keeps_the_fields_it_has_and_says_what_is_dropped():
    differences, said = changed({"optimizer": {"key": "adam", "lr": 0.02, "beta1": 0.5}}, "optimizer.key=sgd")
    assert differences == {"optimizer": {"key": "sgd", "lr": 0.02}}
    assert said == ["Left out, because SGD has no such setting: β₁.", "SGD keeps: learning rate 0.02."]


def test_what_a_file_says_is_kept_even_where_it_was_the_default():
    written = {"optimizer": {"key": "adam", "lr": 0.001}}
    assert changed(written, "optimizer=sgd")[0] == {"optimizer": {"key": "sgd", "lr": 0.001}}
    assert changed(written, "optimizer=sgd", keep_defaults=False)[0] == {"optimizer": {"key": "sgd"}}


def test_a_new_key_has_its_own_defaults_where_nothing_was_written():
    assert changed({}, "optimizer=sgd") == ({"optimizer": {"key": "sgd"}}, [])
    document = Experiment().to_json()
    assert changed(document, "optimizer=sgd", keep_defaults=False) == ({"optimizer": {"key": "sgd"}}, [])


def test_a_preset_is_a_base_that_the_document_still_overrides():
    moons = preset("overfits_moons").experiment
    assert changed({}, "preset=overfits_moons")[0] == Experiment.from_json(moons).differences()
    wanted = Experiment.from_json({**moons, "epochs": 3}).differences()
    assert changed({"epochs": 3}, "preset=overfits_moons")[0] == wanted
    assert changed({"preset": "learns"}, "preset=overfits_moons", "epochs=3")[0] == wanted


def test_a_preset_without_effect_is_reported():
    document = Experiment().to_json()
    assert "changes nothing" in changed(document, "preset=overfits_moons")[1][0]


def test_a_preset_stands_for_a_part():
    parts = Experiment.from_json({"preset": "reference_cnn_a"}).differences()
    assert changed({}, "architecture.preset=reference_cnn_a")[0] == {"architecture": parts["architecture"]}
    assert changed({}, "regularizers.preset=reference_cnn_a")[0] == {"regularizers": parts["regularizers"]}
    with_field, _ = changed({"architecture": {"preset": "xor_solved", "width": 5}})
    assert with_field["architecture"]["width"] == 5


def test_the_same_key_again_changes_nothing():
    written = {"optimizer": {"key": "sgd", "lr": 0.3}}
    assert changed(written, "optimizer=gd") == ({"optimizer": {"key": "gd", "lr": 0.3}}, [])


def test_the_document_that_was_given_stays_as_it_is():
    written = {"optimizer": {"key": "adam", "beta1": 0.5}, "regularizers": [{"key": "l2"}]}
    before = repr(written)
    changed(written, "optimizer=sgd", "regularizers.0.strength=1", "regularizers.1=l1", "architecture.widths=[3]")
    assert repr(written) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("optimiser=sgd", "optimizer"),
        ("optimizer.lr.x=1", "no parts"),
        ("optimizer.rate=1", "no field “rate”"),
        ("optimizer.lr=fast", "learning rate (lr) is 'fast'"),
        ("optimizer.lr=-1", "learning rate (lr) is -1"),
        ('optimizer.lr="0.1"', "without quotes"),
        ("optimizer=[]", "names no entry"),
        ("optimizer=null", "names no entry"),
        ("optimizer=7", "names no entry"),
        ("epochs.x=1", "no parts"),
        ("initializer.gain=2", "follows from the other choices"),
        ("regularizers.1=l2", "counted from 0"),
        ("regularizers.0.strength=0.1", "“regularizers” has no entry 0 yet"),
        ("regularizers.²=l2", "counted from 0"),
        ("regularizers.x=l2", "counted from 0"),
        ("regularizers=l3", "l2"),
        ("preset=nothing", "no preset"),
        ("architecture.preset=nothing", "no preset"),
        ("=1", "no field"),
    ],
)
def test_what_cannot_be_set_is_said(change: str, said: str):
    with pytest.raises(BadInput) as caught:
        changed({}, change)
    assert said in str(caught.value)


@given(experiments(), st.text(max_size=30), st.text(max_size=30))
def test_any_path_and_value_is_applied_or_refused_in_words(experiment: Experiment, path: str, value: str):
    with suppress(BadInput):
        document, _ = set_path(experiment.to_json(), path, value)
        assert Experiment.from_json(document).to_json()


@given(experiments())
def test_setting_every_part_to_what_it_is_changes_nothing(experiment: Experiment):
    document = experiment.to_json()
    for path, value in experiment.to_url().items():
        document, _ = set_path(document, path, value)
    assert Experiment.from_json(document) == experiment


def test_an_object_is_no_key():
    with pytest.raises(BadInput, match="names no entry"):
        set_path({}, "optimizer.key", '{"key": "adam"}')
