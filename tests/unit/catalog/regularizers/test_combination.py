"""Which regularizers fit together, and where dropout acts."""

from __future__ import annotations

from typing import Any

import pytest

from core import catalog
from core.catalog.registry import parse
from core.catalog.regularizers import check_regularizers, dropout_rates
from core.catalog.regularizers.counter_dropout import CounterDropout
from core.errors import BadInput

assert catalog


def check(regularizers: list[Any], architecture: Any = "mlp", optimizer: Any = "sgd") -> list[str]:
    entries = [parse("regularizers", value) for value in regularizers]
    return [
        str(note)
        for note in check_regularizers(entries, parse("architectures", architecture), parse("optimizers", optimizer))  # type: ignore[arg-type]
    ]


def dropouts(regularizers: list[Any], architecture: Any = "cnn") -> dict[str, float]:
    rates = dropout_rates([parse("regularizers", value) for value in regularizers])
    model = parse("architectures", architecture).build((1, 28, 28), 10, rates)  # type: ignore[attr-defined]
    return {name: module.p for name, module in model.named_modules() if isinstance(module, CounterDropout)}


def test_a_cnn_has_dropout_before_its_last_layer_and_an_mlp_none() -> None:
    assert dropouts([]) == {"dense.1.dropout": 0.5}
    assert dropouts([], {"key": "cnn", "dense": [32, 16]}) == {"dense.2.dropout": 0.5}
    assert dropouts([], {"key": "cnn", "dense": []}) == {"dropout": 0.5}
    assert dropouts([], "mlp") == {}


def test_a_dropout_regularizer_takes_the_place_of_the_networks_own() -> None:
    dropout = {"key": "dropout", "p": 0.2}
    assert dropouts([dropout]) == {"dense.1.dropout": 0.2}
    assert dropouts([{"key": "dropout", "p": 0}]) == {}
    assert dropouts([{**dropout, "where": "convolution"}]) == {f"conv.{n}.dropout": 0.2 for n in (1, 2, 3)}
    assert dropouts([{**dropout, "where": "hidden"}]) == {
        **{f"conv.{n}.dropout": 0.2 for n in (1, 2, 3)},
        "dense.1.dropout": 0.2,
    }
    both = [{"key": "dropout", "p": 0.4}, {**dropout, "where": "convolution"}]
    assert dropouts(both)["conv.1.dropout"] == 0.2
    assert dropouts(both)["dense.1.dropout"] == 0.4
    assert dropouts([dropout], "mlp") == {"hidden.1.dropout": 0.2, "hidden.2.dropout": 0.2}


def test_the_replacement_is_reported_only_where_it_changes_something() -> None:
    (note,) = check([{"key": "dropout", "p": 0.2}], "cnn")
    assert "takes the place of the network's own dropout of 0.5" in note
    assert check([{"key": "dropout", "p": 0.5}], "cnn") == []
    assert check([{"key": "dropout", "p": 0.2}], {"key": "cnn", "dropout": 0}) == []


@pytest.mark.parametrize(
    ("where", "architecture", "sentence"),
    [
        ("dense", "logistic", "no dense hidden layer"),
        ("hidden", "logistic", "no hidden layer"),
        ("convolution", "mlp", "on convolutions has no effect"),
        ("dense", {"key": "cnn", "dense": [], "dropout": 0}, "no dense hidden layer"),
    ],
)
def test_dropout_without_a_place_is_reported(where: str, architecture: Any, sentence: str) -> None:
    (note,) = check([{"key": "dropout", "where": where}], architecture)
    assert sentence in note


def test_dropout_everywhere_in_an_mlp_has_nothing_to_report() -> None:
    assert check([{"key": "dropout", "where": "hidden"}]) == []


def test_two_dropouts_on_the_same_layers_are_refused() -> None:
    with pytest.raises(BadInput, match="act on the same layers"):
        check([{"key": "dropout", "p": 0.1}, {"key": "dropout", "where": "hidden"}])


def test_a_regularizer_chosen_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="L2 is chosen twice"):
        check(["l2", {"key": "l2", "strength": 0.1}])
    assert check(["l1", "l2", "clip_norm", "clip_value", "early_stopping"]) == []


def test_weight_decay_beside_adamws_own_is_refused() -> None:
    with pytest.raises(BadInput, match="of its own"):
        check(["weight_decay"], optimizer="adamw")
    assert check(["weight_decay"], optimizer={"key": "adamw", "weight_decay": 0}) == []
    assert check(["weight_decay"], optimizer="adam") == []
    assert check(["l2"], optimizer="adamw") == []


def test_a_penalty_that_two_regularizers_bring_is_reported() -> None:
    (note,) = check(["l2", {"key": "elastic_net", "share": 0.5}])
    assert note == "L2 and elastic net add up: L2 acts with the strengths of both."
    assert len(check(["elastic_net", "l1", "l2"])) == 2
    assert check(["l2", {"key": "elastic_net", "share": 1}]) == []
    assert check(["elastic_net", {"key": "l2", "strength": 0}]) == []
