"""The room of a class: who comes in, who stays who they are, and how long."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from itsdangerous import URLSafeTimedSerializer

from core.errors import BadInput, CoreError, Refused
from core.people import Person
from core.studies.room import CODE_LETTERS, MAX_NAME, MOST_WRONG, WAIT_S, Room, normal_code, unique_name

HERE = "10.0.0.7"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "room.json"


@pytest.fixture
def room(file: Path) -> Room:
    return Room.open(file)


class Clock:
    """A clock that a test turns."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_code_makes_students_and_the_key_a_teacher(room: Room):
    student, teacher = room.join("Anna", room.code, HERE), room.join("Eve", room.teacher_key, HERE)
    assert student.id.startswith("student-")
    assert teacher.id.startswith("teacher-")
    assert student.name == "Anna"


def test_a_code_may_be_typed_in_any_way(room: Room):
    typed = f" {room.code[:3].lower()} - {room.code[3:]} "
    assert normal_code(typed) == room.code
    assert room.join("Anna", typed, HERE)


def test_two_people_of_one_name_are_told_apart(room: Room):
    names = [room.join(name, room.code, HERE).name for name in ("Anna", "anna", "Anna 2", "Anna")]
    assert len({name.casefold() for name in names}) == 4
    assert unique_name("张伟", ["张伟"]) == "张伟 2"


@pytest.mark.parametrize("name", ["", "   ", "x" * (MAX_NAME + 1), "a\u0000b", "a\ud800b", "\u202eAnna"])
def test_a_name_that_cannot_be_shown_is_refused(room: Room, name: str):
    with pytest.raises(BadInput):
        room.join(name, room.code, HERE)
    assert room.people() == ()


def test_letters_that_nobody_sees_make_no_other_name(room: Room):
    names = [room.join(name, room.code, HERE).name for name in ("Anna", "An\u200bna", "\u2060Anna")]
    assert names == ["Anna", "Anna 2", "Anna 3"]
    with pytest.raises(BadInput, match="missing"):
        room.join("\u200b\u2060", room.code, HERE)


def test_markup_in_a_name_is_a_name(room: Room):
    assert room.join("<b>&", room.code, HERE).name == "<b>&"


def test_people_stay_who_they_are_over_a_restart(room: Room, file: Path):
    anna = room.join("Anna", room.code, HERE)
    cookie = room.sign(anna)
    again = Room.open(file)
    assert again.person(cookie) == anna
    assert (again.code, again.teacher_key) == (room.code, room.teacher_key)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_cookie_that_was_changed_belongs_to_nobody(room: Room):
    cookie = room.sign(room.join("Anna", room.code, HERE))
    signed, signature = cookie.rsplit(".", 1)
    assert all(
        room.person(forged) is None
        for forged in (
            "",
            "x",
            # Its first letter: of the last one two bits say nothing.
            f"{signed}.{'b' if signature[0] == 'a' else 'a'}{signature[1:]}",
            cookie.replace(".", "", 1),
            URLSafeTimedSerializer("another secret", salt="person").dumps("teacher-1"),
            room.sign(Person("teacher-made-up", "Eve")),
        )
    )


def test_a_new_code_makes_everybody_join_again_and_keeps_their_names(room: Room, file: Path):
    anna = room.join("Anna", room.code, HERE)
    cookie, code, key = room.sign(anna), room.code, room.teacher_key
    room.renew()
    assert room.person(cookie) is None
    assert not room.knows(anna.id)
    assert Room.open(file).name(anna.id) == "Anna"
    for old in (code, key):
        with pytest.raises(BadInput):
            room.join("Anna", old, HERE)
    assert room.join("Anna", room.code, HERE).name == "Anna"


def test_the_teacher_who_renews_the_code_stays(room: Room):
    eve, anna = room.join("Eve", room.teacher_key, HERE), room.join("Anna", room.code, HERE)
    cookies = [room.sign(person) for person in (eve, anna)]
    room.renew(keep=eve.id)
    assert [room.person(cookie) for cookie in cookies] == [eve, None]
    assert [one.person for one in room.people()] == [eve]


def test_whoever_leaves_frees_the_name_and_stays_the_author_of_what_was_started(room: Room):
    anna = room.join("Anna", room.code, HERE)
    cookie = room.sign(anna)
    room.leave("made up")
    room.leave(cookie)
    assert room.person(cookie) is None
    assert room.people() == ()
    assert room.name(anna.id) == "Anna"
    again = room.join("Anna", room.code, HERE)
    assert (again.name, again.id != anna.id) == ("Anna", True)


def test_whoever_was_seen_longest_ago_makes_room_in_a_full_one(file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.studies.room.MAX_PEOPLE", 2)
    clock = Clock()
    room = Room(file, Room.open(file)._kept, clock)
    anna, _ = room.join("Anna", room.code, HERE), room.join("Never seen", room.code, HERE)
    room.seen(anna.id, "train")
    clock.now += 60
    ben = room.join("Ben", room.code, HERE)
    assert [one.person.name for one in room.people()] == ["Anna", "Ben"]
    room.seen(ben.id, "train")
    assert [room.join("Eve", room.code, HERE).name, room.name(anna.id)] == ["Eve", "Anna"]
    assert not room.knows(anna.id)
    for one in room.people():
        room.seen(one.person.id)
    with pytest.raises(Refused, match="full"):
        room.join("One too many", room.code, HERE)


def test_who_comes_and_goes_again_and_again_fills_no_memory(room: Room, file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.studies.room.MAX_FORMER", 3)
    people = [room.join(f"Guest {number}", room.code, HERE) for number in range(5)]
    for person in people:
        room.leave(room.sign(person))
    assert [Room.open(file).name(person.id) for person in people] == [None, None, "Guest 2", "Guest 3", "Guest 4"]


def test_on_a_full_disk_nobody_comes_and_nobody_goes(room: Room, monkeypatch: pytest.MonkeyPatch):
    anna = room.join("Anna", room.code, HERE)
    cookie, code = room.sign(anna), room.code

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.studies.room.os.replace", full)
    for change in (lambda: room.join("Ben", code, HERE), lambda: room.leave(cookie), room.renew):
        with pytest.raises(CoreError, match="No space left"):
            change()
    assert [one.person for one in room.people()] == [anna]
    assert (room.person(cookie), room.code) == (anna, code)


def test_wrong_codes_make_their_address_wait_and_no_other(file: Path):
    Room.open(file)
    clock = Clock()
    room = Room(file, Room.open(file)._kept, clock)
    for _ in range(MOST_WRONG):
        with pytest.raises(BadInput, match="not the code"):
            room.join("Eve", "WRONG", HERE)
    with pytest.raises(Refused, match="15 seconds"):
        room.join("Eve", room.code, HERE)
    assert room.join("Anna", room.code, "10.0.0.8")
    clock.now += WAIT_S
    assert room.join("Eve", room.code, HERE)


def test_an_address_that_goes_on_guessing_waits_again(file: Path):
    clock = Clock()
    room = Room(file, Room.open(file)._kept, clock)
    for _ in range(3):
        for _ in range(MOST_WRONG):
            with pytest.raises(BadInput):
                room.join("Eve", "WRONG", HERE)
        with pytest.raises(Refused):
            room.join("Eve", room.code, HERE)
        clock.now += WAIT_S


def test_who_is_here_and_on_which_page(file: Path):
    clock = Clock()
    room = Room(file, Room.open(file)._kept, clock)
    anna, ben = (room.join(name, room.code, HERE) for name in ("Anna", "Ben"))
    room.seen(anna.id, "train")
    clock.now += 5
    room.seen(anna.id)
    room.seen("student-unknown", "runs")
    shown = room.people()
    assert [one.person for one in shown] == [anna, ben]
    assert (shown[0].page, shown[0].is_here, shown[0].ago_s) == ("train", True, 0.0)
    assert not shown[1].is_here
    clock.now += 60
    assert not room.people()[0].is_here


def test_whoever_has_logged_in_is_the_same_person_each_time(room: Room):
    first = room.admit("student-abc", "Anna\u0000")
    assert first == room.admit("student-abc", "Anna Muster")
    assert first.name == "Anna"


def test_a_damaged_file_is_named_with_what_to_do(file: Path):
    file.write_text("{")
    with pytest.raises(CoreError, match="Delete it"):
        Room.open(file)


def test_codes_are_long_enough_and_all_different(tmp_path: Path):
    codes = {Room.open(tmp_path / f"{number}.json").code for number in range(20)}
    assert len(codes) == 20
    assert {len(code) for code in codes} == {CODE_LETTERS}
