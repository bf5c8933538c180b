"""Races: the comparisons of this process, from the search for learning rates over the race to the stored verdict."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.errors import CoreError, Refused
from core.live.hub import Hub
from core.store.folder import DataFolder
from core.store.records import RunRecord, StudyRecord
from core.store.store import Store
from core.studies.commands import checked_values
from core.studies.comparison import Comparison
from core.studies.engine import engine_of
from core.studies.fairness import Referee
from core.studies.loading import Loading
from core.studies.race_meta import lanes_meta, opening_meta, storable, stored_meta
from core.studies.race_news import RaceNews
from core.studies.race_verdict import Trace, Verdict, verdict
from core.studies.rate_search import RateSearch
from core.studies.rates import chosen, search_meta
from core.studies.seat import Seat
from core.studies.study import COMPARISON, study_channel
from core.text import Text
from core.training.device import SOLO
from core.training.job import Command, checked_pace
from core.training.race import RaceJob
from core.training.run import Run
from core.training.stacked import stacks_of

if TYPE_CHECKING:
    from core.studies.runner import Runner

logger = logging.getLogger(__name__)

MAX_OVER = 16
"""Of so many comparisons it is kept how they ended here, for whoever still waits for one."""


@dataclass
class Active:
    """A comparison that this process is at work on, or was."""

    study: str
    comparison: Comparison
    actor: str
    pace: str
    paused: bool
    over: threading.Event = field(default_factory=threading.Event)
    search: RateSearch | None = None
    race: RaceJob | None = None
    news: RaceNews | None = None
    runs: list[str] = field(default_factory=list)
    error: BaseException | None = None
    waiting: list[Command] = field(default_factory=list)
    """Commands that came while there was a search, for the race after it."""

    @property
    def channel(self) -> str:
        """The channel of the hub on which it is told."""
        return study_channel(self.study)


class Races:
    """Starts, commands and ends comparisons. `hub` None: nobody watches."""

    def __init__(self, runner: Runner, folder: DataFolder, store: Store, hub: Hub | None, loading: Loading) -> None:
        self._runner, self._folder, self._store, self._hub, self._loading = runner, folder, store, hub, loading
        self._lock = threading.Lock()
        self._changing = threading.Lock()
        self._active: dict[str, Active] = {}
        self._over: dict[str, Active] = {}

    # -- starting ------------------------------------------------------------------------------------------------

    def start(self, comparison: Comparison, *, actor: str, pace: str, paused: bool) -> str:
        """Store a comparison and queue what it needs; returns its id."""
        checked_pace(pace)
        notes = comparison.check()
        study = self._store.create_study(
            actor=actor,
            kind=COMPARISON,
            document=comparison.to_json(),
            name=comparison.name,
            note=comparison.notes,
            facts={"notes": [note.to_json() for note in notes]},
        )
        active = Active(study, comparison, actor, pace, paused)
        if self._hub:
            record = self._store.get_study(study, actor=actor)
            self._hub.open(active.channel, {**opening_meta(comparison, record), "pace": pace})
        with self._lock:
            self._active[study] = active
            self._over.pop(study, None)
        try:
            if comparison.rates == "own":
                self._search(active)
            else:
                self._begin(active, {})
        except BaseException as error:
            self._fail(active, error)
            raise
        return study

    def _search(self, active: Active) -> None:
        comparison = active.comparison
        experiments = {experiment.dataset: experiment for experiment in comparison.varied()}
        data = [self._loading.load(experiment, active.channel) for experiment in experiments.values()]
        active.search = RateSearch(
            comparison,
            self._folder.path,
            data,
            self._runner.compute.wake,
            owner=active.actor,
            paused=active.paused,
            report=lambda search, text: self._tell_search(active, search, text),
            finished=lambda search: self._searched(active, search),
        )
        self._tell_search(active, active.search, active.search.doing())
        self._runner.compute.submit(active.search)

    def _tell_search(self, active: Active, search: RateSearch, text: Text | None) -> None:
        if self._hub:
            state = "paused" if search.is_paused else "queued" if search.num_updates is None else "searching"
            self._hub.update(active.channel, state=state, search=self._search_meta(search, text))

    @staticmethod
    def _search_meta(search: RateSearch, text: Text | None) -> dict[str, Any]:
        return search_meta(
            search.results(),
            running=not search.done,
            text=text,
            num_updates=search.num_updates,
            engine=search.engine,
        )

    def _searched(self, active: Active, search: RateSearch) -> None:
        """In the compute thread: the search is over. What follows waits for the disk, so it goes elsewhere."""
        if self._hub:
            self._hub.update(active.channel, search=self._search_meta(search, None))
        if search.is_cancelled or search.error is not None:
            state = "failed" if search.error is not None else "stopped"
            self._end(active, state, search.error)
            return
        self._later(active, lambda: self._go_on_from_search(active, search))

    def _go_on_from_search(self, active: Active, search: RateSearch) -> None:
        self._keep(active, {"search": self._search_meta(search, None)})
        active.paused = search.is_paused
        self._begin(active, chosen(search.results()))
        with self._lock:
            waiting, active.waiting = active.waiting, []
        for command in waiting:
            self._to_race(active, command)

    def _begin(self, active: Active, rates: Mapping[int, float]) -> None:
        """Store the runs and queue the race."""
        comparison, referee, keys = active.comparison, Referee(), dict[int, tuple[int, int]]()
        race, news = self._race(active, referee, keys)
        lanes, seats = comparison.experiments(rates), []
        engine = engine_of([lane.experiment for lane in lanes])
        news.facts["engine_why"] = engine.why
        for lane in lanes:
            name = comparison.lane_name(lane)
            key = (lane.variant, lane.number)
            seat = self._seat(active, race, referee, key, name, engine.name)
            active.runs.append(
                self._runner.start(
                    lane.experiment, actor=active.actor, pace=active.pace, paused=active.paused, name=name, seat=seat
                )
            )
            assert seat.lane is not None
            keys[id(seat.lane)] = key
            seats.append(seat)
        self._submit(active, race, news, seats)

    def _race(self, active: Active, referee: Referee, keys: dict[int, tuple[int, int]]) -> tuple[RaceJob, RaceNews]:
        news = RaceNews(self._hub, active.channel, referee, keys, lambda facts: self._keep(active, facts))
        race = RaceJob(
            [news],
            self._runner.compute.wake,
            owner=active.actor,
            pace=active.pace,
            finished=lambda race: self._raced(active, race),
            together=stacks_of,
        )
        return race, news

    @staticmethod
    def _seat(
        active: Active, race: RaceJob, referee: Referee, key: tuple[int, int], name: str, engine: str = SOLO
    ) -> Seat:
        def begun(run: Run) -> None:
            referee.begin(key, name, run)

        return Seat(race, active.study, key[0], begun, engine)

    def _submit(self, active: Active, race: RaceJob, news: RaceNews, seats: Sequence[Seat]) -> None:
        race.add([seat.lane for seat in seats if seat.lane is not None])
        with self._lock:
            active.race, active.news = race, news
        if self._hub:
            lanes = lanes_meta(active.comparison, active.runs)
            self._hub.update(active.channel, lanes=lanes, state="queued", reason=None)
        self._runner.compute.submit(race)

    # -- the end -------------------------------------------------------------------------------------------------

    def _raced(self, active: Active, race: RaceJob) -> None:
        """In the compute thread: all runs are over."""
        active.error = race.error
        if race.state_name == "interrupted":
            # The program is being closed, the store after the runs.
            self._end(active, "interrupted", None)
            return
        self._later(active, lambda: self._conclude(active, race))

    def _keep(self, active: Active, facts: Mapping[str, Any]) -> None:
        self._store.add_study_facts(active.study, storable(facts), actor=active.actor)

    def _conclude(self, active: Active, race: RaceJob) -> None:
        for run in active.runs:
            self._runner.wait(run)
        self._store.flush()
        runs = self._store.list_runs(actor=active.actor, study=active.study)
        found = verdict_of(self._store, active.comparison, runs)
        facts = dict(active.news.facts) if active.news else {}
        facts |= {"verdict": found.sentences, "target": found.target}
        self._keep(active, facts)
        if self._hub:
            self._hub.update(active.channel, **facts)
        record = self._store.get_study(active.study, actor=active.actor) if race.unheard else None
        self._end(active, race.state_name, None)
        for command in race.unheard:
            assert record is not None
            try:
                self.command(record, command.kind, command.values, actor=command.actor)
            except CoreError as error:
                logger.warning("%s", error)

    def _end(self, active: Active, state: str, error: BaseException | None) -> None:
        if error is not None:
            active.error = error
        with self._lock:
            self._active.pop(active.study, None)
            self._over[active.study] = active
            while len(self._over) > MAX_OVER:
                self._over.pop(next(iter(self._over)))
        if self._hub:
            reason = error.text if isinstance(error, CoreError) else None
            if error is not None and reason is None:
                reason = Text("It failed: {error}", error=f"{type(error).__name__}: {error}"[:500])
            self._hub.update(active.channel, state=state, reason=reason)
            self._hub.close(active.channel)
        active.over.set()

    def _later(self, active: Active, act: Any) -> None:
        """Do something that waits for the disk in the pool for such things."""

        def guarded() -> None:
            try:
                act()
            except Exception as error:
                logger.exception("comparison %s could not go on", active.study)
                self._fail(active, error)

        try:
            self._runner.compute.io.submit(guarded)
        except RuntimeError:
            # The pool is closed with the program.
            self._end(active, "interrupted", None)

    def _fail(self, active: Active, error: BaseException) -> None:
        """What has been begun of a race that cannot go on is ended."""
        if active.over.is_set():
            return
        if active.race is None:
            for run in active.runs:
                job = self._runner.job(run)
                if job is not None:
                    job.failed(error)
        self._end(active, "failed", error)

    # -- while it goes on ----------------------------------------------------------------------------------------

    def command(self, record: StudyRecord, kind: str, values: dict[str, Any], *, actor: str) -> None:
        """Hand a command to all runs; extending or resuming a comparison that is over lets all its runs go on."""
        command = Command(kind, checked_values(kind, values), actor)
        with self._lock:
            active = self._active.get(record.id)
        if active is not None and self._to_active(active, command):
            return
        if kind == "extend":
            self._again(record, actor=actor, epochs=command.values["epochs"])
        elif kind in ("resume", "start") and any(
            run.state in ("stopped", "interrupted", "failed") for run in self._runs(record)
        ):
            self._again(record, actor=actor, epochs=0)
        else:
            raise Refused(
                Text("Comparison {id} cannot take “{kind}”.", id=record.id, kind=kind),
                Text("It is not going on."),
                Text("Start it again, or add epochs to it."),
            )

    def _to_active(self, active: Active, command: Command) -> bool:
        search = active.search
        with self._lock:
            if active.race is None:
                active.waiting += [command] if command.kind in ("pace", "extend") else []
        if active.race is not None:
            return self._to_race(active, command)
        if search is None or search.done:
            return not active.over.is_set()
        if command.kind == "stop":
            search.cancel()
        elif command.kind in ("pause", "start", "resume"):
            search.pause(command.kind == "pause")
            self._tell_search(active, search, search.doing())
        elif command.kind not in ("pace", "extend"):
            raise Refused(
                Text("The comparison cannot take “{kind}” now.", kind=command.kind),
                Text("It still searches the learning rates."),
                Text("Wait for the race."),
            )
        return True

    def _to_race(self, active: Active, command: Command) -> bool:
        """Hand a command to the race; with an extension, runs that are over join it again."""
        race = active.race
        if race is None or not race.command(command):
            return False
        if command.kind == "extend":
            ended = [run for run in self._runs_of(active) if not run.active and run.state != "diverged"]
            self._join(active, race, ended, command)
        return True

    def _runs_of(self, active: Active) -> tuple[RunRecord, ...]:
        self._store.flush()
        return self._store.list_runs(actor=active.actor, study=active.study)

    def _runs(self, record: StudyRecord) -> tuple[RunRecord, ...]:
        return self._store.list_runs(actor=record.owner, study=record.id)

    def _join(self, active: Active, race: RaceJob, runs: Sequence[RunRecord], command: Command) -> None:
        """Let runs that are over go on in a race that is not."""
        news = active.news
        assert news is not None
        lanes = []
        for run, (key, name) in self._placed(active, runs).items():
            seat = self._seat(active, race, news.referee, key, name)
            record = next(found for found in runs if found.id == run)
            self._runner.resume(
                record, actor=command.actor, pace=active.pace, epochs=command.values.get("epochs", 0), seat=seat
            )
            assert seat.lane is not None
            news.keys[id(seat.lane)] = key
            lanes.append(seat.lane)
        if lanes and not race.add(lanes):
            for lane in lanes:
                lane.closing()

    def _placed(self, active: Active, runs: Sequence[RunRecord]) -> dict[str, tuple[tuple[int, int], str]]:
        """Variant, number of the seed and name of each run."""
        comparison = active.comparison
        places = dict(zip(active.runs, comparison.experiments(), strict=False))
        mine = {run.id: places[run.id] for run in runs if run.id in places}
        return {run: ((lane.variant, lane.number), comparison.lane_name(lane)) for run, lane in mine.items()}

    def _again(self, record: StudyRecord, *, actor: str, epochs: int) -> None:
        """Let the runs of a comparison that is over go on, in lock-step."""
        with self._changing:
            with self._lock:
                if record.id in self._active:
                    return
            comparison = Comparison.from_json(record.document)
            active = Active(record.id, comparison, actor, "10s", False)
            runs = self._runs_of(active)
            active.runs = [run.id for run in runs]
            able = [run for run in runs if run.state != "diverged" and (epochs or run.state != "finished")]
            if not able:
                raise Refused(
                    Text("Comparison {id} cannot go on.", id=record.id),
                    Text("None of its runs can.") if runs else Text("It was ended before its first run."),
                    Text("Start it again."),
                )
            if self._hub:
                self._hub.open(active.channel, {**stored_meta(self._store, record), "state": "queued", "verdict": None})
            with self._lock:
                self._active[record.id] = active
                self._over.pop(record.id, None)
            try:
                referee, keys = Referee(record.facts.get("fairness")), dict[int, tuple[int, int]]()
                race, news = self._race(active, referee, keys)
                active.race, active.news = race, news
                self._join(active, race, able, Command("extend" if epochs else "resume", {"epochs": epochs}, actor))
                self._runner.compute.submit(race)
            except BaseException as error:
                self._fail(active, error)
                raise

    # -- for whoever waits or looks ------------------------------------------------------------------------------

    def is_active(self, study: str) -> bool:
        """Whether a comparison searches, waits, runs or is paused here."""
        with self._lock:
            return study in self._active

    def wait(self, study: str, timeout_s: float | None = None) -> bool:
        """Wait until a comparison is over and its verdict stored; whether it went on here. TimeoutError."""
        with self._lock:
            active = self._active.get(study) or self._over.get(study)
        if active is None:
            return False
        if not active.over.wait(timeout_s):
            raise TimeoutError(study)
        return True

    def error(self, study: str) -> BaseException | None:
        """What made a comparison of this process fail as a whole."""
        with self._lock:
            active = self._over.get(study)
        return active.error if active else None

    def doing(self, study: str) -> Text:
        """What a comparison does now, and how far it is."""
        with self._lock:
            active = self._active.get(study)
        race = active.race if active else None
        if active is None or race is None or race.state_name == "queued":
            if active and active.search and not active.search.done:
                return active.search.doing()
            return self._loading.doing(active.channel if active else study)
        return Text(
            "{percent:.0f} %: update {step:,} of {num:,}, {runs} runs side by side",
            percent=100 * race.progress,
            step=race.step,
            num=race.num_steps,
            runs=sum(not lane.done for lane in race.lanes),
        )

    def delete(self, record: StudyRecord, actor: str) -> None:
        """Delete a comparison and its runs; Refused while it is active."""
        if self.is_active(record.id):
            raise Refused(
                Text("Comparison {id} cannot be deleted now.", id=record.id),
                Text("It is still going on."),
                Text("Stop it first."),
            )
        for run in self._store.list_runs(actor=actor, study=record.id):
            self._runner.delete(run.id, actor)
            if self._hub:
                self._hub.forget(run.id)
        self._store.delete_study(record.id, actor=actor)
        if self._hub:
            self._hub.forget(study_channel(record.id))
        with self._lock:
            self._over.pop(record.id, None)


def verdict_of(store: Store, comparison: Comparison, runs: Sequence[RunRecord], target: float | None = None) -> Verdict:
    """The verdict over the stored runs of a comparison."""
    traces = []
    for run, lane in zip(runs, comparison.experiments(), strict=False):
        rows = [row for row in store.read_evaluations(run.id) if "validation/error" in row.values]
        steps, errors = [row.step for row in rows], [row.values["validation/error"] for row in rows]
        traces.append(Trace(lane.variant, lane.seed, run.state, steps, errors))
    return verdict([variant.name for variant in comparison.variants], traces, target)
