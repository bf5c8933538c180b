"""Services for a teacher: pause, let go on and stop what everybody runs, start the same for all, call them together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from core.errors import CoreError, Refused
from core.experiment import Experiment
from core.people import LOCAL, NOBODY, Person, role
from core.store.records import ACTIVE_STATES
from core.studies.board import Call
from core.studies.services.comparisons import Comparisons
from core.studies.services.replays import Replays
from core.studies.study import is_channel, is_generator, study_channel, study_of
from core.text import Text

Order = Literal["pause", "resume", "stop"]
"""What everybody's runs are told together; `resume` those that were paused together."""


class Told(NamedTuple):
    """How many runs and comparisons were told something, and why others were not."""

    count: int
    refused: tuple[CoreError, ...]


class Begun(NamedTuple):
    """What was started for everybody: how many runs, for how many people, and who has none and why."""

    runs: int
    people: int
    refused: tuple[tuple[Person, CoreError], ...]


class Teaching(Comparisons, Replays):
    """What a teacher does with the whole class."""

    def call(self, *, actor: str = LOCAL) -> Call | None:
        """What the class was called to last, for a student."""
        return self.board.call if role(actor) == "student" else None

    def people_here(self, *, actor: str = LOCAL) -> tuple[Person, ...]:
        """The students who have a page open. Refused."""
        _to_teach(actor)
        present = self.room.people() if self.room is not None else ()
        return tuple(one.person for one in present if one.is_here and role(one.person.id) == "student")

    def tell_all(self, order: Order, *, actor: str = LOCAL) -> Told:
        """Pause everything that goes on, let what was paused so go on, or stop everything. Refused."""
        _to_teach(actor)
        channels = self._at_work(actor)
        if order == "resume":
            held = self.board.release()
            return self._told([channel for channel in held if channel in channels], order, actor)
        if order == "pause":
            channels = [channel for channel in channels if not self._rests(channel)]
            self.board.hold(channels)
        return self._told(channels, order, actor)

    def start_for_all(self, experiment: Experiment, *, own_seeds: bool, actor: str = LOCAL, pace: str = "10s") -> Begun:
        """Start an experiment for everybody who is here, and call them to it. BadInput, Refused.

        With `own_seeds` every student gets a run of their own, with the seeds 0, 1, 2 …; what they have going is paused
        for it. Else it is computed once, or was before, and all watch the same run.
        """
        people = self.people_here(actor=actor)
        if not own_seeds:
            run = self._shared_run(experiment, actor) or self.start(experiment, actor=actor, pace=pace)
            self.board.call_to_runs(run, {})
            return Begun(1, len(people), ())
        if not people:
            raise Refused(
                Text("Nobody is here to start it for."),
                Text("Everybody who has a page open would get a run of their own, and no student has one."),
                Text("Let the class join, or start it with the same seed."),
            )
        runs: dict[str, str] = {}
        refused: list[tuple[Person, CoreError]] = []
        at_work = self._at_work(actor)
        for seed, person in enumerate(people):
            going = [channel for channel in at_work if self._owner(channel) == person.id and not self._rests(channel)]
            self._told(going, "pause", actor)
            try:
                runs[person.id] = self.start(experiment.replace(seed=seed), actor=person.id, pace=pace)
            except CoreError as error:
                refused.append((person, error))
        self.board.call_to_runs(None, runs)
        return Begun(len(runs), len(runs), tuple(refused))

    def bring_all(self, lesson: str, place: int, *, actor: str = LOCAL) -> None:
        """Call everybody to a step (from 0) of a lesson of the course, or of one that was written here. Refused."""
        _to_teach(actor)
        self.board.call_to_step(lesson, place)

    def show_answers(self, about: str, on: bool, *, actor: str = LOCAL) -> None:
        """Let everybody see the answers to a question, or only who has answered it. Refused."""
        _to_teach(actor)
        self.board.show(about, on)

    # -- within --------------------------------------------------------------------------------------------------

    def start(self, experiment: Experiment, *, actor: str = LOCAL, pace: str = "10s") -> str:
        """Store and queue a new run."""
        raise NotImplementedError

    def command(self, run: str, kind: str, *, actor: str = LOCAL) -> None:
        """Tell a run or comparison something."""
        raise NotImplementedError

    def _at_work(self, actor: str) -> list[str]:
        """The channels of everything that goes on or is paused here: runs alone, comparisons, and generators."""
        records = [run for state in ACTIVE_STATES for run in self.store.list_runs(actor=actor, state=state)]
        alone = [run.id for run in records if run.study is None and self.runner.job(run.id) is not None]
        studies = [study_channel(one.id) for one in self.studies(actor=actor, kind=None) if self.is_comparing(one.id)]
        return [*dict.fromkeys(alone), *studies, *self.runner.data.generators.at_work()]

    def _rests(self, channel: str) -> bool:
        if is_generator(channel):
            return self.runner.data.generators.is_held(channel)
        if is_channel(channel):
            return self.runner.races.is_held(self.study(study_of(channel)))
        job = self.runner.job(channel)
        return job is None or job.state_name == "paused"

    def _owner(self, channel: str) -> str:
        if is_generator(channel):
            return self.runner.data.generators.owner(channel)
        return (self.study(study_of(channel)) if is_channel(channel) else self.run(channel)).owner

    def _told(self, channels: Iterable[str], order: Order, actor: str) -> Told:
        count, refused = 0, list[CoreError]()
        for channel in channels:
            try:
                self.command(channel, order, actor=actor)
                count += 1
            except CoreError as error:  # it ended at this moment, or its owner has another one going
                refused.append(error)
        return Told(count, tuple(refused))

    def _shared_run(self, experiment: Experiment, actor: str) -> str | None:
        """A run of exactly this experiment that the class sees and that goes on, or is over and was not changed."""
        known = self.store.list_runs(actor=actor, fingerprint=experiment.fingerprint())
        for run in reversed(known):
            usable = run.state == "finished" or (run.active and self.runner.job(run.id) is not None)
            if usable and run.visibility == "class" and run.parent is None and not self._was_changed(run):
                return run.id
        return None


def _to_teach(actor: str) -> None:
    if role(actor) != "teacher":
        raise Refused(
            Text("This cannot be told the class."),
            Text("Only a teacher of the class does that."),
            Text("Ask your teacher.") if actor != NOBODY else Text("Reload the page and join again."),
        )
