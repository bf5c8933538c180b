"""Runs watched in brief, many on one page: errors and state only, twice a second, and without a gap."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np

from core.live.hub import BRIEF_META
from core.live.pusher import BRIEF_INTERVAL_S
from core.text import Text
from tests.unit.live.conftest import LiveServer, Page, unpacked

ERRORS = {"validation/error", "train/error"}


def opened(server: LiveServer, run: str = "a") -> None:
    """A run with words, pictures, rows of all groups and an event."""
    server.hub.open(run, {"state": "running", "task": "classification", "slot": 3, "status": {"text": Text("words")}})
    measure(server, range(5), run)
    server.feed(range(1, 6), run=run)
    server.hub.event(run, {"step": 1, "kind": "set", "text": Text("words")})
    server.hub.picture(run, "boundary", {"step": 0, "winner": np.zeros(1000)})


def measure(server: LiveServer, steps: range, run: str = "a") -> None:
    numbers = np.array(steps)
    columns = {"validation/error": numbers / 10, "train/error": numbers / 20, "validation/loss": numbers * 1.0}
    server.hub.append(run, 0, "evaluation", numbers, columns)


def steps_of(block: dict[str, Any]) -> list[int]:
    return unpacked(block["steps"]).tolist()


def received(page: Page) -> dict[str, Any]:
    """The next message, not looked at as the full chart does."""
    return json.loads(page.socket.recv(timeout=100))


def test_a_run_in_brief_has_its_errors_and_its_state_and_no_words(server: LiveServer):
    opened(server)
    page = server.page()
    page.send(type="subscribe", run="a", brief=True)
    history = received(page)
    assert history["type"] == "history"
    assert set(history["series"]) == {"evaluation"}
    assert set(history["series"]["evaluation"]) == ERRORS
    assert set(history["meta"]) <= set(BRIEF_META)
    assert (history["meta"]["slot"], history["events"], history["pictures"]) == (3, [], {})
    assert history["rows"] == {"evaluation": 5}


def test_news_in_brief_come_together_and_follow_each_other(server: LiveServer):
    opened(server)
    page = server.page()
    page.send(type="subscribe", run="a", brief=True)
    position = received(page)
    seen: list[int] = []
    count, begun = 0, time.monotonic()
    for step in range(5, 60):
        measure(server, range(step, step + 1))
    server.hub.update("a", state="finished", status={"text": Text("over")})
    while 59 not in seen:
        more = received(page)
        count += 1
        assert more["type"] == "more"
        assert more["first_rows"]["evaluation"] == position["rows"]["evaluation"]
        assert more["first_event"] == 0
        seen += steps_of(more["blocks"]["evaluation"])
        position = more
    assert seen == list(range(5, 60))
    assert time.monotonic() - begun > (count - 1) * BRIEF_INTERVAL_S * 0.9


def test_what_is_told_in_full_only_is_no_news_in_brief(server: LiveServer):
    opened(server)
    page = server.page()
    page.send(type="subscribe", run="a", brief=True)
    received(page)
    server.feed(range(6, 9))
    server.hub.picture("a", "boundary", {"step": 9})
    server.hub.event("a", {"step": 9, "kind": "set", "text": Text("words")})
    measure(server, range(5, 6))
    more = received(page)
    assert steps_of(more["blocks"]["evaluation"]) == [5]


def test_a_lost_socket_goes_on_in_brief_where_it_was(server: LiveServer):
    opened(server)
    page = server.page()
    page.send(type="subscribe", run="a", brief=True)
    before = received(page)
    page.socket.close()
    measure(server, range(5, 9))
    again = server.page()
    again.send(type="subscribe", run="a", brief=True, lineage=before["lineage"], rows=before["rows"])
    more = received(again)
    assert (more["type"], steps_of(more["blocks"]["evaluation"])) == ("more", [5, 6, 7, 8])


def test_one_page_has_all_and_another_one_has_it_in_brief(server: LiveServer):
    opened(server)
    full, brief = server.page(), server.page()
    full.send(type="subscribe", run="a")
    brief.send(type="subscribe", run="a", brief=True)
    assert set(received(full)["series"]) == {"update", "evaluation", "curvature"}
    assert set(received(brief)["series"]) == {"evaluation"}
    measure(server, range(5, 7))
    more = received(full)
    while "evaluation" not in more["blocks"]:
        more = received(full)
    assert set(more["blocks"]["evaluation"]["columns"]) > ERRORS
    assert set(received(brief)["blocks"]["evaluation"]["columns"]) == ERRORS


def test_who_may_not_watch_a_run_may_not_in_brief(server: LiveServer):
    opened(server)
    server.hidden.add("a")
    page = server.page()
    page.send(type="subscribe", run="a", brief=True)
    assert received(page)["type"] == "unknown"
