"""Contest: one comparison at work, from the search for learning rates over the race to the stored verdict."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import CoreError, Refused
from core.executors.cluster import Cluster
from core.live.hub import Hub
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.batch_noise import batch_noise, compares_batches
from core.studies.commands import check_change_of_some
from core.studies.comparison import Comparison
from core.studies.dropped import Dropped, able
from core.studies.engine import engine_of
from core.studies.fairness import Referee
from core.studies.joining import join, take_seats
from core.studies.lanes import stored_lanes
from core.studies.loading import Loading
from core.studies.outcomes import verdict_of
from core.studies.race_meta import lane_meta, storable
from core.studies.race_news import RaceNews
from core.studies.rate_search import RateSearch
from core.studies.rates import chosen
from core.studies.seat import Entrant, Seat
from core.studies.study import study_channel
from core.text import Text
from core.training.command import Command
from core.training.compute import Pieces
from core.training.device import SOLO
from core.training.lane import Lane
from core.training.race import RaceJob
from core.training.run import Run
from core.training.stacked import stacks_of

if TYPE_CHECKING:
    from core.studies.runner import Runner

logger = logging.getLogger(__name__)

FLUSHES = 12
"""So often a comparison that is over waits five seconds for its rows; without a verdict a page finds it later."""


@dataclass(frozen=True)
class Services:
    """What a comparison needs of its process. `hub` None: nobody watches."""

    runner: Runner
    folder: DataFolder
    store: Store
    hub: Hub | None
    loading: Loading


class Contest:
    """A comparison that this process is at work on. `ended(contest)` is called once, before `over` is set.

    `paused` holds the search, or the race where there is none, before its first update. Its runs train on `cluster`;
    None: here.
    """

    def __init__(
        self,
        study: str,
        comparison: Comparison,
        services: Services,
        *,
        actor: str,
        pace: str,
        paused: bool,
        ended: Callable[[Contest], None],
        dropped: Sequence[str] = (),
        cluster: Cluster | None = None,
    ) -> None:
        self.study, self.comparison, self._cluster = study, comparison, cluster
        self.over = threading.Event()
        self.error: BaseException | None = None
        self.unheard: list[Command] = []
        """Commands that were taken and found nothing that could obey them any more."""
        self._services, self._ended = services, ended
        self.actor, self._pace, self._paused = actor, pace, paused
        self._lock = threading.Lock()
        self._search: RateSearch | None = None
        self._race: RaceJob | None = None
        self._news: RaceNews | None = None
        self._runs: list[str] = []
        self._lanes: list[Lane] = []
        self._is_searching = self._is_open = self._is_submitted = self._noise_is_due = self._is_over = False
        self._noise: Pieces | None = None
        self._waiting: list[Command] = []
        """Commands for the race that came before it took any."""
        self._dropped = Dropped(self._keep, dropped)

    @property
    def channel(self) -> str:
        """The channel of the hub on which it is told."""
        return study_channel(self.study)

    def begin(self) -> None:
        """Queue the search, where every variant is to have its own learning rate, or else the race."""
        if self.comparison.rates == "own":
            self._begin_search()
        else:
            self._begin_race({})

    # -- the search ----------------------------------------------------------------------------------------------

    def _begin_search(self) -> None:
        services = self._services
        experiments = {experiment.dataset: experiment for experiment in self.comparison.varied()}
        search = self._search = RateSearch(
            self.comparison,
            services.folder.path,
            [services.loading.load(experiment, self.channel) for experiment in experiments.values()],
            services.runner.compute.wake,
            owner=self.actor,
            paused=self._paused,
            report=self._tell_search,
            finished=self._searched,
        )
        self._is_searching = True
        self._tell_search(search, search.doing())
        services.runner.compute.submit(search)

    def _tell_search(self, search: RateSearch, text: Text | None) -> None:
        state = "paused" if search.is_paused else "queued" if search.num_updates is None else "searching"
        self._tell(state=state, search=search.meta(text))

    def _searched(self, search: RateSearch) -> None:
        """In the compute thread: the search is over. What follows waits for the disk, so it goes elsewhere."""
        with self._lock:
            self._is_searching = False
        self._tell(search=search.meta())
        if search.error is not None:
            self.end("failed", search.error)
        elif search.is_cancelled:
            self.end("stopped", None)
        else:
            self._later(lambda: self._race_after(search))

    def _race_after(self, search: RateSearch) -> None:
        self._keep({"search": search.meta()})
        self._paused = search.is_paused
        self._begin_race(chosen(search.results()))

    # -- the race ------------------------------------------------------------------------------------------------

    def _begin_race(self, rates: Mapping[int, float]) -> None:
        """Store the runs and queue the race."""
        race, news = self._new_race(None)
        self._noise_is_due = compares_batches(self.comparison)
        lanes = self.comparison.experiments(rates)
        engine = engine_of([lane.experiment for lane in lanes])
        news.facts["engine_why"] = engine.why
        seats: list[Seat] = []
        entrants: list[Entrant] = []
        for lane in lanes:
            name = self.comparison.lane_name(lane)
            seats.append(self._seat(race, news, (lane.variant, lane.number), name, engine.name))
            entrants.append(Entrant(lane.experiment, name, seat=seats[-1]))
        self._runs = self._services.runner.start_all(entrants, actor=self.actor, pace=self._pace, paused=self._paused)
        for seat, run in zip(seats, self._runs, strict=True):
            self._taken(seat, news, run)
        race.add(self._lanes)
        self._race, self._news = race, news
        made = [lane_meta(self.comparison, run, lane) for run, lane in zip(self._runs, lanes, strict=True)]
        self._tell(lanes=made, state="queued", reason=None)
        self._submit(race)

    def go_on(self, runs: Sequence[RunRecord], command: Command, facts: Mapping[str, Any]) -> None:
        """Let runs that are over go on in a new race; Refused where none can. `facts`: what is stored."""
        self._runs = [run.id for run in runs]
        race, news = self._new_race(facts.get("fairness"))
        self._noise_is_due = compares_batches(self.comparison) and not facts.get("noise")
        able_runs = able(self.study, runs, command)
        # Where all that is left was dropped, that is what is meant.
        self._join(race, news, self._dropped.meant(able_runs, command) or able_runs, command)
        self._race, self._news = race, news
        self._submit(race)

    def _submit(self, race: RaceJob) -> None:
        """Let the race begin, with what it has been told before; from now on commands go straight to it."""
        while not self._is_open:
            with self._lock:
                command = self._waiting.pop(0) if self._waiting else None
                self._is_open = command is None
            if command is not None:
                try:
                    self._to_race(command)
                except CoreError as error:
                    self.refuse(command, error)
        self._services.runner.compute.submit(race)
        self._is_submitted = True

    def _new_race(self, fairness: Mapping[str, Any] | None) -> tuple[RaceJob, RaceNews]:
        referee = Referee(fairness, num_variants=len(self.comparison.variants))
        news = RaceNews(self._services.hub, self.channel, referee, self._keep_soon)
        race = RaceJob(
            [news, self._dropped],
            self._services.runner.compute.wake,
            owner=self.actor,
            pace=self._pace,
            finished=self._raced,
            together=stacks_of if self._cluster is None else lambda runs: (),
        )
        return race, news

    def _seat(self, race: RaceJob, news: RaceNews, key: tuple[int, int], name: str, engine: str = SOLO) -> Seat:
        def begun(run: Run) -> None:
            news.referee.begin(key, name, run)
            if self._noise_is_due:
                self._measure_noise()

        return Seat(race, self.study, key, begun, engine, self._cluster)

    def _taken(self, seat: Seat, news: RaceNews, run: str) -> None:
        assert seat.lane is not None
        news.keys[id(seat.lane)] = seat.key
        self._dropped.seat(seat.lane, run)
        if not self._is_submitted:
            self._lanes.append(seat.lane)

    def _measure_noise(self) -> None:
        """Beside the race: how noisy the gradients of its batch sizes are. Called when the data are there."""
        self._noise_is_due = False
        job = Pieces(batch_noise(self.comparison, self._services.folder.path), self.actor)
        if self._services.runner.compute.offer(job):
            self._noise = job
            job.future.add_done_callback(lambda _: self._tell(**self._noise_facts()))

    def _noise_facts(self) -> dict[str, Any]:
        """What was measured of the noise of the gradient, once that is over; {} without it."""
        try:
            return {"noise": self._noise.future.result()} if self._noise else {}
        except CancelledError:
            return {}
        except Exception:
            logger.exception("comparison %s goes on without the noise of its gradients", self.study)
            return {}

    def _join(
        self, race: RaceJob, news: RaceNews, runs: Sequence[RunRecord], command: Command, told: Command | None = None
    ) -> bool:
        """Let runs that are over go on in a race, all or none; `told` goes to those in it. False: the race is over."""
        services, seats = self._services, []
        for record, lane in stored_lanes(self.comparison, runs):
            key = (lane.variant, lane.number)
            seats.append((record, self._seat(race, news, key, self.comparison.lane_name(lane))))
        take_seats(services.runner, seats, command)
        for record, seat in seats:
            self._taken(seat, news, record.id)
        return join(services.store, race, seats, command, told)

    # -- commands ------------------------------------------------------------------------------------------------

    def command(self, command: Command) -> bool:
        """Hand over a command; False when it is over, or about to be, and takes none."""
        if command.kind == "set":
            runs = self._services.store.list_runs(actor=self.actor, study=self.study)
            check_change_of_some(self._services.store, self._services.runner.job, runs, command.values)
        with self._lock:
            if self._is_over:
                return False
            search = self._search if self._is_searching else None
            if search is not None and command.kind == "stop":
                search.cancel()
                return True
            if search is not None and command.kind in ("pause", "start", "resume"):
                search.pause(command.kind == "pause")
                # Within the lock: nothing is told of a search that has given way to its race.
                self._tell_search(search, search.doing())
            elif search is not None and command.kind not in ("pace", "extend", "curvature"):
                raise Refused(
                    Text("The comparison cannot take “{kind}” now.", kind=command.kind),
                    Text("It still searches the learning rates."),
                    Text("Wait for the race."),
                )
            elif not self._is_open:
                self._waiting.append(command)
                return True
        return True if search is not None else self._to_race(command)

    def _to_race(self, command: Command) -> bool:
        """Hand a command to the race; with an extension, or where they are named, runs that are over join it again."""
        race, news = self._race, self._news
        if race is None or news is None or race.done:
            return False
        if command.kind != "extend" and not command.only:
            return race.command(command)
        over = [run for run in self._dropped.meant(self._stored_runs(), command) if run.can_go_on]
        return self._join(race, news, over, command, told=None if command.only else command)

    # -- the end -------------------------------------------------------------------------------------------------

    def _raced(self, race: RaceJob) -> None:
        """In the compute thread: all runs are over."""
        self.error = race.error
        if race.state_name == "interrupted":
            # The program is being closed, the store after the runs.
            self.end("interrupted", None)
        else:
            self._later(lambda: self._conclude(race))

    def _conclude(self, race: RaceJob) -> None:
        store = self._services.store
        # A verdict over rows that are not stored yet would be another one, and would stand for good.
        is_stored = any(store.flush() for _ in range(FLUSHES))
        aim = store.get_study(self.study, actor=self.actor).facts.get("aim")
        found = verdict_of(store, self.comparison, self._stored_runs(), aim) if is_stored else None
        for run in self._runs:  # Meanwhile their last snapshots have been written.
            self._services.runner.wait(run)
        if self._noise and race.state_name == "stopped":
            self._noise.cancel()  # Whoever stops it does not wait for what is still being measured.
        facts = {"verdict": found.sentences, "target": found.target} if found else {}
        facts |= self._noise_facts()
        if facts:
            self._keep(facts)
            self._tell(**facts)
        self.end(race.state_name, None)

    def end(self, state: str, error: BaseException | None) -> None:
        """It is over, and how."""
        with self._lock:
            if self._is_over:
                return
            self._is_over = True
            if state != "interrupted":
                self.unheard = [*self._waiting, *(self._race.unheard if self._race else ())]
        self.error = error or self.error
        reason = error.text if isinstance(error, CoreError) else None
        if error is not None and reason is None:
            reason = Text("It failed: {error}", error=f"{type(error).__name__}: {error}"[:500])
        self._tell(state=state, reason=reason)
        if self._services.hub:
            self._services.hub.close(self.channel)
        self._ended(self)
        self.over.set()

    def refuse(self, command: Command, problem: CoreError) -> None:
        """Say why a command that was taken could not be carried out."""
        logger.warning("%s", problem)
        if self._race is not None and self._news is not None:
            self._news.applied(command, self._race.step, problem)
        else:
            self._tell(applied={"number": 1, "kind": command.kind, "step": 0, "text": problem.text})

    def fail(self, error: BaseException) -> None:
        """What has been begun of it is ended."""
        if not self._is_submitted:
            for lane in self._lanes:
                if not lane.done:
                    lane.failed(error)
        self.end("failed", error)

    # -- for whoever looks ---------------------------------------------------------------------------------------

    def doing(self) -> Text:
        """What it does now, and how far it is."""
        race, search = self._race, self._search
        if race is None or race.state_name == "queued":
            return self._services.loading.doing(self.channel) if search is None or search.done else search.doing()
        return Text(
            "{percent:.0f} %: update {step:,} of {num:,}, {runs} runs side by side",
            percent=100 * race.progress,
            step=race.step,
            num=race.num_steps,
            runs=sum(not lane.done for lane in race.lanes),
        )

    def _tell(self, **meta: Any) -> None:
        if self._services.hub:
            self._services.hub.update(self.channel, **meta)

    def _keep(self, facts: Mapping[str, Any]) -> None:
        self._services.store.add_study_facts(self.study, storable(facts), actor=self.actor)

    def _keep_soon(self, facts: Mapping[str, Any]) -> None:
        """The same, for whoever must not wait."""
        services = self._services
        services.runner.compute.io.submit(
            services.store.queue_study_facts(self.study, storable(facts), actor=self.actor)
        )

    def _stored_runs(self) -> tuple[RunRecord, ...]:
        self._services.store.flush()
        return self._services.store.list_runs(actor=self.actor, study=self.study)

    def _later(self, act: Callable[[], None]) -> None:
        """Do something that waits for the disk in the pool for such things."""

        def guarded() -> None:
            try:
                act()
            except Exception as error:
                logger.exception("comparison %s could not go on", self.study)
                self.fail(error)

        def broken_off(done: Future[Any]) -> None:
            if done.cancelled():  # The pool is closed with the program.
                self.end("interrupted", None)

        self._services.runner.compute.io.submit(guarded).add_done_callback(broken_off)
