"""The live routes over real sockets: who may come in, what is answered, what happens to nonsense."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import random
import string
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from core.errors import Refused
from core.live.assets import Assets, plotly_version
from core.live.origin import same_origin
from core.text import Text
from tests.unit.live.conftest import ASSETS, LiveServer


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


# The end


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
