"""What arrives of runs and replays at pages over real sockets, each in its language and as far as it may see."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from core.errors import CoreError, Refused
from core.live.meta import Moment
from core.live.pusher import Topic, Viewer
from core.text import Text
from tests.polling import until
from tests.unit.live.conftest import LiveServer, unpacked


def test_history_then_increments(server: LiveServer):
    server.hub.open("a", {"state": "running"})
    server.feed(range(1, 5))
    page = server.page()
    page.send(type="subscribe", run="a", lineage=None, rows=None)
    assert page.receive()["type"] == "history"
    server.feed(range(5, 9))
    page.receive_until(lambda: len(page.steps) == 8)
    assert page.steps == list(range(1, 9))
    assert page.values == [2.0 * step for step in range(1, 9)]


def test_a_lost_socket_goes_on_without_gap_or_double(server: LiveServer):
    server.hub.open("a", {})
    server.feed(range(1, 50))
    page = server.page()
    page.send(type="subscribe", run="a")
    page.receive()
    page.socket.close()
    server.feed(range(50, 80))
    again = server.page()
    again.steps, again.values, again.last = page.steps, page.values, page.last
    again.send(type="subscribe", run="a", **page.position())
    message = again.receive()
    assert message["type"] == "more"
    assert unpacked(message["blocks"]["update"]["steps"]).tolist() == list(range(50, 80))
    server.feed(range(80, 90))
    again.receive_until(lambda: len(again.steps) == 89)
    assert again.steps == list(range(1, 90))


def test_a_hidden_page_gets_nothing_until_it_comes_back(server: LiveServer):
    server.hub.open("a", {})
    server.feed(range(1, 3))
    page, other = server.page(), server.page()
    for each in (page, other):
        each.send(type="subscribe", run="a")
        each.receive()
    page.send(type="pause")
    page.send(type="command", number=1, run="a", kind="pause", values={})
    assert page.receive()["type"] == "received"
    server.feed(range(3, 6))
    other.receive_until(lambda: len(other.steps) == 5)
    page.send(type="command", number=2, run="a", kind="pause", values={})
    assert page.receive() == {"type": "received", "number": 2}
    page.send(type="subscribe", run="a", **page.position())
    page.receive_until(lambda: len(page.steps) == 5)
    assert page.steps == [1, 2, 3, 4, 5]


def test_a_new_attempt_replaces_what_lay_after_its_first_step(server: LiveServer):
    server.hub.open("a", {})
    server.feed(range(1, 10))
    page = server.page()
    page.send(type="subscribe", run="a")
    page.receive()
    server.hub.attempt("a", 1, 4)
    server.hub.append("a", 1, "update", [5, 6], {"x": [-1.0, -2.0]})
    page.receive_until(lambda: page.values[-1:] == [-2.0])
    assert page.steps == [1, 2, 3, 4, 5, 6]
    assert page.last["attempt"] == 1


def test_nan_and_infinity_arrive(server: LiveServer):
    server.hub.open("a", {})
    page = server.page()
    page.send(type="subscribe", run="a")
    page.receive()
    server.hub.append("a", 0, "update", [1, 2, 3], {"x": [np.nan, np.inf, -np.inf]})
    page.receive_until(lambda: len(page.values) == 3)
    assert np.array_equal(page.values, [np.nan, np.inf, -np.inf], equal_nan=True)


def test_two_viewers_read_their_own_language(server: LiveServer):
    server.hub.open("a", {"status": Text("it learns")})
    pages = {lang: server.page(lang) for lang in ("en", "zh")}
    for page in pages.values():
        page.send(type="subscribe", run="a")
        page.receive()
    assert {lang: page.meta["status"] for lang, page in pages.items()} == {"en": "it learns", "zh": "IT LEARNS"}
    server.hub.update("a", status=Text("it overfits"))
    for page in pages.values():
        page.receive_until(lambda page=page: "fits" in page.meta["status"].lower())
    assert {lang: page.meta["status"] for lang, page in pages.items()} == {"en": "it overfits", "zh": "IT OVERFITS"}
    for page in pages.values():
        page.socket.close()


def test_a_page_in_a_language_that_is_not_there_reads_english_and_disturbs_nobody(server: LiveServer):
    server.hub.open("a", {"status": Text("it learns")})
    pages = [server.page(lang) for lang in ("fr", "zh")]
    for page in pages:
        page.send(type="subscribe", run="a")
        page.receive()
    server.hub.update("a", status=Text("it overfits"))
    for page in pages:
        page.receive_until(lambda page=page: "fits" in page.meta["status"].lower())
    assert [page.meta["status"] for page in pages] == ["it overfits", "IT OVERFITS"]


def test_news_that_cannot_be_written_down_silence_no_other_run(server: LiveServer, caplog: pytest.LogCaptureFixture):
    for run in ("a", "b"):
        server.hub.open(run, {"status": Text("it learns")})
    page = server.page()
    for run in ("a", "b"):
        page.send(type="subscribe", run=run)
        page.receive()
    server.hub.update("a", status=Text("{missing}", other=1))
    until(lambda: "could not be sent" in caplog.text)
    server.hub.update("b", status=Text("it overfits"))
    page.receive_until(lambda: page.meta["status"] == "it overfits")


def test_stamps_come_to_pages_that_measure(server: LiveServer):
    server.hub.open("a", {})
    page = server.page(measure=True)
    page.send(type="subscribe", run="a")
    page.receive()
    server.feed(range(1, 4))
    page.receive_until(lambda: len(page.steps) == 3)
    assert unpacked(page.last["blocks"]["update"]["stamps"]).tolist() == [1.0, 2.0, 3.0]


def test_rows_fed_while_pages_come_in_reach_all_of_them(server: LiveServer):
    server.hub.open("a", {})
    writer = threading.Thread(target=lambda: [server.feed(range(n, n + 4)) for n in range(1, 2001, 4)])
    writer.start()
    pages = [server.page() for _ in range(4)]
    for page in pages:
        page.send(type="subscribe", run="a")
    writer.join()
    server.hub.update("a", state="finished")
    for page in pages:
        page.receive_until(lambda page=page: page.last.get("rows", {}).get("update") == 2000)
        assert page.steps[-1] == 2000
        assert page.steps == sorted(set(page.steps))
        page.socket.close()


def test_a_run_that_is_not_there_is_said_to_be_unknown(server: LiveServer):
    page = server.page()
    page.send(type="subscribe", run="nothing")
    assert page.receive() == {"type": "unknown", "run": "nothing"}


def test_a_run_that_somebody_may_not_see_looks_like_one_that_is_not_there(server: LiveServer):
    server.hub.open("a", {"state": "running"})
    server.hidden.add("a")
    page = server.page()
    page.send(type="subscribe", run="a")
    assert page.receive() == {"type": "unknown", "run": "a"}
    server.feed(range(1, 3))
    page.send(type="command", number=1, run="a", kind="pause", values={})
    assert page.receive() == {"type": "received", "number": 1}, "nothing of the run came before"


def test_a_socket_whose_token_has_ended_is_closed_at_its_next_message(server: LiveServer):
    server.hub.open("a", {})
    page = server.page()
    server.gone.add("ada")
    page.send(type="subscribe", run="a")
    with pytest.raises(ConnectionClosed) as closed:
        page.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_who_may_not_watch_any_more_is_shown_nothing_more(server: LiveServer):
    server.hub.open("a", {})
    page, other = server.page(), server.page(token=server.tokens.mint("grace"))
    for one in (page, other):
        one.send(type="subscribe", run="a")
        assert one.receive()["type"] == "history"
    server.shut_out.add("ada")
    server.hub.doubt()
    assert page.receive() == {"type": "unknown", "run": "a"}
    server.feed(range(1, 3))
    other.receive_until(lambda: other.steps == [1, 2])
    page.send(type="subscribe", run="a")
    assert page.receive() == {"type": "unknown", "run": "a"}, "nothing of the run came before"


def test_where_nobody_can_say_who_may_watch_nothing_more_is_shown(server: LiveServer, caplog: pytest.LogCaptureFixture):
    server.hub.open("a", {})
    page = server.page()
    page.send(type="subscribe", run="a")
    assert page.receive()["type"] == "history"
    server.on_may_watch = lambda: 1 / 0
    server.hub.doubt()
    assert page.receive() == {"type": "unknown", "run": "a"}
    assert "who may watch run a" in caplog.text


# Replays


def moment(step: int) -> Moment:
    return Moment(step, {}, {"text": Text("it learns")}, {})


def test_moments_are_shown_to_whoever_asked_in_their_language(server: LiveServer):
    def answer(show: Callable[[Moment | CoreError], None]) -> None:
        show(moment(3))
        show(moment(7))

    server.on_seek = answer
    page = server.page(lang="zh", token=server.tokens.mint("grace"))
    page.send(type="seek", number=4, run="a", step=7)
    shown = page.receive()
    while shown["step"] != 7:  # the first one may have been replaced while it waited
        shown = page.receive()
    assert shown == {
        "type": "moment", "number": 4, "step": 7, "pictures": {}, "status": {"text": "IT LEARNS"}, "rows": {},
    }  # fmt: skip
    assert server.sought == [("grace", "a", 7)]


def test_why_a_moment_is_not_shown_is_said_whenever_it_turns_out(server: LiveServer):
    error = Refused(Text("no"), Text("because"), Text("wait"))

    def refuse(show: Callable[[Moment | CoreError], None]) -> None:
        raise error

    page = server.page()
    for number, answer in enumerate((refuse, lambda show: show(error))):
        server.on_seek = answer
        page.send(type="seek", number=number, run="a", step=7)
        assert page.receive() == {"type": "refused", "number": number, "what": "no", "why": "because", "fix": "wait"}


def test_a_page_that_goes_away_leaves_its_replay(server: LiveServer):
    page = server.page()
    page.send(type="seek", number=1, run="a", step=7)
    page.socket.close()
    until(lambda: server.left)
    assert len(server.left) == 1


def test_a_moment_takes_the_place_of_one_that_waits():
    async def sent() -> list[str | None]:
        viewer = Viewer("ada", "en")
        viewer.send("more")
        for text in ("early", "late"):
            viewer.show(text)
        return [await viewer.next(), await viewer.next()]

    assert asyncio.run(sent()) == ["late", "more"]


# Slow pages


def test_a_page_that_does_not_keep_up_is_sent_afresh_instead_of_piling_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.live.pusher.MAX_OUTBOX_CHARS", 100)
    viewer = Viewer("ada", "en")
    for _ in range(10):
        viewer.offer(Topic("a", False), "x" * 40)
    assert viewer.behind == {Topic("a", False)}
    viewer.offer(Topic("b", False), "y")
    assert viewer.behind == {Topic("a", False)}
