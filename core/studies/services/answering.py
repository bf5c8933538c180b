"""Services for answers: give one, note the run that followed, and see the others' once one has answered oneself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.people import LOCAL, NOBODY, keeps_order, role
from core.store.records import Answer, AnswerKind
from core.studies.access import may_direct
from core.studies.services.base import Base


class Answering(Base):
    """What people have answered to the questions of lessons and links, and what they have voted."""

    def answer(self, about: str, kind: AnswerKind, value: Any, *, actor: str = LOCAL) -> None:
        """Keep an answer in the place of the actor's earlier one about the same. BadInput, Refused."""
        self._answer(about, kind, value, actor)

    def own_answer(self, about: str, *, actor: str = LOCAL) -> Answer | None:
        """What the actor has answered to a question."""
        return next((found for found in self.store.answers_by(actor, about) if found.about == about), None)

    def answers(self, about: str, *, actor: str = LOCAL) -> tuple[Answer, ...]:
        """Everybody's answers to a question, the oldest first: for who has answered it, and for a teacher.

        Anybody else sees none, unless a teacher shows them to all. Whose they are is told to who keeps order only.
        """
        found = self.store.answers(about)
        is_open = role(actor) == "teacher" or (actor != NOBODY and about in self.board.shown)
        if not is_open and all(answer.owner != actor for answer in found):
            return ()
        if keeps_order(actor):
            return found
        return tuple(one if one.owner == actor else replace(one, owner=NOBODY, run=None) for one in found)

    def followed(self, about: str, run: str, *, actor: str = LOCAL) -> None:
        """Note that a run of the actor was started after an answer.

        The first one stays: what is tried later was not what the answer was about, unless it is the same once more.
        """
        given, record = self.own_answer(about, actor=actor), self.store.get_run(run, actor=actor)
        if given is None:
            return
        before = self.store.get_run(given.run, actor=actor) if given.run is not None else record
        if before.fingerprint == record.fingerprint:
            self.store.attach_answer(about, run, actor=actor)

    def answers_before(self, run: str, *, actor: str = LOCAL) -> tuple[Answer, ...]:
        """What its owner had answered before a run was started; for the owner, and for who keeps order.

        BadInput for a run that the actor may not see.
        """
        record = self.store.get_run(run, actor=actor)
        return self.store.answers_of_run(run) if may_direct(record, actor) else ()
