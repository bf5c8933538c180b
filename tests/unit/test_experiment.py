"""An experiment means the same as JSON, as a URL and as a fingerprint, and says what is wrong with it."""

from __future__ import annotations

import json
import random
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalog.presets import presets
from core.catalog.registry import entries
from core.errors import BadInput
from core.experiment import Experiment
from tests.drawn_experiments import experiments, one_of_each


def through_the_address_bar(experiment: Experiment) -> Experiment:
    query = dict(parse_qsl(urlencode(experiment.to_url()), keep_blank_values=True))
    read, problems = Experiment.from_url(query)
    assert problems == []
    return read


@given(experiments())
def test_json_gives_the_same_experiment(experiment: Experiment):
    text = json.dumps(experiment.to_json(), allow_nan=False)
    read = Experiment.from_json(json.loads(text))
    assert read == experiment
    assert read.to_json() == experiment.to_json()
    assert read.fingerprint() == experiment.fingerprint()


@given(experiments())
def test_its_differences_alone_give_the_same_experiment(experiment: Experiment):
    read = Experiment.from_json(json.loads(json.dumps(experiment.differences())))
    assert read == experiment
    assert read.differences() == experiment.differences()


@given(experiments())
def test_its_url_gives_the_same_experiment(experiment: Experiment):
    read = through_the_address_bar(experiment)
    assert read == experiment
    assert read.to_url() == experiment.to_url()


@given(experiments(), experiments())
def test_fingerprints_are_equal_exactly_when_the_settings_are(one: Experiment, other: Experiment):
    same = one.replace(name="", notes="") == other.replace(name="", notes="")
    assert (one.fingerprint() == other.fingerprint()) == same


@pytest.mark.parametrize("document", one_of_each(), ids=json.dumps)
def test_every_entry_survives_json_url_and_differences(document: dict):
    experiment = Experiment.from_json(document)
    assert Experiment.from_json(experiment.to_json()) == experiment
    assert Experiment.from_json(experiment.differences()) == experiment
    assert through_the_address_bar(experiment) == experiment


def test_every_preset_survives_its_url():
    for key in presets():
        experiment = Experiment.from_json({"preset": key})
        assert through_the_address_bar(experiment) == experiment, key


def test_records_in_a_list_are_written_by_what_differs():
    document = {"architecture": {"key": "cnn", "blocks": [{"channels": 8, "kernel": 5}, {}]}}
    experiment = Experiment.from_json(document)
    assert experiment.differences()["architecture"]["blocks"] == [{"channels": 8, "kernel": 5}, {}]
    assert through_the_address_bar(experiment) == experiment


def test_the_empty_document_is_the_default_preset():
    experiment = Experiment.from_json({})
    assert experiment.differences() == {}
    assert experiment.to_url() == {}
    assert experiment.canonical() == '{"version":1}'
    assert (experiment.dataset.key, experiment.architecture.key, experiment.optimizer.key) == ("digits", "mlp", "adam")
    assert experiment.augmentations == experiment.regularizers == ()


def test_the_issued_example_is_the_default():
    example = """{"dataset": {"key": "digits"}, "augmentations": [], "architecture": {"key": "mlp"}, "regularizers": [],
        "optimizer": {"key": "adam", "lr": 1e-3}, "schedule": {"key": "constant"}, "batch_size": 64, "epochs": 10,
        "evaluate_every": null, "seed": 0, "split_seed": 0, "validation_fraction": 0.2, "train_size": null,
        "precision": "float32"}"""
    assert Experiment.from_json(json.loads(example)) == Experiment()


def test_a_synonym_is_echoed_as_typed_and_has_the_fingerprint_of_its_entry():
    gd, sgd = (Experiment.from_json({"optimizer": {"key": key, "lr": 0.2}}) for key in ("gd", "sgd"))
    assert gd.to_json()["optimizer"]["key"] == "gd"
    assert gd.to_url()["optimizer"] == "gd"
    assert gd.fingerprint() == sgd.fingerprint()
    assert Experiment.from_json({"optimizer": "gd"}).differences() == {"optimizer": {"key": "gd"}}


def test_names_and_notes_are_no_part_of_the_fingerprint():
    named = Experiment.from_json({"name": "mine", "notes": "first try"})
    assert named.fingerprint() == Experiment().fingerprint()
    assert through_the_address_bar(named).name == "mine"


@pytest.mark.parametrize("name", ["null", "12", '"x"', "a & b = c", "小波\u3000二号", "👩\u200d🔬", "[]", " "])
def test_a_name_is_text_whatever_it_looks_like(name: str):
    assert through_the_address_bar(Experiment(name=name)).name == name


def test_control_characters_are_left_out_of_names_and_lines_kept_in_notes_only():
    experiment = Experiment(name="a\nb\x1b", notes="a\nb\x1b")
    assert (experiment.name, experiment.notes) == ("ab", "a\nb")


def test_a_key_stands_for_an_entry():
    short = Experiment.from_json({"architecture": {"key": "mlp", "activation": "tanh"}, "optimizer": "sgd"})
    long = Experiment.from_json(
        {"architecture": {"key": "mlp", "activation": {"key": "tanh"}}, "optimizer": {"key": "sgd"}}
    )
    assert short == long


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "JSON object"),
        ("digits", "JSON object"),
        ({"optimiser": "sgd"}, "optimizer"),
        ({"optimizer": "sdg"}, "sgd"),
        ({"optimizer": {"lr": 0.1}}, "names no entry"),
        ({"optimizer": 5}, "names no entry"),
        ({"optimizer": None}, "names no entry"),
        ({"optimizer": {"key": "adam", "lr": -0.1}}, "learning rate (lr) is -0.1"),
        ({"optimizer": {"key": "adam", "lr": "0.1"}}, "without quotes"),
        ({"optimizer": {"key": "adam", "lr": True}}, "without quotes"),
        ({"optimizer": {"key": "adam", "momentum": 0.9}}, "no field “momentum”"),
        ({"batch_size": "64"}, "without quotes"),
        ({"batch_size": True}, "without quotes"),
        ({"batch_size": 0}, "batch size is 0"),
        ({"epochs": 1.5}, "epochs is 1.5"),
        ({"epochs": None}, "epochs is None"),
        ({"seed": 2**64}, "seed is"),
        ({"validation_fraction": 1}, "(validation_fraction) is 1"),
        ({"precision": "float16"}, "bfloat16"),
        ({"version": 2}, "version is 2"),
        ({"name": 5}, "name is 5"),
        ({"name": "x" * 201}, "200"),
        ({"regularizers": "l2"}, "at most 16 entries"),
        ({"regularizers": [{"key": "l2"}] * 17}, "at most 16 entries"),
        ({"regularizers": [3]}, "names no entry"),
        ({"architecture": {"key": "mlp", "widths": ["64"]}}, "widths"),
        ({"architecture": {"key": "cnn", "blocks": [{"kernel": "3"}]}}, "kernel"),
        ({"architecture": {"key": "mlp", "activation": "rely"}}, "relu"),
        ({"preset": "nothing like it"}, "no preset"),
        ({"dataset": {"preset": 3}}, "no preset"),
    ],
)
def test_what_is_wrong_is_named(document: object, said: str):
    with pytest.raises(BadInput) as caught:
        Experiment.from_json(document)
    assert said in str(caught.value)
    assert all(str(part) for part in (caught.value.what, caught.value.why, caught.value.fix))


@pytest.mark.parametrize("value", [[0] * 10_000, "x" * 100_000, 10**4000, {"key": "y" * 100_000}, {"z" * 100_000: 1}])
def test_an_error_quotes_little_of_a_large_value(value: object):
    for document in ({"optimizer": value}, {"batch_size": value}, {"optimizer": {"key": "adam", "lr": value}}):
        with pytest.raises(BadInput) as caught:
            Experiment.from_json(document)
        assert len(str(caught.value)) < 1000


def test_an_unreadable_part_of_a_url_is_named_and_the_rest_applied():
    query = {"optimizer": "sgd", "optimizer.lr": "-1", "dataset": "mars", "epochs": "3", "seed": "x", "page": "train"}
    experiment, problems = Experiment.from_url(query)
    assert experiment == Experiment.from_json({"optimizer": "sgd", "epochs": 3})
    said = [str(problem) for problem in problems]
    assert [next(key for key in ("dataset=mars", "seed=x", "optimizer.lr=-1") if key in text) for text in said]
    assert len(said) == 3


def test_the_order_of_a_url_does_not_matter():
    wanted = {"key": "scale", "low": 1.5, "high": 2.0}
    url = Experiment.from_json({"augmentations": [wanted]}).to_url()
    for order in (list(url), list(reversed(url))):
        experiment, problems = Experiment.from_url({key: url[key] for key in order})
        assert (experiment.to_json()["augmentations"], problems) == ([wanted], [])


def test_two_thousand_random_urls_never_raise():
    rng = random.Random(20)
    heads = [*Experiment.model_fields, "preset", "x", ""]
    fields = ["", "lr", "key", "0", "1", "strength", "activation", "slope", "blocks", "kernel", "n", "²", "preset"]
    keys = [key for family in ("optimizers", "datasets", "regularizers", "architectures") for key in entries(family)]
    alphabet = "aäß小\0\n\"'{}[]:,.-+0123456789eE truefalsnINF%&=#\ud800"

    def value() -> str:
        kind = rng.randrange(4)
        if kind == 0:
            return "".join(rng.choice(alphabet) for _ in range(rng.randrange(30)))
        if kind == 1:
            return rng.choice([*keys, "l2,dropout", '{"key": "l2"}', '[{"key": "l2"}]', "[[[]]]", "{", "[" * 5000])
        if kind == 2:
            return rng.choice(["1", "0", "-1", "1e400", "NaN", "null", "true", "9" * 5000, "0.5", "1e-9", '""', ""])
        return json.dumps({rng.choice(fields): rng.choice([1, "x", None, [1, {"a": []}]])})

    for _ in range(2000):
        query = {
            ".".join([rng.choice(heads), *(rng.choice(fields) for _ in range(rng.randrange(4)))]): value()
            for _ in range(rng.randrange(6))
        }
        experiment, problems = Experiment.from_url(query)
        assert through_the_address_bar(experiment) == experiment
        assert [str(problem)[:3000] for problem in problems] == [str(problem) for problem in problems]


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=4))
def test_foreign_parameters_are_left_alone(query: dict[str, str]):
    own = {key: value for key, value in query.items() if key.split(".")[0] not in {*Experiment.model_fields, "preset"}}
    assert Experiment.from_url(own) == (Experiment(), [])
