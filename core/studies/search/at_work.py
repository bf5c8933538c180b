"""SearchAtWork: one search of this process. It asks for trials, lets their runs race in stacks, and tells their errors.

All that is asked for together trains together: a grid and random trials as many as go on at once, TPE in smaller
batches, for it learns from those before. What is known lies in Optuna's database: a search that was broken off goes on
with the trials that have no end.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from core.errors import BadInput, CoreError
from core.executors.cluster import Cluster
from core.experiment import Experiment
from core.store.records import Happened, RunRecord
from core.studies.contest import Services
from core.studies.joining import take_seats
from core.studies.search.asked import LEARNT_FROM, Search
from core.studies.search.meta import search_meta
from core.studies.search.news import SearchNews
from core.studies.search.outcome import Outcome, by_trial, fold_of, outcome_of
from core.studies.search.trials import Trial, Trials
from core.studies.seat import Entrant, Seat
from core.studies.setting_words import changes_words
from core.studies.study import study_channel
from core.text import Text
from core.training.command import Command
from core.training.device import SOLO, STACKED, default_device
from core.training.events import PRUNED, Event
from core.training.race import RaceJob
from core.training.stacked import stacks_of
from core.training.stacking.plan import stack_of

logger = logging.getLogger(__name__)

AT_ONCE = 32
"""So many runs train together."""


class SearchAtWork:
    """`ended(search)` is called once, before `over` is set. `paused` holds the first trials at their beginning.

    They train on `cluster`; None: here.
    """

    def __init__(
        self,
        study: str,
        search: Search,
        trials: Trials,
        services: Services,
        *,
        actor: str,
        paused: bool,
        ended: Callable[[SearchAtWork], None],
        cluster: Cluster | None = None,
    ) -> None:
        self.study, self.search, self.actor, self._cluster = study, search, actor, cluster
        self.over = threading.Event()
        self.error: BaseException | None = None
        self._trials, self._services, self._ended = trials, services, ended
        self._lock = threading.Lock()
        self._race: RaceJob | None = None
        self._is_paused, self._is_stopped = paused, False
        self._batch: list[Trial] = []
        self._telling = threading.Lock()
        """Held while viewers are told of the trials, so that what is told last is what was known last."""
        self._is_told_soon = False

    # -- from any thread -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Go on with the trials that have no end, then with new ones."""
        self._later(self._go_on)

    def command(self, command: Command) -> bool:
        """Hold it, let it go on, or stop it with all its runs; False when it is over."""
        with self._lock:
            if self.over.is_set():
                return False
            self._is_stopped = self._is_stopped or command.kind == "stop"
            self._is_paused = command.kind == "pause"
            race = self._race
        if race is not None:
            race.command(command)
        else:
            self._tell(state="paused" if self._is_paused else "queued")
        return True

    @property
    def is_paused(self) -> bool:
        """Whether it is held."""
        return self._is_paused

    def doing(self) -> Text:
        """What it does now, and how far it is."""
        done, race = sum(trial.state != "running" for trial in self._trials.all()), self._race
        share = race.progress * len(self._batch) if race is not None and race.has_begun else 0.0
        return Text(
            "{percent:.0f} %: {done} of {num} trials are over, {going} are under way",
            percent=100 * min(1.0, (done + share) / self.search.num_trials),
            done=done,
            num=self.search.num_trials,
            going=len(self._batch),
        )

    # -- a batch of trials ---------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Begin the next trials; the end when there are none."""
        if self._is_stopped:
            self.end("stopped", None)
            return
        known = self._trials.all()
        self._batch = [trial for trial in known if trial.state == "running"][: self._size]
        if not self._batch:
            self._batch = self._trials.ask(min(self._size, self.search.num_trials - len(known)))
        if self._batch:
            self._race_batch()
        else:
            self.end("finished", None)

    @property
    def _size(self) -> int:
        """How many trials are asked for at once."""
        learns = self.search.sampler == "tpe" or self.search.pruning == "median"
        return min(LEARNT_FROM if learns else AT_ONCE, max(1, AT_ONCE // (self.search.folds or 1)))

    def _race_batch(self) -> None:
        """Let the runs of the batch train, those of earlier attempts with them."""
        news = SearchNews(self._services.hub, study_channel(self.study), self._trials, self.search, self._trial_is_over)
        race = RaceJob(
            [news],
            self._services.runner.compute.wake,
            owner=self.actor,
            pace="max",
            finished=self._raced,
            together=stacks_of if self._cluster is None else lambda runs: (),
        )
        made = self._made()
        full = min(self._size, self.search.num_trials) * (self.search.folds or 1)
        engines = engines_of([experiment for experiments in made.values() for experiment in experiments], full)
        try:
            runs = self._seated(race, news, made, engines)
            for number, experiments in made.items():
                self._trials.carry(number, [runs[number, experiment.fold] for experiment in experiments])
        except BaseException as error:
            for lane in news.lanes:
                if not lane.done:
                    lane.failed(error)
            raise
        self._tell_trials()
        if not news.lanes:
            self._told()
            return
        race.add(news.lanes)
        with self._lock:
            self._race = race
            asked = "stop" if self._is_stopped else "pause" if self._is_paused else None
        if asked:
            race.command(Command(asked, {}, self.actor))
        self._services.runner.compute.submit(race)

    def _made(self) -> dict[int, list[Experiment]]:
        """The experiments of every trial of the batch that can be trained; the others fail. CoreError when all do."""
        made, problem = dict[int, list[Experiment]](), no_trial_trains(None)
        for trial in self._batch:
            try:
                made[trial.number] = self.search.experiments(trial.changes)
            except BadInput as error:
                problem = error
                self._trials.tell(trial.number, Outcome("failed", why=error.text))
        if not made:
            self._tell_trials()
            raise no_trial_trains(problem.text)
        self._batch = [trial for trial in self._batch if trial.number in made]
        return made

    def _seated(
        self, race: RaceJob, news: SearchNews, made: dict[int, list[Experiment]], engines: Iterator[str]
    ) -> dict[tuple[int, int], str]:
        """Let the runs of trials take part, new ones and those that were broken off; their ids by trial and fold."""
        services = self._services
        known = by_trial(services.store, self.study, self.actor)
        runs = {(number, fold_of(run)): run for number in made for run in known.get(number, ())}
        ids = {key: run.id for key, run in runs.items()}
        seats: dict[tuple[int, int], Seat] = {}
        new: dict[tuple[int, int], Entrant] = {}
        try:
            for number, experiment in [(number, each) for number, several in made.items() for each in several]:
                key = number, experiment.fold
                seat = seats[key] = Seat(race, self.study, key, lambda run: None, next(engines), self._cluster)
                if key not in runs:
                    new[key] = Entrant(experiment, self._name(*key), seat=seat)
                elif can_go_on(runs[key]):
                    self._take_again(runs[key], seat)
            started = services.runner.start_all([*new.values()], actor=self.actor, pace="max", paused=self._is_paused)
        finally:
            for (number, _), seat in seats.items():
                if seat.lane is not None:
                    news.seat(seat.lane, number)
        return ids | dict(zip(new, started, strict=True))

    def _take_again(self, run: RunRecord, seat: Seat) -> None:
        """Let a run that was broken off go on."""
        services = self._services
        take_seats(services.runner, [(run, seat)], Command("resume", {}, self.actor))
        if seat.added is not None:
            services.store.extend_recipes({run.id: happened(seat.added)}, actor=self.actor)

    def _name(self, number: int, fold: int) -> str:
        """What a run of a trial is called."""
        trial = next(trial for trial in self._batch if trial.number == number)
        words = f"#{number} {changes_words(trial.changes)}"[:180]
        return words if self.search.folds is None else f"{words} {fold}/{self.search.folds}"

    # -- its end -------------------------------------------------------------------------------------------------

    def _raced(self, race: RaceJob) -> None:
        """In the compute thread: all runs of the batch are over."""
        with self._lock:
            self._race = None
        if race.state_name == "interrupted":
            # The program is being closed, the store after the runs.
            self.end("interrupted", None)
        elif race.error is not None:
            self.end("failed", race.error)
        else:
            self._later(self._told)

    def _told(self) -> None:
        """Tell Optuna what came out, and go on."""
        store = self._services.store
        known = by_trial(store, self.study, self.actor)
        for run in [run for trial in self._batch for run in known.get(trial.number, ())]:
            self._services.runner.wait(run.id)
        store.flush()
        known = by_trial(store, self.study, self.actor)
        outcomes: list[Outcome] = []
        for trial in self._batch:
            runs = known.get(trial.number, [])
            outcomes.append(outcome_of(store, runs, self.search.folds or 1, is_stopped=self._is_stopped))
            self._trials.tell(trial.number, outcomes[-1])
        self._tell_trials()
        if outcomes and all(outcome.state == "failed" for outcome in outcomes):
            # What all of these have in common the next ones have too.
            self.end("failed", no_trial_trains(outcomes[0].why))
        else:
            self._go_on()

    def end(self, state: str, error: BaseException | None) -> None:
        """It is over, and how."""
        with self._lock:
            if self.over.is_set():
                return
            self.error = error
            self._race = None
        if state != "interrupted":
            self._services.store.add_study_facts(self.study, {"state": state}, actor=self.actor)
        reason = error.text if isinstance(error, CoreError) else None
        if error is not None and reason is None:
            reason = Text("It failed: {error}", error=f"{type(error).__name__}: {error}"[:500])
        self._tell(state=state, reason=reason)
        if self._services.hub:
            self._services.hub.close(study_channel(self.study))
        self._ended(self)
        self.over.set()

    # -- for whoever looks ---------------------------------------------------------------------------------------

    def _trial_is_over(self) -> None:
        """In the compute thread: one of those that train together is over. Several are told of at once."""
        if self._services.hub and not self._is_told_soon:
            self._is_told_soon = True
            self._later(self._tell_trials)

    def _tell_trials(self) -> None:
        if not self._services.hub:
            return
        with self._telling:
            self._is_told_soon = False
            self._services.store.flush()
            runs = by_trial(self._services.store, self.study, self.actor)
            trials = [self._shown(trial, runs.get(trial.number, ())) for trial in self._trials.all()]
            self._tell(**search_meta(self.search, trials, runs, self._trials.importances()))

    def _shown(self, trial: Trial, runs: Sequence[RunRecord]) -> Trial:
        """A trial for viewers: its runs may be over before Optuna is told, which learns of all of a batch together."""
        if trial.state != "running" or not runs:
            return trial
        found = outcome_of(self._services.store, runs, self.search.folds or 1, is_stopped=True)
        return replace(trial, state=found.state, error=found.error, standard_error=found.standard_error, why=found.why)

    def _tell(self, **meta: Any) -> None:
        if self._services.hub:
            self._services.hub.update(study_channel(self.study), **meta)

    def _later(self, act: Callable[[], None]) -> None:
        """Do something that waits for the disk in the pool for such things."""

        def guarded() -> None:
            try:
                act()
            except Exception as error:
                if not isinstance(error, CoreError):
                    logger.exception("search %s could not go on", self.study)
                self.end("failed", error)

        def broken_off(done: Future[Any]) -> None:
            if done.cancelled():  # The pool is closed with the program.
                self.end("interrupted", None)

        self._services.runner.compute.io.submit(guarded).add_done_callback(broken_off)


def engines_of(experiments: Sequence[Experiment], full: int) -> Iterator[str]:
    """The engine of each: in a stack with those of its kind, or by itself.

    Decided as if there were `full` of them, as in a whole batch: those of the last one, which are fewer, have the same.
    """
    many = [*experiments] * math.ceil(full / max(1, len(experiments)))
    stacked = {place for stack in stack_of(many, default_device()).stacks for place in stack}
    return iter([STACKED if place in stacked else SOLO for place in range(len(experiments))])


def can_go_on(run: RunRecord) -> bool:
    """Whether a run of a trial without an end is to train further."""
    return run.state in ("interrupted", "stopped") and run.reason != PRUNED.reason


def happened(event: Event) -> Happened:
    """An event of a recipe, for the store."""
    return Happened(event.kind, event.step, event.values, True)


def no_trial_trains(why: Text | None) -> CoreError:
    """Why a search has ended that would go on failing."""
    return CoreError(
        Text("None of these trials could be trained."),
        why or Text("All of them failed."),
        Text("Train the experiment by itself first, then search what works."),
    )
