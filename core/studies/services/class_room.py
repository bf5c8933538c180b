"""Services for the room of a class: open it, say who is in it, let somebody go, renew its code."""

from __future__ import annotations

from core.errors import Refused
from core.mode import Mode
from core.people import LOCAL, keeps_order
from core.studies.room import Room
from core.studies.services.base import Base
from core.text import Text


class ClassRoom(Base):
    """The room in which people are told apart."""

    def open_room(self, mode: Mode) -> Room:
        """From now on people are told apart; returns the data folder's room. CoreError when its file is unusable."""
        self.mode, self.room = mode, Room.open(self.folder.room)
        return self.room

    def renew_room(self, *, actor: str = LOCAL) -> Room:
        """Give the room a new code and a new key: everybody but the actor joins again, and is shown nothing more."""
        if self.room is None or not keeps_order(actor):
            raise Refused(
                Text("The code of the room cannot be renewed."),
                Text("Only a teacher does that, in class mode."),
                Text("Ask your teacher."),
            )
        self.room.renew(keep=actor)
        self.hub.doubt()
        return self.room

    def leave_room(self, cookie: str) -> None:
        """Let go of who has this cookie."""
        if self.room is not None:
            self.room.leave(cookie)
            self.hub.doubt()

    def token(self, person: str) -> str:
        """The secret by which somebody's pages ask for live curves."""
        return self._tokens.mint(person)

    def who(self, token: str) -> str | None:
        """Whose token this is; None when we did not make it, and for who is not in the room any more."""
        actor = self._tokens.actor(token)
        is_known = actor is not None and (self.room is None or self.room.knows(actor))
        return actor if is_known else None

    def name_of(self, owner: str) -> str | None:
        """What the owner of a run is called; None for who sits at the computer."""
        return self.room.name(owner) if self.room is not None else None
