"""The price of a comparison before Start: some of its runs are built, updated a few times, and thrown away."""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from core.catalog.datasets.dataset import DataSet
from core.errors import CoreError
from core.experiment import Experiment
from core.live.hub import Hub
from core.studies.comparison import Lane
from core.studies.engine import engine_of
from core.studies.loading import Loading
from core.studies.previews import MAX_PREVIEWS, NUM_TIMED, duration, with_queue
from core.studies.rates import rates_of
from core.studies.study import PRICE_PREFIX
from core.text import Text
from core.training.assembly import conditions_of
from core.training.compute import Compute, Pieces
from core.training.epochs import Epochs
from core.training.plan import Plan
from core.training.run import Run
from core.training.splits import split_sizes
from core.training.stacked import Stack
from core.training.stacking.plan import kind_of

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 2
"""So many comparisons are measured at once: of a person who changes one again and again only the last count."""
MOST_MEASURED = 8
"""So many variants are measured; those between two of them cost what the nearest does."""


@dataclass(frozen=True)
class Price:
    """Seconds of compute that the race and the search before it take, and what they do.

    `num_updates` is what the longest run makes, `fewest_updates` what the shortest one does where that is less.
    """

    race_s: float
    search_s: float
    num_runs: int
    num_updates: int
    fewest_updates: int | None = None

    @property
    def updates(self) -> Text:
        """How many updates a run makes."""
        if self.fewest_updates is None:
            return Text("{number}", number=self.num_updates)
        return Text("{fewest} to {most}", fewest=self.fewest_updates, most=self.num_updates)

    def words(self, others: int) -> Text:
        """The price for a reader, while `others` runs are waiting or going on."""
        price = Text(
            "{watch} to watch, {compute} of compute: {lanes} runs, {updates} updates each",
            watch=duration(max(10.0, self.race_s)),
            compute=duration(self.race_s),
            lanes=self.num_runs,
            updates=self.updates,
        )
        if self.search_s:
            price = Text(
                "{price}; before that about {search}: each variant tries nine learning rates",
                price=price,
                search=duration(self.search_s),
            )
        return with_queue(price, self.race_s + self.search_s, others)


class Priced(Protocol):
    """What has a price: a comparison, or another study of runs that train together."""

    @property
    def rates(self) -> str: ...
    @property
    def repeats(self) -> float: ...
    def varied(self) -> list[Experiment]: ...
    def experiments(self) -> Sequence[Lane]: ...
    def fingerprint(self) -> str: ...


def price_channel(comparison: Priced) -> str:
    """The channel of the hub on which the price of a comparison is told."""
    return f"{PRICE_PREFIX}{comparison.fingerprint()[:32]}"


class Prices:
    """Measures what comparisons will cost, each once; any thread may ask."""

    def __init__(self, folder: Path, hub: Hub, loading: Loading, compute: Compute) -> None:
        self._folder, self._hub, self._loading, self._compute = folder, hub, loading, compute
        self._lock = threading.Lock()
        self._asked: OrderedDict[str, bool] = OrderedDict()
        """The channels that the hub holds: whether the price is known there, or being measured."""
        self._jobs: OrderedDict[str, Pieces] = OrderedDict()

    def show(self, comparison: Priced, words: Callable[[Price, int], Text] = Price.words) -> str:
        """Measure a comparison's price where that was not done yet; returns the channel on which it is told in `words`.

        Where data have to be downloaded first, that is told instead: asking for a price must not fetch them.
        """
        channel = price_channel(comparison)
        with self._lock:
            is_new = not self._asked.get(channel)
            self._asked[channel] = True
            self._asked.move_to_end(channel)
            while len(self._asked) > MAX_PREVIEWS:
                self._hub.forget(self._asked.popitem(last=False)[0])
        if is_new:
            self._hub.open(channel, {"state": "untrained", "price": None, "seconds": None})
            self._begin(comparison, channel, words)
        return channel

    def _begin(self, comparison: Priced, channel: str, words: Callable[[Price, int], Text]) -> None:
        by_data = {experiment.dataset: experiment for experiment in comparison.varied()}
        for dataset in by_data:
            assert isinstance(dataset, DataSet)
            missing = dataset.available(self._folder)
            if missing is not None:
                self._tell(channel, Text("{title}: {missing}", title=Text(dataset.title), missing=missing))
                self._forget(channel)
                return
        waiting = [self._loading.load(experiment, None) for experiment in by_data.values()]

        def loaded(_: Future[Any]) -> None:
            if all(future.done() for future in waiting) and not job.future.done():
                self._compute.offer(job)

        def measured(future: Future[Price]) -> None:
            try:
                price = future.result()
                self._tell(channel, words(price, self._compute.queue_length()), price.race_s + price.search_s)
            except CancelledError:
                self._forget(channel)
            except CoreError as error:
                self._forget(channel)
                self._tell(channel, error.text)
            except Exception:
                logger.exception("the price of a comparison could not be measured")
                self._tell(channel, Text("its price could not be measured"))

        job = Pieces(price_of(comparison, self._folder, waiting))
        job.future.add_done_callback(measured)
        self._keep(channel, job)
        for future in waiting:
            future.add_done_callback(loaded)

    def _keep(self, channel: str, job: Pieces) -> None:
        """Go on with this one, and give up the oldest of too many."""
        given_up: list[Pieces] = []
        with self._lock:
            self._jobs = OrderedDict((name, other) for name, other in self._jobs.items() if not other.future.done())
            self._jobs[channel] = job
            while len(self._jobs) > MOST_AT_ONCE:
                given_up.append(self._jobs.popitem(last=False)[1])
        for other in given_up:
            other.cancel()

    def _tell(self, channel: str, price: Text, seconds: float = 0.0) -> None:
        self._hub.update(channel, price=price, seconds=seconds)

    def _forget(self, channel: str) -> None:
        """What could not be measured is tried again when somebody asks."""
        with self._lock:
            if channel in self._asked:
                self._asked[channel] = False


def price_of(comparison: Priced, folder: Path, data: list[Future[Any]]) -> Generator[None, None, Price]:
    """Yields after every piece: in between others have their turn."""
    for future in data:
        future.result()
    varied = comparison.varied()
    engine = engine_of([lane.experiment for lane in comparison.experiments()])
    count = len(varied)
    places = sorted({round(i * (count - 1) / (MOST_MEASURED - 1)) for i in range(MOST_MEASURED)})
    runs: dict[int, Run] = {}
    for place in places:
        run = runs[place] = Run(varied[place], folder, conditions=conditions_of(varied[place], engine=engine.name))
        yield
        while not run.evaluations:
            run.piece()
            yield
    gans = {id(gan): gan for run in runs.values() for gan in run.parts.gans.values()}
    learning_s = sum(gan.seconds_left for gan in gans.values())
    for run in runs.values():
        run.parts.gans = {}  # An update takes as long with samples of a generator that has learned nothing.
    # The first of a kind has warmed everything up for the others.
    evaluation_s: dict[Hashable, float] = {}
    for run in runs.values():
        kind = kind_of(run.experiment)
        evaluation_s[kind] = min(evaluation_s.get(kind, run.evaluation_s), run.evaluation_s)
    step_s: dict[int, float] = {}
    for group in engine.groups:
        together = [place for place in group if place in runs]
        stack = Stack([runs[place] for place in together]) if len(group) > 1 and together else None
        for _ in range(NUM_TIMED if together else 0):
            before = [runs[place].train_s for place in together]
            stack.step() if stack else runs[together[0]].step()
            for place, begun in zip(together, before, strict=True):
                cost = runs[place].train_s - begun
                step_s[place] = min(step_s.get(place, cost), cost)
            yield
    race_s, search_s = learning_s, 0.0
    plans = [_plan(experiment) for experiment in varied]
    for place, (experiment, plan) in enumerate(zip(varied, plans, strict=True)):
        near = min(places, key=lambda other: abs(other - place))
        each = evaluation_s[kind_of(runs[near].experiment)]
        updates_s = step_s[near] * plan.total_steps
        race_s += comparison.repeats * (updates_s + each * (plan.total_steps / plan.evaluate_every + 1))
        search_s += _num_tries(comparison, experiment) * (updates_s + 2 * each)
    fewest, most = (of(plan.total_steps for plan in plans) for of in (min, max))
    return Price(race_s, search_s, round(count * comparison.repeats), most, fewest if fewest < most else None)


def _plan(experiment: Experiment) -> Plan:
    """How many updates a run makes and how often it is measured: not every one is built to be asked."""
    batches = max(1, math.ceil(split_sizes(experiment).num_train / experiment.batch_size))
    return Plan(experiment.epochs, experiment.evaluate_every, Epochs(batches))


def _num_tries(comparison: Priced, experiment: Experiment) -> int:
    return len(rates_of(experiment)) if comparison.rates == "own" else 0
