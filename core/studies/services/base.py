"""What all services of the workbench work with: data folder, store, live hub, and what computes."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from core.errors import Refused
from core.live.hub import Hub
from core.live.tokens import Tokens
from core.mode import Mode
from core.store.folder import DataFolder, WriteLock
from core.store.records import AnswerKind
from core.store.store import Store
from core.studies.access import to_act
from core.studies.board import Board
from core.studies.fair_use import FairUse
from core.studies.own_data import OwnDataSets
from core.text import Text

if TYPE_CHECKING:
    from core.studies.room import Room
    from core.studies.runner import Runner


class Base:
    """The parts of the workbench. A subclass fills the hub with stored runs (`_load_stored`)."""

    def __init__(self, folder: DataFolder, store: Store, lock: WriteLock | None, *, live: bool) -> None:
        self.folder = folder
        self.store = store
        self.hub = Hub(load=self._load_stored)
        self._tokens = Tokens()
        self.fair_use = FairUse()
        self.mode: Mode = "laptop"
        self.room: Room | None = None
        """Where people are told apart; None in laptop mode, where there is one person."""
        self.board = Board()
        self.own = OwnDataSets(folder.path, is_writing=lock is not None)
        self._lock = lock
        self._live = live
        self._runner: Runner | None = None

    def _answer(self, about: str, kind: AnswerKind, value: Any, actor: str) -> None:
        """Keep an answer of the actor where fair use has room for it."""
        self.fair_use.check_answer(self.store, about, to_act(actor))
        self.store.answer(about, kind, value, actor=actor)

    def _room_to_go_on(self, owner: str, *, is_active: bool, is_held: bool) -> AbstractContextManager[None]:
        """While something of an owner is told to go on: Refused where fair use has no room for it.

        What is over takes a place again; what `is_held`, and so is active, waits until nothing else of the owner goes
        on.
        """
        if is_held:
            return self.fair_use.going_on(self.runner, owner)
        return nullcontext() if is_active else self.fair_use.place(self.runner, owner)

    def _load_stored(self, run: str, hub: Hub) -> bool:
        raise NotImplementedError

    @property
    def runner(self) -> Runner:
        """What trains here; made on first use, which imports torch."""
        if self._lock is None:
            raise Refused(
                Text("This process only reads."),
                Text("It does not hold the write lock of the data folder."),
                Text("Use a command that trains."),
            )
        if self._runner is None:
            from core.studies.runner import Runner

            self._runner = Runner(self.folder, self.store, self.hub if self._live else None)
        return self._runner

    @property
    def device(self) -> Text:
        """What computes here, in words."""
        from core.training.device import default_device, describe

        return describe(default_device())
