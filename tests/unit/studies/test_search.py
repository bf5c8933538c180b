"""What a search is asked to do, and what it chooses in the end: no run is trained here."""

from __future__ import annotations

from typing import Any

import pytest

import core.catalog  # noqa: F401 - registers every entry
from core.catalog.registry import entries
from core.errors import BadInput
from core.experiment import LIST_FAMILIES, Experiment
from core.set_path import set_path
from core.studies.search.asked import MOST_TRIALS, Search
from core.studies.search.choice import choose
from core.studies.search.price import SearchSample
from core.studies.search.space import settings_of, space_of, usual_spec
from core.studies.search.trials import Trial
from core.studies.setting_words import FAMILY_OF

BASE: dict[str, Any] = {"dataset": "moons", "regularizers": ["l2"]}
STRENGTH = "regularizers.0.strength"


def asked(*vary: str, **options: Any) -> Search:
    return Search.from_json({"base": BASE, "vary": vary, **options})


@pytest.mark.parametrize("field", FAMILY_OF)
def test_everything_usual_of_an_entry_is_a_space_whose_ends_are_legal(field: str):
    for key in entries(FAMILY_OF[field]):
        try:
            base = Experiment.from_json({field: [key] if field in LIST_FAMILIES else key})
        except BadInput:
            continue
        own = [setting for setting in settings_of(base) if setting.path.startswith(f"{field}.")]
        for setting in [setting for setting in own if usual_spec(setting)]:
            space = space_of(setting.path, base)
            for value in (space.values[0], space.values[-1]):
                Experiment.from_json(set_path(base.to_json(), setting.path, value)[0])


def test_a_range_becomes_a_distribution_of_its_kind():
    base = Experiment.from_json(BASE)
    assert str(space_of("optimizer.lr=log(0.001,1)x4", base).distribution()).startswith("FloatDistribution(high=1")
    assert str(space_of("batch_size=lin(8,64)x3", base).distribution()).startswith("IntDistribution(high=64, log=False")
    assert (
        str(space_of("architecture.width=log(64,8)x4", base).distribution())
        == "IntDistribution(high=64, log=True, low=8, step=1)"
    )
    listed = space_of("architecture.widths=[8],[8,4]", base)
    assert listed.distribution().choices == ("[8]", "[8,4]")  # pyright: ignore[reportAttributeAccessIssue]
    assert [listed.value(name) for name in listed.names] == [[8], [8, 4]]


def test_a_path_alone_stands_for_the_usual_range():
    space = space_of(STRENGTH, Experiment.from_json(BASE))
    assert (space.values[0], space.values[-1], len(space.values), space.scale) == (1e-5, 0.1, 8, "log")


def test_what_is_chosen_within_an_entry_varies_too():
    base = Experiment.from_json({"dataset": {"key": "wine", "selection": {"key": "l1", "k": 3}}})
    known = {setting.path: usual_spec(setting) for setting in settings_of(base)}
    assert known["dataset.selection"] == "all,variance,mutual_information,l1"
    assert known["architecture.activation"].startswith("relu,")
    search = Search.from_json({"base": base, "vary": ["dataset.selection=variance,l1", "dataset.selection.k=2,5"]})
    [made] = search.experiments({"dataset.selection": "variance", "dataset.selection.k": 5})
    assert made.to_json()["dataset"]["selection"] == {"key": "variance", "k": 5, "chosen_on": "training"}


def test_a_search_survives_json():
    search = asked(STRENGTH, "optimizer=sgd,adam", sampler="tpe", trials=9, pruning="asha", folds=4)
    assert Search.from_json(search.to_json()) == search
    assert Search.from_json(search.to_json()).fingerprint() == search.fingerprint()
    assert asked(STRENGTH).fingerprint() != search.fingerprint()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"vary": []}, "Nothing is varied"),
        ({"vary": ["nothing"]}, "What to try for “nothing” is not known"),
        ({"vary": ["seed", "seed=1,2"]}, "varied twice"),
        ({"vary": ["seed=1,2"], "trials": 3}, "fewer than the 3 trials"),
        ({"vary": ["seed=lin(0,63)x64", "optimizer.lr=log(0.001,1)x64"]}, f"At most {MOST_TRIALS} are tried"),
        ({"vary": ["seed"], "trials": 0}, "trials is 0"),
        ({"vary": ["seed"], "folds": 1}, "folds is 1"),
        ({"vary": ["seed"], "sampler": "best"}, "Use one of grid, random, tpe"),
        ({"vary": ["seed"], "budget": 3}, "no field “budget”"),
        ({"vary": ["seed"], "base": {"epochs": 0}}, "epochs"),
    ],
)
def test_what_cannot_be_searched_is_refused_with_a_reason(given: dict[str, Any], says: str):
    with pytest.raises(BadInput, match=says):
        Search.from_json({"base": BASE, **given})


def test_a_trial_is_measured_once_an_epoch_unless_somebody_says_how_often():
    [experiment] = asked("batch_size=8,64").experiments({"batch_size": 64})
    assert experiment.evaluate_every == 5, "300 points"
    often = Search.from_json({"base": {**BASE, "evaluate_every": 7}, "vary": ["seed=0,1"]})
    assert often.experiments({"seed": 0})[0].evaluate_every == 7


def test_a_value_that_can_never_be_trained_is_named_before_the_start():
    with pytest.raises(BadInput, match="attention"):
        asked("architecture=mlp,attention").check()


def test_what_is_wrong_with_the_experiment_itself_is_not_blamed_on_a_value():
    deep = Search.from_json({"base": {"architecture": "cnn"}, "vary": ["optimizer.lr=0.1,0.2"]})
    with pytest.raises(BadInput) as refused:
        deep.check()
    assert str(refused.value.what).startswith("Block 2")


def trial(number: int, strength: float, error: float, state: str = "complete") -> Trial:
    return Trial(number, state, {STRENGTH: strength}, error=error, standard_error=0.02)


def test_of_all_within_one_standard_error_of_the_best_the_most_penalized_is_chosen():
    trials = [trial(0, 1e-5, 0.10), trial(1, 1e-3, 0.08), trial(2, 1e-2, 0.099), trial(3, 1e-1, 0.11)]
    trials.append(trial(4, 1.0, 0.05, "pruned"))
    choice = choose(asked(STRENGTH), trials, {}, 100)
    assert choice is not None
    assert (choice.best.number, choice.limit) == (1, pytest.approx(0.1))
    assert choice.within is not None
    assert choice.within.number == 2
    assert "100 validation samples" in str(choice.why)


def test_a_smaller_network_is_simpler_than_a_penalty():
    trials = [trial(0, 1e-1, 0.08), trial(1, 1e-5, 0.09)]
    choice = choose(asked(STRENGTH), trials, {0: 500, 1: 100}, 100)
    assert choice is not None
    assert choice.within is not None
    assert choice.within.number == 1


def test_where_nothing_makes_it_simpler_the_lowest_error_decides():
    trials = [
        Trial(n, "complete", {"optimizer.lr": 0.1 * n}, error=0.1 - 0.01 * n, standard_error=0.05) for n in (1, 2)
    ]
    choice = choose(asked("optimizer.lr"), trials, {1: 7, 2: 7}, 100)
    assert choice is not None
    assert (choice.best.number, choice.within) == (2, None)
    assert choose(asked("optimizer.lr"), [], {}, None) is None


def test_the_price_is_measured_on_every_value_of_every_setting():
    """Every so-many-th combination has the first value of the last setting only: here the shortest runs."""
    sample = SearchSample(asked("optimizer.lr=log(1e-4,1)x8", "epochs=1,10,100,400", sampler="tpe", trials=32))
    varied = sample.varied()
    assert len(varied) == 32
    assert {experiment.epochs for experiment in varied} == {1, 10, 100, 400}
    assert len({experiment.optimizer for experiment in varied}) == 8
