"""A search against Optuna's own loop over the same objective, and against the same runs one after another."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import optuna

from bench.calibration import load
from bench.figure import Figure, alternate
from core.store.folder import DataFolder
from core.studies.search.asked import Search
from core.studies.search.at_work import AT_ONCE
from core.studies.search.outcome import Outcome
from core.studies.search.trials import OptunaStorage, Trials
from core.studies.workbench import Workbench

LAMBDA = "regularizers.0.strength"
BASE: dict[str, Any] = {"regularizers": ["l2"]}
NUM_EMPTY, NUM_ALONE, ROUNDS = 32, 16, 3


def measure() -> list[Figure]:
    """Both ratios."""
    with TemporaryDirectory() as folder:
        return [empty_trials(Path(folder)), grid(Path(folder))]


def empty_trials(folder: Path) -> Figure:
    """Trials that compute nothing, ours in batches, Optuna's in `optimize`, each in an SQLite file of its own."""
    search = Search.from_json(
        {"base": BASE, "vary": [f"{LAMBDA}=log(1e-6,0.1)x8"], "sampler": "random", "trials": NUM_EMPTY}
    )
    ours, plain = OptunaStorage(DataFolder(folder)), f"sqlite:///{folder / 'plain.db'}"
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def asked_and_told() -> None:
        trials = Trials(ours, str(time.time_ns()), search)
        for trial in trials.ask(min(AT_ONCE, NUM_EMPTY)):
            trials.carry(trial.number, [f"run-{trial.number}"])
            trials.tell(trial.number, Outcome("complete", trial.changes[LAMBDA], 0.0))

    def own_loop() -> None:
        study = optuna.create_study(storage=plain, sampler=optuna.samplers.RandomSampler(seed=0))
        study.optimize(objective, n_trials=NUM_EMPTY)

    def objective(trial: optuna.trial.Trial) -> float:
        value = trial.suggest_float(LAMBDA, 1e-6, 0.1, log=True)
        trial.set_user_attr("runs", [f"run-{trial.number}"])
        trial.set_user_attr("standard_error", 0.0)
        return value

    mine, theirs = map(median, alternate(asked_and_told, own_loop))
    ours.close()
    detail = f"{1e3 * mine / NUM_EMPTY:.1f} ms a trial against {1e3 * theirs / NUM_EMPTY:.1f} ms"
    return Figure("search: an empty trial, of Optuna's own loop", mine / theirs, 1.3, False, "×", detail)


def grid(folder: Path) -> Figure:
    """64 values of λ on the digits MLP, against runs one after another."""
    with Workbench.open(folder / "data", live=False) as bench:
        together, some = alternate(lambda: searched(bench), lambda: one_by_one(bench), ROUNDS)
    alone = [each * 64 / NUM_ALONE for each in some]
    seconds = f"{median(together):.1f} s against {median(alone):.1f} s"
    detail = f"{seconds}, by {NUM_ALONE} of the 64; {load()}"
    return Figure("search: 64 values of λ, digits MLP", median(alone) / median(together), 4.0, True, "×", detail)


def searched(bench: Workbench) -> None:
    """The whole grid as a search."""
    search = Search.from_json({"base": BASE, "vary": [f"{LAMBDA}=log(1e-6,0.1)x64"]})
    bench.wait_search(bench.start_search(search))


def one_by_one(bench: Workbench) -> None:
    """Some of its values as runs that one starts on Train, each when the one before is over."""
    search = Search.from_json({"base": BASE, "vary": [f"{LAMBDA}=log(1e-6,0.1)x{NUM_ALONE}"]})
    for value in search.spaces[0].values:
        experiment = search.experiments({LAMBDA: value})[0].replace(evaluate_every=None)
        bench.wait(bench.start(experiment, pace="max"))
