"""Races: the comparisons of this process. They are started, told something, waited for and deleted here."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.errors import CoreError, Refused
from core.executors.choice import LOCAL, executor_of, kept
from core.live.hub import Hub
from core.store.folder import DataFolder
from core.store.records import RunRecord, StudyRecord
from core.store.store import Store
from core.studies.access import may_direct
from core.studies.commands import checked_values
from core.studies.comparison import Comparison
from core.studies.contest import Contest, Services
from core.studies.dealing import check_dealt
from core.studies.dropped import able
from core.studies.loading import Loading
from core.studies.outcomes import branches_of
from core.studies.race_meta import branch_meta, opening_meta, stored_meta
from core.studies.race_price import Price, Priced, Prices, price_channel
from core.studies.study import COMPARISON, KFOLD, SEARCH, study_channel
from core.text import Text
from core.training.command import Command, checked_pace

if TYPE_CHECKING:
    from core.studies.runner import Runner

CONCLUDED_S = 10.0
"""So long a command waits for what came out of a comparison to be stored."""
FOR_BRANCHES_TOO = ("start", "pause", "resume", "step", "stop", "pace")
"""The commands that hold for a comparison and what has branched from it alike."""
MAX_OVER = 16
"""Of so many comparisons it is kept how they ended here, for whoever still waits for one."""


@dataclass(frozen=True)
class _Over:
    """How a comparison ended here, without its runs and their data."""

    over: threading.Event
    error: BaseException | None


class Races:
    """The comparisons that go on here, and those that have just ended."""

    def __init__(self, runner: Runner, folder: DataFolder, store: Store, hub: Hub | None, loading: Loading) -> None:
        self._services = Services(runner, folder, store, hub, loading)
        self._prices = Prices(folder.path, hub, loading, runner.compute) if hub else None
        self._lock = threading.Lock()
        self._changing = threading.Lock()
        self._active: dict[str, Contest] = {}
        self._telling = threading.Lock()
        """Held while a channel is told of branches: each finds those told before."""
        self._over: dict[str, _Over] = {}

    def start(self, comparison: Comparison, *, actor: str, pace: str, paused: bool, executor: str = LOCAL) -> str:
        """Store a comparison and queue what it needs; returns its id."""
        checked_pace(pace)
        notes = comparison.check()
        store, hub = self._services.store, self._services.hub
        for experiment in comparison.varied():
            check_dealt(store, experiment)
        study = store.create_study(
            actor=actor,
            kind=COMPARISON if comparison.folds is None else KFOLD,
            document=comparison.to_json(),
            name=comparison.name,
            note=comparison.notes,
            facts={"notes": [note.to_json() for note in notes], **kept(executor)},
        )
        if hub:
            record = store.get_study(study, actor=actor)
            hub.open(study_channel(study), {**opening_meta(comparison, record), "pace": pace})
        contest = self._new(study, comparison, actor=actor, pace=pace, paused=paused, executor=executor)
        try:
            contest.begin()
        except BaseException as error:
            contest.fail(error)
            raise
        return study

    def price(self, comparison: Priced, words: Callable[[Price, int], Text] = Price.words) -> str:
        """Measure what a comparison will cost; returns the channel on which that is told, in `words`."""
        return self._prices.show(comparison, words) if self._prices else price_channel(comparison)

    def command(self, record: StudyRecord, kind: str, values: dict[str, Any], *, actor: str) -> None:
        """Hand a command to all runs; extending or resuming a comparison that is over lets all its runs go on.

        Whoever holds or ends what is on the screen means the branches too, which go on in jobs of their own.
        """
        command = Command(kind, checked_values(kind, values), actor)
        self._hand(record, command)
        if kind in FOR_BRANCHES_TOO:
            self._hand_to_branches(record, command)

    def go_on(self, run: RunRecord, command: Command) -> None:
        """Let one run of a study that is over go on: in the race where that goes on, or else in one of its own."""
        assert run.study is not None
        record = self._services.store.get_study(run.study, actor=command.actor)
        if record.kind == SEARCH:
            # A trial is over with its search, and goes on by itself.
            epochs = command.values.get("epochs", 0)
            self._services.runner.resume(run, actor=command.actor, pace="10s", epochs=epochs)
            return
        self._hand(record, replace(command, only=(run.id,)))

    def _hand(self, record: StudyRecord, command: Command) -> None:
        while not (self._handed(record.id, command) or self._goes_on(record, command)):
            pass

    def _hand_to_branches(self, record: StudyRecord, command: Command) -> None:
        """Hand a command to the branches that are active here; those that are over stay so."""
        store = self._services.store
        runs = store.list_runs(actor=record.owner, study=record.id)
        for branch in branches_of(store, runs, actor=record.owner):
            if (job := self._services.runner.job(branch.id)) is not None and may_direct(branch, command.actor):
                job.command(command)

    def _handed(self, study: str, command: Command) -> bool:
        """Hand a command to a comparison that is active. One that stores what came out is waited for: it may go on."""
        contest = self._contest(study)
        if contest is None:
            return False
        if contest.command(command):
            return True
        if not contest.over.wait(CONCLUDED_S):
            raise Refused(
                Text("The comparison cannot take “{kind}” now.", kind=command.kind),
                Text("What came out of it is still being stored."),
                Text("Try again in a moment."),
            )
        return False

    def _goes_on(self, record: StudyRecord, command: Command) -> bool:
        """Let a comparison that is over go on; False when it does already. Refused where the command asks for less."""
        kind = command.kind
        runs = self._services.store.list_runs(actor=record.owner, study=record.id)
        is_left = any(run.state in ("stopped", "interrupted", "failed") for run in runs if command.means(run.id))
        if kind == "extend" or (kind in ("resume", "start") and is_left):
            return self._go_on(record, command)
        if self.is_active(record.id):
            return False
        raise Refused(
            Text("Comparison {id} cannot take “{kind}”.", id=record.id, kind=kind),
            Text("It is not going on."),
            Text("Start it again, or add epochs to it."),
        )

    def branch(self, record: StudyRecord, asked: Mapping[str, Any], *, actor: str) -> None:
        """Let a run branch, and tell of it on the channel of its comparison. Where that is held, so is the branch."""
        services, channel = self._services, study_channel(record.id)
        run = services.runner.fork(
            services.store.get_run(asked["run"], actor=actor),
            asked["step"],
            asked.get("changes") or {},
            actor=actor,
            pace=asked.get("pace", "10s"),
            paused=self.is_held(record),
            name=asked.get("name", ""),
        )
        if services.hub:
            made = branch_meta(services.store, services.store.get_run(run, actor=actor))
            with self._telling:
                known = services.hub.meta(channel).get("forks", [])
                services.hub.update(channel, forks=[*(fork for fork in known if fork["run"] != run), made])

    def is_held(self, record: StudyRecord) -> bool:
        """Whether all runs of a comparison that go on are paused."""
        runs = self._services.store.list_runs(actor=record.owner, study=record.id)
        jobs = [job for run in runs if (job := self._services.runner.job(run.id)) is not None]
        return bool(jobs) and all(job.state_name == "paused" for job in jobs)

    def is_active(self, study: str) -> bool:
        """Whether a comparison searches, waits, runs or is paused here."""
        return self._contest(study) is not None

    def num_active(self, owner: str) -> int:
        """How many comparisons of somebody search, wait, run or are paused here."""
        with self._lock:
            return sum(contest.actor == owner for contest in self._active.values())

    def wait(self, study: str, timeout_s: float | None = None) -> bool:
        """Wait until a comparison is over and its verdict stored; whether it went on here. TimeoutError."""
        with self._lock:
            contest = self._active.get(study) or self._over.get(study)
        if contest is None:
            return False
        if not contest.over.wait(timeout_s):
            raise TimeoutError(study)
        return True

    def error(self, study: str) -> BaseException | None:
        """What made a comparison of this process fail as a whole."""
        with self._lock:
            contest = self._over.get(study)
        return contest.error if contest else None

    def doing(self, study: str) -> Text:
        """What a comparison does now, and how far it is."""
        contest = self._contest(study)
        return contest.doing() if contest else Text("Storing what came out")

    def delete(self, record: StudyRecord) -> None:
        """Delete a comparison and its runs; Refused while it is active."""
        if self.is_active(record.id):
            raise Refused(
                Text("Comparison {id} cannot be deleted now.", id=record.id),
                Text("It is still going on."),
                Text("Stop it first."),
            )
        services = self._services
        for run in services.store.list_runs(actor=record.owner, study=record.id):
            services.runner.delete(run.id, record.owner)
            if services.hub:
                services.hub.forget(run.id)
        services.store.delete_study(record.id, actor=record.owner)
        if services.hub:
            services.hub.forget(study_channel(record.id))
        with self._lock:
            self._over.pop(record.id, None)

    # -- within --------------------------------------------------------------------------------------------------

    def _contest(self, study: str) -> Contest | None:
        with self._lock:
            return self._active.get(study)

    def _new(
        self,
        study: str,
        comparison: Comparison,
        *,
        actor: str,
        pace: str,
        paused: bool = False,
        dropped: Sequence[str] = (),
        executor: str = LOCAL,
    ) -> Contest:
        contest = Contest(
            study,
            comparison,
            self._services,
            actor=actor,
            pace=pace,
            paused=paused,
            ended=self._over_with,
            dropped=dropped,
            cluster=self._services.runner.cluster_of(executor),
        )
        with self._lock:
            self._active[study] = contest
            self._over.pop(study, None)
        return contest

    def _go_on(self, record: StudyRecord, command: Command) -> bool:
        """Let the runs of a comparison that is over go on, in lock-step; False when they do already."""
        services = self._services
        # One after another: of two requests for the same comparison the second finds it active.
        with self._changing:
            if self.is_active(record.id):
                return False
            services.store.flush()
            record = services.store.get_study(record.id, actor=record.owner)
            comparison = Comparison.from_json(record.document)
            runs = services.store.list_runs(actor=record.owner, study=record.id)
            able(record.id, runs, command)
            if services.hub:
                with self._telling:
                    meta = stored_meta(services.store, record)
                    services.hub.open(study_channel(record.id), {**meta, "state": "queued", "verdict": None})
            dropped = record.facts.get("dropped", ())
            executor = executor_of(record.facts)
            contest = self._new(
                record.id, comparison, actor=record.owner, pace="10s", dropped=dropped, executor=executor
            )
            try:
                contest.go_on(runs, command, record.facts)
            except BaseException as error:
                contest.fail(error)
                raise
        return True

    def _over_with(self, contest: Contest) -> None:
        if contest.error is not None:
            # Its frames would keep the whole comparison, with its data.
            traceback.clear_frames(contest.error.__traceback__)
        with self._lock:
            if self._active.get(contest.study) is contest:
                del self._active[contest.study]
            self._over[contest.study] = _Over(contest.over, contest.error)
            while len(self._over) > MAX_OVER:
                self._over.pop(next(iter(self._over)))
        if contest.unheard:
            # Elsewhere: whoever ends a comparison may hold what is needed to let it go on.
            self._services.runner.compute.io.submit(self._hear, contest)

    def _hear(self, contest: Contest) -> None:
        """Do what was asked of a comparison when it had just ended, or say why not."""
        for command in contest.unheard:
            try:
                record = self._services.store.get_study(contest.study, actor=command.actor)
                self._hand(record, command)
            except CoreError as error:
                contest.refuse(command, error)
