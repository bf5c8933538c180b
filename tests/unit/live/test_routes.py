"""The live routes over real sockets: who may come in, what arrives, what happens to nonsense."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import http.client
import json
import random
import string
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from core.errors import CoreError, Refused
from core.live.assets import Assets, plotly_version
from core.live.meta import Moment
from core.live.origin import same_origin
from core.live.pusher import Topic, Viewer
from core.text import Text
from tests.polling import until
from tests.unit.live.conftest import ASSETS, LiveServer, unpacked


def get(server: LiveServer, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    result = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return result


def closed_with(server: LiveServer, *texts: str | bytes) -> int | None:
    with server.raw() as socket:
        for text in texts:
            socket.send(text)
        with contextlib.suppress(ConnectionClosed):
            while True:
                socket.recv(timeout=100)
        return socket.close_code


def hello(server: LiveServer) -> str:
    return json.dumps({"type": "hello", "token": server.tokens.mint("ada")})


# Who may come in


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://evil.example", None),
        (None, None),
        ("null", None),
        ("http://evil.example", "evil.example"),
        ("file://", None),
        ("http://127.0.0.1:1", None),
    ],
)
def test_a_foreign_origin_or_host_is_refused(server: LiveServer, origin: str | None, host: str | None):
    with pytest.raises(InvalidHandshake), server.raw(origin=origin, host=host):
        pass


def test_same_origin_compares_name_and_port():
    assert same_origin("http://localhost:8501", "localhost:8501", None)
    assert same_origin("https://school.example", "school.example:443", None)
    assert same_origin("http://[::1]:8501", "[::1]:8501", {"::1"})
    assert not same_origin("http://localhost:8501", "localhost:8502", None)
    assert not same_origin("http://localhost:99999", "localhost", None)
    assert not same_origin("http://rebound.example:8501", "rebound.example:8501", {"localhost"})


@pytest.mark.parametrize("token", ["", "x", "YWRh.", "YWRh.0000", "..", "é.1"])
def test_a_missing_or_bad_token_is_refused(server: LiveServer, token: str):
    assert closed_with(server, json.dumps({"type": "hello", "token": token})) == 4401


def test_a_token_of_another_process_is_refused(server: LiveServer):
    other = LiveServer().tokens.mint("ada")
    assert closed_with(server, json.dumps({"type": "hello", "token": other})) == 4401


def test_a_token_is_the_same_each_time_and_names_its_actor(server: LiveServer):
    assert server.tokens.mint("ada") == server.tokens.mint("ada")
    assert server.tokens.actor(server.tokens.mint("张伟")) == "张伟"


def test_the_first_message_must_be_hello(server: LiveServer):
    assert closed_with(server, json.dumps({"type": "subscribe", "run": "a"})) == 4401


# What arrives


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


@pytest.mark.parametrize("token", [r"\ud800.x", r"x.\ud800", "é.é", "."])
def test_a_token_of_odd_letters_is_nobodys(server: LiveServer, token: str, caplog: pytest.LogCaptureFixture):
    assert closed_with(server, f'{{"type": "hello", "token": "{token}"}}') in (4400, 4401)
    assert caplog.text == ""


def test_nobody_has_no_token(server: LiveServer):
    assert server.tokens.actor(server.tokens.mint("")) is None


# Commands


def test_a_command_reaches_the_handler_with_its_actor(server: LiveServer):
    page = server.page(token=server.tokens.mint("grace"))
    page.send(type="command", number=7, run="a", kind="set", values={"lr": 0.5})
    assert page.receive() == {"type": "received", "number": 7}
    assert server.commands == [("grace", "a", "set", {"lr": 0.5})]


def test_a_refused_command_says_why_and_a_broken_one_keeps_the_socket(
    server: LiveServer, caplog: pytest.LogCaptureFixture
):
    def refuse() -> None:
        raise Refused(Text("no"), Text("because"), Text("wait"))

    def fail() -> None:
        raise ZeroDivisionError

    page = server.page("zh")
    server.on_command = refuse
    page.send(type="command", number=1, run="a", kind="stop", values={})
    assert page.receive() == {"type": "refused", "number": 1, "what": "NO", "why": "BECAUSE", "fix": "WAIT"}
    server.on_command = fail
    page.send(type="command", number=2, run="a", kind="stop", values={})
    assert page.receive()["type"] == "refused"
    assert "ZeroDivisionError" in caplog.text
    server.on_command = lambda: None
    page.send(type="command", number=3, run="a", kind="stop", values={})
    assert page.receive() == {"type": "received", "number": 3}


# Nonsense


def test_a_thousand_random_texts_end_their_sockets_and_nothing_else(server: LiveServer):
    draw = random.Random(0)
    greeting = hello(server)
    for _ in range(1000):
        text = "".join(draw.choices(string.printable + "\x00äπ𝄞{}[]:,", k=draw.randint(0, 60)))
        assert closed_with(server, greeting, text) == 4400
    server.page().socket.close()
    assert server.commands == []


def test_bytes_and_long_texts_are_refused(server: LiveServer):
    assert closed_with(server, hello(server), b"\x00\x01") == 4400
    assert closed_with(server, hello(server), " " * 5000) == 4400
    assert closed_with(server, "x" * 5000) == 4400


def test_random_paths_are_not_found_and_never_fail(server: LiveServer):
    draw = random.Random(1)
    for _ in range(200):
        tail = "".join(draw.choices(string.ascii_letters + string.digits + "./%~_-", k=draw.randint(1, 40)))
        for path in (f"/live/assets/{tail}", f"/live/{tail}", f"/live/assets/{Assets(ASSETS).version}/{tail}"):
            assert get(server, path)[0] in (307, 400, 404)


@pytest.mark.parametrize("name", ["../pyproject.toml", "%2e%2e/pyproject.toml", "live/../../app.py", "live/", ""])
def test_only_the_charts_own_files_are_served(server: LiveServer, name: str):
    assert get(server, f"/live/assets/{Assets(ASSETS).version}/{name}")[0] == 404


# Files


def test_assets_are_served_under_their_version_for_ever(server: LiveServer):
    version = Assets(ASSETS).version
    status, headers, body = get(server, f"/live/assets/{version}/live/buckets.js")
    assert status == 200
    assert "immutable" in headers["cache-control"]
    assert headers["content-type"].startswith("text/javascript")
    assert body == (ASSETS / "live" / "buckets.js").read_bytes()
    assert get(server, "/live/assets/000000000000/live_chart.js")[0] == 404
    status, headers, packed = get(server, f"/live/assets/{version}/live.css", **{"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed) == (ASSETS / "live.css").read_bytes()


def test_plotly_comes_from_the_installed_wheel(server: LiveServer):
    status, headers, body = get(server, f"/live/plotly.min.js?v={plotly_version()}")
    assert status == 200
    assert "immutable" in headers["cache-control"]
    assert b"plotly.js v" in body[:300]
    assert get(server, "/live/plotly.min.js?v=0")[1]["cache-control"] == "no-cache"


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


# Slow pages and the end


def test_a_page_that_does_not_keep_up_is_sent_afresh_instead_of_piling_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.live.pusher.MAX_OUTBOX_CHARS", 100)
    viewer = Viewer("ada", "en")
    for _ in range(10):
        viewer.offer(Topic("a", False), "x" * 40)
    assert viewer.behind == {Topic("a", False)}
    viewer.offer(Topic("b", False), "y")
    assert viewer.behind == {Topic("a", False)}


def test_open_sockets_do_not_keep_the_server_from_stopping():
    live = LiveServer()
    live.start()
    live.hub.open("a", {})
    pages = [live.page() for _ in range(3)]
    for page in pages:
        page.send(type="subscribe", run="a")
        page.receive()
    begin = time.monotonic()
    live.halt()
    assert time.monotonic() - begin < 50
    live.pages.close()
