"""Services that show a class what it does: who is here and at what, everybody's newest run, answers, points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from core.people import LOCAL, role
from core.store.records import Answer, RunRecord
from core.studies.fault_finding import Finding
from core.studies.fault_finding import about as about_fault
from core.studies.presence import Present
from core.studies.services.answering import Answering
from core.text import Text

MOST_TILES = 60
"""So many runs stand on the wall, the newest ones: a page may follow a few more at a time."""
QUESTIONS = ("lesson/", "claim/", "task/")
"""How the names of questions begin to which a class gives its answers; see `core.lessons.answered`."""


class Pupil(NamedTuple):
    """Somebody in the room, what they are doing, and how many questions of a lesson they have answered."""

    present: Present
    doing: Text
    num_answered: int


class Points(NamedTuple):
    """What somebody has come to with sealed faults."""

    name: str
    points: int
    num_found: int
    num_tried: int
    num_unknown: int
    """Faults that were tried and that this version does not know; they give no points."""


class Overview(Answering):
    """What a class sees of itself."""

    def pupils(self, lesson: str = "", *, actor: str = LOCAL) -> tuple[Pupil, ...]:
        """Who has joined, what they are doing, and how many questions of a lesson they have answered; for a teacher."""
        if self.room is None or role(actor) != "teacher":
            return ()
        answers = self.store.answers_about(f"lesson/{lesson}.") if lesson else ()
        answered = Counter(answer.owner for answer in answers)
        return tuple(Pupil(one, self._doing(one.person.id), answered[one.person.id]) for one in self.room.people())

    def _doing(self, person: str) -> Text:
        compute = self.runner.compute
        going = compute.going(person)
        if going:
            return Text("training, {percent:.0f} %", percent=100 * going[0].progress)
        place = compute.place_in_queue(person)
        if place is not None:
            return Text("waiting, number {place}", place=place)
        return Text("paused") if compute.unfinished(person) else Text("choosing")

    def wall(self, *, actor: str = LOCAL) -> tuple[RunRecord, ...]:
        """Everybody's newest run that the class sees, in the order in which they have joined."""
        if self.room is None or not role(actor):
            return ()
        order = {one.person.id: place for place, one in enumerate(self.room.people())}
        runs = [run for run in self.store.newest_of_each() if run.owner in order]
        newest = sorted(runs, key=lambda run: run.id)[-MOST_TILES:]
        return tuple(sorted(newest, key=lambda run: order[run.owner]))

    # -- answers -------------------------------------------------------------------------------------------------

    def asked(self, *, actor: str = LOCAL) -> Mapping[str, Answer]:
        """The questions whose answers the actor may see, each with an answer to it, the one answered last at the end.

        A teacher sees all of them, anybody else what they have answered themselves and what is shown to all.
        """
        if role(actor) == "teacher":
            found = [answer for beginning in QUESTIONS for answer in self.store.answers_about(beginning)]
        else:
            shown = [answer for about in self.board.shown for answer in self.answers(about, actor=actor)]
            found = [*self.store.answers_by(actor), *shown]
        newest = sorted(found, key=lambda answer: answer.utc)
        last_first = {answer.about: answer for answer in reversed(newest) if answer.about.startswith(QUESTIONS)}
        return dict(reversed(last_first.items()))

    def fault_points(self, *, actor: str = LOCAL) -> tuple[Points, ...]:
        """Everybody's points for sealed faults, most first; for a teacher."""
        if role(actor) != "teacher":
            return ()
        beginning = about_fault("")
        findings: dict[str, list[Finding]] = {}
        for answer in self.store.answers_about(beginning):
            finding = Finding.from_json(answer.about.removeprefix(beginning), answer.value)
            findings.setdefault(answer.owner, []).append(finding)
        points = [
            Points(
                self._name(owner),
                sum(finding.points for finding in found),
                sum(finding.is_found for finding in found),
                len(found),
                sum(not finding.is_known for finding in found),
            )
            for owner, found in findings.items()
        ]
        return tuple(sorted(points, key=lambda one: (-one.points, one.name)))

    def _name(self, owner: str) -> str:
        return (self.room.name(owner) if self.room is not None else None) or owner
