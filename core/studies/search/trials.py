"""Trials: a search as Optuna keeps it, in a database of its own that `optuna-dashboard` opens. Asked and told here.

`optuna.db` of the data folder, or the schema `optuna` of the PostgreSQL database. One connection writes it, for all
searches of the process, one call after the other.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.seeding import seed32
from core.store.engines import parsed
from core.store.folder import DataFolder
from core.studies.search.asked import DRAWN_FIRST, Search
from core.studies.search.outcome import Outcome
from core.text import Text

if TYPE_CHECKING:
    import optuna

RUNS, STANDARD_ERROR, WHY = "runs", "standard_error", "why"
"""What a trial carries besides its settings: the ids of its runs, the ± of its error, and why there is none."""
STATES = {"running": "RUNNING", "complete": "COMPLETE", "pruned": "PRUNED", "failed": "FAIL"}
"""What we call the states of a trial, and what Optuna does."""
REDUCTION = 4
"""ASHA lets the best of so many go on, from each rung to the next one, which is so many times as high."""
STARTUP_TRIALS = 5
"""So many trials go to their ends before the median of them ends another one."""


@dataclass(frozen=True)
class Trial:
    """One choice of settings. `state`: running, complete, pruned or failed; `changes`: its values by dotted path.

    `error` is the validation error, or its mean over the folds; for a trial that was pruned the last one.
    """

    number: int
    state: str
    changes: Mapping[str, Any]
    runs: tuple[str, ...] = ()
    error: float | None = None
    standard_error: float | None = None
    why: Text | None = None


class OptunaStorage:
    """The database; opened on first use, which imports Optuna."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self.lock = threading.RLock()
        """Held during every call: two at once would be two writers."""
        self._storage: optuna.storages.RDBStorage | None = None

    def open(self) -> optuna.storages.RDBStorage:
        """The storage for Optuna's own functions; call them with the lock held."""
        if self._storage is None:
            self._storage = opened(self._folder)
        return self._storage

    def close(self) -> None:
        """Let go of the connection."""
        with self.lock:
            if self._storage is not None:
                self._storage.remove_session()
                self._storage.engine.dispose()
                self._storage = None


def opened(folder: DataFolder) -> optuna.storages.RDBStorage:
    """Open the database, made where it is not there."""
    import optuna
    from sqlalchemy import StaticPool, create_engine, text

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    main = parsed(folder.database_url)
    if main.get_backend_name() == "sqlite":
        # A log beside the file: who reads never keeps the writer waiting, and a commit waits for no disk.
        with create_engine(f"sqlite:///{folder.optuna}").connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        arguments = {"check_same_thread": False, "timeout": 5}
        storage = optuna.storages.RDBStorage(
            f"sqlite:///{folder.optuna}", {"poolclass": StaticPool, "connect_args": arguments}
        )
        with storage.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
        return storage
    engine = create_engine(main)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS optuna"))
    engine.dispose()
    own = main.update_query_dict({"options": "-csearch_path=optuna"})
    return optuna.storages.RDBStorage(own.render_as_string(hide_password=False))


class Trials:
    """The trials of one search. Any thread may call."""

    def __init__(self, storage: OptunaStorage, study: str, search: Search) -> None:
        import optuna

        self._storage, self._name, self._search = storage, study, search
        self._spaces = {space.path: space for space in search.spaces}
        self._distributions = {space.path: space.distribution() for space in search.spaces}
        self._asked: dict[int, optuna.trial.Trial] = {}
        with storage.lock:
            self._study = optuna.create_study(
                storage=storage.open(),
                study_name=study,
                direction="minimize",
                pruner=_pruner(search),
                load_if_exists=True,
            )

    def all(self) -> list[Trial]:
        """Every trial so far, in the order in which they were asked for."""
        with self._storage.lock:
            return [self._told(trial) for trial in self._study.get_trials(deepcopy=False)]

    def ask(self, count: int) -> list[Trial]:
        """So many new trials, which depend on the search and on the trials so far alone."""
        import optuna

        with self._storage.lock:
            before = len(self._study.get_trials(deepcopy=False))
            self._study.sampler = _sampler(self._search, before)
            asked = [self._study.ask(self._distributions) for _ in range(count)]
            # Told of an end, a grid's sampler would stop the loop of Optuna's own that it takes for granted.
            self._study.sampler = optuna.samplers.RandomSampler()
        self._asked |= {trial.number: trial for trial in asked}
        return [Trial(trial.number, "running", self._changes(trial.params)) for trial in asked]

    def carry(self, number: int, runs: Sequence[str]) -> None:
        """Let a trial carry the ids of its runs."""
        with self._storage.lock:
            self._trial(number).set_user_attr(RUNS, list(runs))

    def is_beaten(self, number: int, epoch: int, error: float) -> bool:
        """Tell the error of a trial after an epoch; whether it is to be ended because others do better."""
        with self._storage.lock:
            trial = self._trial(number)
            trial.report(error, epoch)
            return trial.should_prune()

    def tell(self, number: int, outcome: Outcome) -> None:
        """Say what came out of a trial; one that is still running stays so. A pruned one keeps the last error told."""
        from optuna.trial import TrialState

        if outcome.state == "running":
            return
        with self._storage.lock:
            trial = self._trial(number)
            if outcome.standard_error is not None:
                trial.set_user_attr(STANDARD_ERROR, outcome.standard_error)
            if outcome.why is not None:
                trial.set_user_attr(WHY, outcome.why.to_json())
            error = outcome.error if outcome.state == "complete" else None
            self._study.tell(trial, error, state=TrialState[STATES[outcome.state]])
            self._asked.pop(number, None)

    def importances(self) -> dict[str, float]:
        """How much of what differs between the errors each setting explains to a forest; {} while nobody can know."""
        from optuna.importance import MeanDecreaseImpurityImportanceEvaluator, get_param_importances

        with self._storage.lock:
            complete = [trial for trial in self.all() if trial.state == "complete"]
            if len(self._spaces) < 2 or len({trial.error for trial in complete}) < len(self._spaces) + 2:
                return {}
            forest = MeanDecreaseImpurityImportanceEvaluator(seed=0)
            found = get_param_importances(self._study, evaluator=forest)
        return {path: float(found[path]) for path in self._spaces}

    def delete(self) -> None:
        """Delete the search from Optuna's database."""
        import optuna

        with self._storage.lock:
            optuna.delete_study(study_name=self._name, storage=self._storage.open())

    # -- within --------------------------------------------------------------------------------------------------

    def _trial(self, number: int) -> optuna.trial.Trial:
        """Optuna's trial; one that an earlier process has asked for is taken up again."""
        import optuna

        if number not in self._asked:
            stored = self._study.get_trials(deepcopy=False)[number]
            self._asked[number] = optuna.trial.Trial(self._study, stored._trial_id)
        return self._asked[number]

    def _changes(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {path: self._spaces[path].value(params[path]) for path in self._spaces if path in params}

    def _told(self, trial: optuna.trial.FrozenTrial) -> Trial:
        own = trial.user_attrs
        return Trial(
            trial.number,
            next(state for state, name in STATES.items() if name == trial.state.name),
            self._changes(trial.params),
            tuple(own.get(RUNS, ())),
            trial.value,
            own.get(STANDARD_ERROR),
            Text.from_json(own[WHY]) if WHY in own else None,
        )


def _sampler(search: Search, num_before: int) -> optuna.samplers.BaseSampler:
    """The sampler of the batch that comes after so many trials."""
    import optuna

    if search.sampler == "grid":
        # The seed decides which combination has which number, and numbers are what is known of those before.
        grid = {space.path: space.names for space in search.spaces}
        return optuna.samplers.GridSampler(grid, seed=seed32(search.base.seed, "search"))
    seed = seed32(search.base.seed, "search", counter=num_before)
    if search.sampler == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    # Those that are asked for together know of each other: a trial without an end counts as a bad one.
    return optuna.samplers.TPESampler(seed=seed, constant_liar=True, n_startup_trials=DRAWN_FIRST)


def _pruner(search: Search) -> optuna.pruners.BasePruner:
    import optuna

    if search.pruning == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS)
    if search.pruning == "asha":
        least = max(1, search.base.epochs // REDUCTION**2)
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=least, reduction_factor=REDUCTION)
    return optuna.pruners.NopPruner()
