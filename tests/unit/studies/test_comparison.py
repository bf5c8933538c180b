"""A comparison: what it takes, what it runs, and how it travels as JSON and in an address."""

from __future__ import annotations

from typing import Any

import pytest

import core.catalog  # noqa: F401 - registers every entry
from core.catalog.faults import sealed
from core.errors import BadInput
from core.experiment import Experiment
from core.studies.comparison import Comparison
from core.studies.variant import Variant
from tests.experiments import POINTS

OPTIMIZERS = ["optimizer=sgd,adam,adadelta"]
ALL_KINDS: list[dict[str, Any]] = [
    {"base": POINTS, "variants": [{"changes": {"optimizer.key": key}} for key in ("sgd", "adam")], "seeds": 5},
    {
        "base": {"preset": "learns"},
        "variants": [
            {"name": "nothing", "changes": {}},
            {"name": "两个", "changes": {"regularizers": [{"key": "l2", "strength": 0.01}, {"key": "dropout"}]}},
            {"name": "deep", "changes": {"architecture.hidden_layers": 3, "architecture.activation": "tanh"}},
        ],
        "rates": "hand",
        "name": "What adds to what",
        "notes": "two\nlines",
    },
    {
        "base": POINTS,
        "variants": [{"changes": {"batch_size": size, "optimizer.lr": 0.1 * size}} for size in (8, 16, 32)],
        "rates": "same",
        "seeds": 2,
    },
    {"base": POINTS, "variants": [{"name": "alone"}], "folds": 5},
    {"base": POINTS, "variants": [{"changes": {"optimizer.lr": lr}} for lr in (0.01, 0.1)], "folds": 3},
]


@pytest.mark.parametrize("document", ALL_KINDS)
def test_json_and_address_give_the_same_comparison(document: dict[str, Any]):
    comparison = Comparison.from_json(document)
    assert Comparison.from_json(comparison.to_json()) == comparison
    again, problems = Comparison.from_url(comparison.to_url())
    assert problems == []
    assert again == comparison
    assert again is not None
    assert again.fingerprint() == comparison.fingerprint()


def test_an_address_is_readable():
    comparison = Comparison.of(Experiment(), OPTIMIZERS, seeds=5)
    assert comparison.to_url() == {"vary.optimizer": "sgd,adam,adadelta", "rates": "own", "seeds": "5"}
    named = Comparison.from_json({"variants": [{"name": "one", "changes": {"optimizer": "sgd"}}, {"changes": {}}]})
    assert named.to_url() == {
        "vary.0.optimizer": "sgd",
        "vary.0.name": "one",
        "vary.1.name": "base",
        "rates": "own",
        "seeds": "1",
    }


@pytest.mark.parametrize(
    "axes",
    [
        ["optimizer.lr=log(0.0001,1)x32"],
        ["batch_size=log(8,1024)x20"],
        ["seed=lin(0,39)x40"],
        ["architecture.width=16,32", "optimizer.lr=0.1,0.2,0.3"],
        ['regularizers=[],l2,[{"key":"l2","strength":0.1}]'],
    ],
)
def test_an_address_says_what_is_varied_as_a_person_would_type_it(axes: list[str]):
    comparison = Comparison.of({"dataset": "digits"}, axes, rates="hand")
    query = comparison.to_url()
    assert [f"{path}={spec}" for path, spec in query.items() if path.startswith("vary.")] == [f"vary.{a}" for a in axes]
    assert Comparison.from_url(query) == (comparison, [])


def test_where_one_number_alone_differs_there_may_be_forty():
    assert len(Comparison.of(POINTS, ["optimizer.lr=log(0.001,1)x40"]).variants) == 40
    assert Comparison.of(POINTS, ["optimizer.lr=0.1,0.2"]).number() == ("optimizer.lr", [0.1, 0.2])
    assert Comparison.of(POINTS, ["optimizer.lr=0.1,0.2", "seed=0,1"]).number() is None
    assert Comparison.of(POINTS, OPTIMIZERS).number() is None
    with pytest.raises(BadInput, match="of 10 variants"):
        Comparison.of(POINTS, ["optimizer.lr=log(0.001,1)x5", "batch_size=8,16"])


def test_a_short_address_may_be_typed():
    comparison, problems = Comparison.from_url({"dataset": "moons", "vary.optimizer": "sgd,adam", "seeds": "3"})
    assert problems == []
    assert comparison == Comparison.of({"dataset": "moons"}, ["optimizer=sgd,adam"], seeds=3)


def test_parts_of_an_address_that_cannot_be_read_are_named_and_the_rest_is_applied():
    comparison, problems = Comparison.from_url(
        {
            "batch_size": "-1",
            "epochs": "7",
            "vary.0.optimizer": "sgd",
            "vary.1.optimizer": "adam",
            "vary.1.optimizer.lr": "-1",
            "vary.2.optimizer": "nothing",
            "rates": "guessed",
            "seeds": "many",
            "page": "2",
        }
    )
    assert comparison is not None
    assert (comparison.base.epochs, comparison.seeds, comparison.rates) == (7, 1, "own")
    assert [variant.changes for variant in comparison.variants] == [{"optimizer": "sgd"}, {"optimizer": "adam"}]
    said = " ".join(map(str, problems))
    for part in ("batch_size=-1", "vary.1.optimizer.lr=-1", "vary.2.optimizer=nothing", "rates=guessed", "seeds=many"):
        assert part in said
    assert len(problems) == 5


def test_an_address_without_variants_is_no_comparison():
    assert Comparison.from_url({"optimizer": "sgd"}) == (None, [])
    comparison, problems = Comparison.from_url({"vary.0.optimizer": "sgd"})
    assert comparison is None
    assert len(problems) == 1


def test_seeds_are_paired_and_those_of_one_seed_stand_together():
    comparison = Comparison.of(POINTS | {"seed": 4}, OPTIMIZERS, seeds=2, rates="hand")
    lanes = comparison.experiments()
    assert [(lane.variant, lane.seed) for lane in lanes] == [(0, 4), (1, 4), (2, 4), (0, 5), (1, 5), (2, 5)]
    assert all(lane.experiment.seed == lane.seed for lane in lanes)
    assert [comparison.lane_name(lane) for lane in lanes[:4]] == ["SGD #4", "Adam #4", "AdaDelta #4", "SGD #5"]


def test_a_field_that_the_file_holds_is_kept_through_a_change_of_key_as_with_set():
    written = POINTS | {"optimizer": {"key": "adam", "lr": 0.001}}
    kept = Comparison.of(written, ["optimizer=sgd,adam"], rates="hand").varied()
    assert [experiment.optimizer.lr for experiment in kept] == [0.001, 0.001]
    from_a_page = Comparison.of(Experiment.from_json(written), ["optimizer=sgd,adam"], rates="hand").varied()
    assert [experiment.optimizer.lr for experiment in from_a_page] == [0.1, 0.001]


def test_a_change_of_key_drops_what_the_new_entry_has_not_and_says_so():
    comparison = Comparison.of(POINTS | {"optimizer": {"key": "adam", "beta1": 0.5}}, ["optimizer=sgd,adam"])
    assert comparison.rates == "own"
    assert "SGD: Left out, because SGD has no such setting: β₁." in map(str, comparison.check())


@pytest.mark.parametrize(
    ("changes", "rates"),
    [
        (["optimizer=sgd,adam"], "own"),
        (["batch_size=8,16"], "own"),
        (["optimizer.lr=0.1,0.2"], "hand"),
        (["optimizer=sgd,adam", "optimizer.lr=0.1,0.2"], "hand"),
        (["architecture.width=8,16"], "hand"),
    ],
)
def test_learning_rates_are_searched_where_the_comparison_depends_on_them(changes: list[str], rates: str):
    assert Comparison.of({"dataset": "moons"}, changes).rates == rates


def test_one_rate_for_all_is_the_bases():
    comparison = Comparison.of(POINTS | {"optimizer": {"key": "momentum", "lr": 0.3}}, OPTIMIZERS, rates="same")
    assert [getattr(experiment.optimizer, "lr", None) for experiment in comparison.varied()] == [0.3, 0.3, None]
    without = Comparison.of(POINTS | {"optimizer": "adadelta"}, OPTIMIZERS, rates="hand")
    with pytest.raises(BadInput, match="no learning rate for all"):
        Comparison.from_json(without.to_json() | {"rates": "same"})


def test_found_rates_are_given_to_their_variants():
    comparison = Comparison.of(POINTS, OPTIMIZERS)
    rates = [getattr(experiment.optimizer, "lr", None) for experiment in comparison.varied({0: 0.5, 2: 0.5})]
    assert rates == [0.5, 0.001, None]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"variants": [{"changes": {}}]}, "One variant alone"),
        ({"variants": [{"changes": {"seed": n, "epochs": n + 1}} for n in range(9)]}, "of 9 variants"),
        ({"variants": [{"changes": {"seed": seed}} for seed in range(41)]}, "of 41 variants"),
        ({"variants": [{"changes": {"seed": seed}} for seed in range(8)], "seeds": 6}, "48 runs"),
        ({"seeds": 0}, "seeds is 0"),
        ({"seeds": 2.5}, "seeds is 2.5"),
        ({"seeds": 21}, "seeds is 21"),
        ({"rates": "guessed"}, "rates is"),
        ({"variants": [{"changes": {"optimizer": "sgd"}}, {"changes": {"optimizer": "gd"}}]}, "are the same"),
        (
            {"variants": [{"changes": {"optimizer.lr": rate}} for rate in (0.1, 0.2)], "rates": "own"},
            "are the same",
        ),
        ({"variants": [{"changes": {"optimizer": "nothing"}}, {"changes": {}}]}, "no entry"),
        ({"variants": [{"changes": {"name": "x"}}, {"changes": {}}]}, "cannot change"),
        ({"variants": "sgd,adam"}, "variants are"),
        ({"variants": ["sgd", "adam"]}, "no variant"),
        ({"colour": "red"}, "no field"),
        ({"base": {"epochs": -1}}, "epochs"),
        ({"name": "x" * 300}, "name is"),
    ],
)
def test_what_is_no_comparison_is_refused_with_its_reason(change: dict[str, Any], part: str):
    document = {"base": POINTS, "variants": [{"changes": {"optimizer": key}} for key in ("sgd", "adam")]}
    with pytest.raises(BadInput, match=part) as raised:
        Comparison.from_json(document | change)
    assert raised.value.fix


def test_a_variant_that_cannot_be_trained_is_named():
    comparison = Comparison.of(POINTS, ["architecture=mlp,cnn"])
    with pytest.raises(BadInput, match="^CNN: .* cannot read"):
        comparison.check()


def test_names_follow_from_the_changes_and_differ():
    named = Comparison.of({"dataset": "digits"}, ["regularizers=,l2", "batch_size=8,16"], rates="hand")
    assert [variant.name for variant in named.variants] == [
        "no regularizer, batch size 8", "no regularizer, batch size 16", "L2, batch size 8", "L2, batch size 16",
    ]  # fmt: skip
    twice = [{"name": "one", "changes": {"seed": seed}} for seed in (1, 2)]
    assert [variant.name for variant in Comparison.from_json({"base": {}, "variants": twice}).variants] == [
        "one",
        "one (2)",
    ]
    strengths = [{"changes": {"regularizers": [{"key": "l2", "strength": value}]}} for value in (0.1, 0.01)]
    made = Comparison.from_json({"base": {}, "variants": strengths})
    assert [variant.name for variant in made.variants] == ["L2 0.1", "L2 0.01"]


def test_the_bases_name_becomes_the_comparisons():
    comparison = Comparison.of(Experiment(name="digits", notes="mine"), OPTIMIZERS)
    assert (comparison.name, comparison.notes, comparison.base.name) == ("digits", "mine", "")


def test_the_fingerprint_is_that_of_what_is_run():
    one = Comparison.of(POINTS, OPTIMIZERS, name="one")
    renamed = [variant.model_copy(update={"name": f"{place}"}) for place, variant in enumerate(one.variants)]
    other = Comparison.from_json(one.to_json() | {"name": "other", "variants": renamed})
    assert one.fingerprint() == other.fingerprint()
    assert one.fingerprint() != Comparison.of(POINTS, OPTIMIZERS, seeds=2).fingerprint()


def test_settings_that_differ_and_those_that_do_not():
    comparison = Comparison.of(POINTS, ["optimizer=sgd,adam"], rates="hand")
    differing = comparison.differing_settings()
    assert differing["optimizer"] == ["sgd", "adam"]
    assert differing["optimizer.lr"] == ["0.1", "0.001"]
    assert differing["optimizer.beta1"] == ["", "0.9"]
    assert comparison.matched_settings()["dataset"] == "moons"


def test_an_entrys_key_is_changed_before_its_fields_in_whatever_order_they_were_given():
    variant = Variant.from_json({"changes": {"optimizer.lr": 0.5, "optimizer.key": "sgd"}})
    document, _ = variant.applied_to(Experiment().to_json())
    assert document["optimizer"] == {"key": "sgd", "lr": 0.5}


def test_a_sealed_fault_is_not_compared_with_runs_that_do_not_have_it():
    seal = sealed("dead_relu")
    either = {"changes": {"seed": 1}}
    for base, changes in (({}, {"sealed": seal}), ({"sealed": seal}, {"sealed": ""})):
        with pytest.raises(BadInput, match="not compared with a run without it"):
            Comparison.from_json({"base": POINTS | base, "variants": [either, {"changes": changes}]})
    in_all = Comparison.from_json({"base": POINTS | {"sealed": seal}, "variants": [either, {"changes": {"seed": 2}}]})
    assert {experiment.sealed for experiment in in_all.varied()} == {seal}
