"""Searches: those of this process. They are started, told something, waited for, shown and deleted here."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.errors import Refused
from core.executors.choice import LOCAL, executor_of, kept
from core.live.hub import Hub
from core.store.folder import DataFolder
from core.store.records import RunRecord, StudyRecord
from core.store.store import Store
from core.studies.contest import Services
from core.studies.dealing import check_dealt
from core.studies.loading import Loading
from core.studies.search.asked import Search
from core.studies.search.at_work import SearchAtWork
from core.studies.search.meta import search_meta, search_report
from core.studies.search.outcome import by_trial
from core.studies.search.trials import OptunaStorage, Trial, Trials
from core.studies.study import SEARCH, study_channel
from core.text import Text
from core.training.command import Command

if TYPE_CHECKING:
    from core.studies.runner import Runner

COMMANDS = ("pause", "start", "resume", "stop")
MAX_OVER = 16
"""Of so many searches it is kept how they ended here, for whoever still waits for one."""


class Searches:
    """The searches that go on here, and Optuna's database."""

    def __init__(self, runner: Runner, folder: DataFolder, store: Store, hub: Hub | None, loading: Loading) -> None:
        self._services = Services(runner, folder, store, hub, loading)
        self._storage = OptunaStorage(folder)
        self._lock = threading.Lock()
        self._changing = threading.Lock()
        self._active: dict[str, SearchAtWork] = {}
        self._over: dict[str, SearchAtWork] = {}

    def close(self) -> None:
        """Let go of the database."""
        self._storage.close()

    def start(self, search: Search, *, actor: str, paused: bool, executor: str = LOCAL) -> str:
        """Store a search and let its first trials train; returns its id."""
        search.check()
        store = self._services.store
        check_dealt(store, search.base)
        study = store.create_study(
            actor=actor, kind=SEARCH, document=search.to_json(), name=search.name, facts=kept(executor)
        )
        self._begin(store.get_study(study, actor=actor), paused=paused)
        return study

    def _begin(self, record: StudyRecord, *, paused: bool) -> None:
        search = Search.from_json(record.document)
        trials = Trials(self._storage, record.id, search)
        cluster = self._services.runner.cluster_of(executor_of(record.facts))
        if self._services.hub:
            self._services.hub.open(study_channel(record.id), self._meta(record, trials, "queued"))
        work = SearchAtWork(
            record.id,
            search,
            trials,
            self._services,
            actor=record.owner,
            paused=paused,
            ended=self._ended,
            cluster=cluster,
        )
        with self._lock:
            self._active[record.id] = work
            self._over.pop(record.id, None)
        work.begin()

    def command(self, record: StudyRecord, kind: str, *, actor: str) -> None:
        """Hold a search, let it go on, or stop it; one that was stopped or broken off goes on with what is left."""
        if kind not in COMMANDS:
            raise Refused(
                Text("The search cannot take “{kind}”.", kind=kind),
                Text("Its trials are what they are, so that their errors can be compared."),
                Text("Use one of {choices}; or branch from one of its runs.", choices=", ".join(COMMANDS)),
            )
        # One after another: of two requests to go on the second finds it active.
        with self._changing:
            self._command(record, Command(kind, {}, actor))

    def _command(self, record: StudyRecord, command: Command) -> None:
        kind = command.kind
        with self._lock:
            work = self._active.get(record.id)
        if work is not None and work.command(command):
            return
        if kind in ("pause", "stop"):
            raise Refused(
                Text("The search cannot take “{kind}”.", kind=kind),
                Text("It is over."),
                Text("Start it again."),
            )
        if not is_left(Search.from_json(record.document), self.trials(record)):
            raise Refused(
                Text("The search cannot go on."), Text("All its trials are over."), Text("Start one with more trials.")
            )
        self._begin(record, paused=False)

    def trials(self, record: StudyRecord) -> list[Trial]:
        """The trials of a stored search."""
        return self._trials(record).all()

    def report(self, record: StudyRecord) -> dict[str, object]:
        """What came out of a stored search, as JSON values."""
        trials, search = self._trials(record), Search.from_json(record.document)
        return search_report(search, trials.all(), self._runs(record), trials.importances())

    def is_active(self, study: str) -> bool:
        """Whether a search trains, waits or is paused here."""
        with self._lock:
            return study in self._active

    def num_active(self, owner: str) -> int:
        """How many searches of somebody train, wait or are paused here."""
        with self._lock:
            return sum(work.actor == owner for work in self._active.values())

    def doing(self, study: str) -> Text:
        """What a search does now, and how far it is."""
        with self._lock:
            work = self._active.get(study)
        return work.doing() if work else Text("Storing what came out")

    def wait(self, study: str, timeout_s: float | None = None) -> BaseException | None:
        """Wait until a search of this process is over; what made it fail as a whole. TimeoutError."""
        with self._lock:
            work = self._active.get(study) or self._over.get(study)
        if work is None:
            return None
        if not work.over.wait(timeout_s):
            raise TimeoutError(study)
        return work.error

    def show(self, record: StudyRecord) -> None:
        """Put a search that is not active here into the hub."""
        if self._services.hub is not None:
            trials, channel = self._trials(record), study_channel(record.id)
            left = is_left(Search.from_json(record.document), trials.all())
            state = record.facts.get("state", "interrupted") if left else "finished"
            self._services.hub.open(channel, self._meta(record, trials, state))
            self._services.hub.close(channel)

    def delete(self, record: StudyRecord) -> None:
        """Delete a search and its runs; Refused while it is active."""
        if self.is_active(record.id):
            raise Refused(
                Text("The search cannot be deleted now."), Text("It is still going on."), Text("Stop it first.")
            )
        services = self._services
        for run in services.store.list_runs(actor=record.owner, study=record.id):
            services.runner.delete(run.id, record.owner)
            if services.hub:
                services.hub.forget(run.id)
        self._trials(record).delete()
        services.store.delete_study(record.id, actor=record.owner)
        if services.hub:
            services.hub.forget(study_channel(record.id))
        with self._lock:
            self._over.pop(record.id, None)

    # -- within --------------------------------------------------------------------------------------------------

    def _trials(self, record: StudyRecord) -> Trials:
        return Trials(self._storage, record.id, Search.from_json(record.document))

    def _runs(self, record: StudyRecord) -> dict[int, list[RunRecord]]:
        return by_trial(self._services.store, record.id, record.owner)

    def _meta(self, record: StudyRecord, trials: Trials, state: str) -> dict[str, object]:
        search = Search.from_json(record.document)
        told = search_meta(search, trials.all(), self._runs(record), trials.importances())
        return {"state": state, "reason": None, "name": record.name, "step": 0, "num_steps": None, **told}

    def _ended(self, work: SearchAtWork) -> None:
        if work.error is not None:
            # Its frames would keep the runs, with their data.
            traceback.clear_frames(work.error.__traceback__)
        with self._lock:
            if self._active.get(work.study) is work:
                del self._active[work.study]
            self._over[work.study] = work
            while len(self._over) > MAX_OVER:
                self._over.pop(next(iter(self._over)))


def is_left(search: Search, trials: Sequence[Trial]) -> bool:
    """Whether a search has trials without an end, or fewer than it is to have."""
    return len(trials) < search.num_trials or any(trial.state == "running" for trial in trials)
