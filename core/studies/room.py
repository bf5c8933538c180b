"""The room of a class: the code that lets people in, who has come in, and what tells them apart.

Whoever gives the room's code and a name becomes a student; whoever gives the teacher's key, a teacher. The server makes
the id of each, and the browser keeps it, signed, in a cookie. All of it lies in one file of the data folder that only
its owner can read, so people stay who they are over restarts; a new code makes all of them join again.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from itsdangerous import BadData, URLSafeTimedSerializer

from core.errors import BadInput, CoreError, Refused
from core.live.joining import COOKIE_S
from core.people import NOBODY, Person, Role
from core.store.ids import new_id
from core.store.rows import checked_text
from core.studies.presence import Presence, Present
from core.text import Text

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""No letter is taken for another one when a code is read from the board."""
CODE_LETTERS, KEY_LETTERS = 6, 20
MAX_NAME = 40
MAX_PEOPLE, MAX_FORMER = 500, 5000
MOST_WRONG = 5
WAIT_S = 15.0
"""After so many wrong codes an address waits so long before the next one is looked at."""
MOST_ADDRESSES = 1000


@dataclass
class Kept:
    """What is in the file: names by id, of the people who are in the room and of those before the newest code."""

    code: str
    teacher_key: str
    secret: str
    names: dict[str, str] = field(default_factory=dict)
    former: dict[str, str] = field(default_factory=dict)


class Room:
    """One room a data folder; any thread may ask."""

    def __init__(self, path: Path, kept: Kept, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._kept, self._clock = path, kept, clock
        self._lock = threading.Lock()
        self._presence = Presence(clock)
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    @classmethod
    def open(cls, path: Path) -> Room:
        """The room kept in a file, which is made with a new code where there is none. CoreError when it is unusable."""
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            kept = Kept(**stored)
        except FileNotFoundError:
            room = cls(path, Kept(_letters(CODE_LETTERS), _letters(KEY_LETTERS), secrets.token_hex(32)))
            room._save(room._kept)
            return room
        except (OSError, ValueError, TypeError) as error:
            raise CoreError(
                Text("The file {file} cannot be read.", file=str(path)),
                Text("It keeps the code of the room and who is in it; the system says: {reason}.", reason=str(error)),
                Text("Delete it: the room gets a new code, and everybody joins again."),
            ) from error
        return cls(path, kept)

    @property
    def code(self) -> str:
        """What students join with."""
        return self._kept.code

    @property
    def teacher_key(self) -> str:
        """What a teacher joins with."""
        return self._kept.teacher_key

    def renew(self, keep: str = NOBODY) -> None:
        """Make a new code and a new key: everybody but one joins again. Names of earlier people are kept."""
        with self._lock:
            names, former = self._kept.names, self._kept.former
            staying = {id: name for id, name in names.items() if id == keep}
            self._keep(staying, {**former, **names}, code=_letters(CODE_LETTERS), teacher_key=_letters(KEY_LETTERS))

    # -- coming in -----------------------------------------------------------------------------------------------

    def join(self, name: str, code: str, address: str) -> Person:
        """Let somebody in from an address of the network. BadInput for a name or a code that is none, Refused."""
        name = checked_name(name)
        with self._lock:
            self._check_patience(address)
            given = normal_code(code)
            role: Role | None = None
            if secrets.compare_digest(given, self._kept.teacher_key):
                role = "teacher"
            elif secrets.compare_digest(given, self._kept.code):
                role = "student"
            if role is None:
                self._note_wrong(address)
                raise BadInput(
                    Text("This is not the code of the room."),
                    Text("It has {num} letters and digits, and may have been renewed.", num=CODE_LETTERS),
                    Text("Read it once more from the board, or ask your teacher."),
                )
            self._wrong.pop(address, None)
            return self._take_in(f"{role}-{new_id()}", name)

    def admit(self, id: str, name: str) -> Person:
        """Let in somebody whom others have named already (`st.login`); the same person each time."""
        with self._lock:
            if (known := self._kept.names.get(id)) is not None:
                return Person(id, known)
            return self._take_in(id, printable(name)[:MAX_NAME] or id[:MAX_NAME])

    def leave(self, cookie: str) -> None:
        """Let somebody go; the name is free again, what they have started keeps it."""
        with self._lock:
            person = self.person(cookie)
            if person is not None:
                names = {id: name for id, name in self._kept.names.items() if id != person.id}
                self._keep(names, {**self._kept.former, person.id: person.name})

    def sign(self, person: Person) -> str:
        """What a person's browser keeps."""
        return self._signer().dumps(person.id)

    def person(self, cookie: str) -> Person | None:
        """Whose cookie this is; None when we did not make it, it is old, they have left, or the room has a new code."""
        try:
            id = self._signer().loads(cookie, max_age=COOKIE_S)
        except BadData:
            return None
        name = self._kept.names.get(id) if isinstance(id, str) else None
        return Person(id, name) if name is not None else None

    # -- who is here ---------------------------------------------------------------------------------------------

    def knows(self, actor: str) -> bool:
        """Whether somebody has joined since the newest code."""
        return actor in self._kept.names

    def name(self, actor: str) -> str | None:
        """What somebody is called who is in the room, or was once."""
        return self._kept.names.get(actor) or self._kept.former.get(actor)

    def seen(self, actor: str, page: str | None = None) -> None:
        """Note that somebody's page or live chart has just asked for something."""
        if self.knows(actor):
            self._presence.seen(actor, page)

    def people(self) -> tuple[Present, ...]:
        """Who has joined, in that order, and when they were last seen where."""
        return tuple(self._presence.of(Person(id, name)) for id, name in self._kept.names.items())

    # -- within --------------------------------------------------------------------------------------------------

    def _signer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._kept.secret, salt="person")

    def _take_in(self, id: str, name: str) -> Person:
        names, former = dict(self._kept.names), dict(self._kept.former)
        if len(names) >= MAX_PEOPLE:
            gone = self._longest_away()
            former[gone] = names.pop(gone)
        names[id] = unique_name(name, names.values())
        self._keep(names, former)
        return Person(id, names[id])

    def _longest_away(self) -> str:
        """Who goes from a full room: of those who have no page open, whoever was seen longest ago. Refused."""
        away = [one for one in self.people() if not one.is_here]
        if not away:
            raise Refused(
                Text("The room is full."),
                Text("{num} people have a page open in it.", num=MAX_PEOPLE),
                Text("Ask your teacher to renew the code."),
            )
        return max(away, key=lambda one: math.inf if one.ago_s is None else one.ago_s).person.id

    def _keep(self, names: dict[str, str], former: dict[str, str], **renewed: str) -> None:
        """Save who is in the room and who was, then go by it; where it cannot be saved, all stays as it was."""
        kept = replace(self._kept, names=names, former=dict([*former.items()][-MAX_FORMER:]), **renewed)
        self._save(kept)
        self._kept = kept

    def _check_patience(self, address: str) -> None:
        count, last = self._wrong.get(address, (0, 0.0))
        left_s = WAIT_S - (self._clock() - last)
        if count < MOST_WRONG or left_s <= 0:
            return
        raise Refused(
            Text("Too many wrong codes came from here."),
            Text("So nobody finds a code by trying: after {num} wrong ones there is a break.", num=MOST_WRONG),
            Text("Wait {seconds} seconds and try again.", seconds=math.ceil(left_s)),
        )

    def _note_wrong(self, address: str) -> None:
        count, last = self._wrong.pop(address, (0, 0.0))
        now = self._clock()
        is_over = count >= MOST_WRONG and now - last >= WAIT_S
        self._wrong[address] = (1 if is_over else count + 1, now)
        while len(self._wrong) > MOST_ADDRESSES:
            self._wrong.popitem(last=False)

    def _save(self, kept: Kept) -> None:
        beside = self._path.with_suffix(".new")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(kept), file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, self._path)
        except OSError as error:
            raise CoreError(
                Text("Who is in the room could not be saved."),
                Text("The system says: {reason}.", reason=error.strerror or str(error)),
                Text("Free some room on the disk, then try again."),
            ) from error


def normal_code(typed: str) -> str:
    """A code as it is compared: capital letters and digits, however it was typed."""
    return "".join(letter for letter in typed.upper() if letter in LETTERS)


def checked_name(typed: str) -> str:
    """A person's name as it is kept; BadInput when it is empty, too long or cannot be shown."""
    name = printable(checked_text(" ".join(typed.split()), MAX_NAME))
    if not name:
        raise BadInput(
            Text("Your name is missing."),
            Text("The class sees by it whose curve is whose."),
            Text("Write a name, your own or an invented one."),
        )
    return name


def printable(name: str) -> str:
    """A name without letters that nobody sees, by which it would look like another one or like none."""
    return "".join(letter for letter in name if letter.isprintable()).strip()


def unique_name(name: str, taken: Iterable[str]) -> str:
    """A name that nobody in the room has: "Anna", then "Anna 2"."""
    known = {other.casefold() for other in taken}
    number, free = 1, name
    while free.casefold() in known:
        number += 1
        free = f"{name} {number}"
    return free


def _letters(count: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(count))
