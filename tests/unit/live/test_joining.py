"""The way into a room: what the route takes, whom it answers, and the cookie that it sets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from starlette.applications import Starlette

from core.errors import Refused
from core.live.joining import cookie_name, join_routes
from core.text import Text
from tests.unit.live.conftest import translate

ORIGIN = "http://10.0.0.1:8501"


@pytest.fixture
def joined() -> list[tuple[str, str, str]]:
    """Who has come in: name, code, address."""
    return []


class Answer(NamedTuple):
    """What the route has answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Posts to the routes as a browser at ORIGIN does."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def post(
        self, path: str, content: object, headers: Mapping[str, str] | None = None, scheme: str = "http"
    ) -> Answer:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        sent = {"host": "10.0.0.1:8501", "origin": ORIGIN, "content-type": "application/json"} | dict(headers or {})
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": scheme,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("10.0.0.9", 5000),
            "server": ("10.0.0.1", 8501),
        }
        told: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            told.append(message)

        asyncio.run(self._app(scope, receive, send))
        found = {name.decode(): value.decode() for name, value in told[0]["headers"]}
        return Answer(told[0]["status"], found, b"".join(message.get("body", b"") for message in told[1:]))


@pytest.fixture
def left() -> list[str]:
    """The cookies of those who have left."""
    return []


@pytest.fixture
def client(joined: list[tuple[str, str, str]], left: list[str]) -> Client:
    def join(name: str, code: str, address: str) -> str:
        if code != "RIGHT":
            raise Refused(Text("No."), Text("Wrong code."), Text("Ask."))
        joined.append((name, code, address))
        return f"signed-{name}"

    routes = join_routes(join, left.append, cookie=cookie_name(8501), translate=translate, hosts={"10.0.0.1"})
    return Client(Starlette(routes=routes))


def come(client: Client, **changes: Any) -> Answer:
    return client.post("/join", {"name": "Anna", "code": "RIGHT", "lang": "en"} | changes)


def test_the_right_code_sets_a_cookie_that_no_script_and_no_other_site_reads(client: Client, joined: list[Any]):
    answer = come(client)
    assert answer.status == 200
    set_cookie = answer.headers["set-cookie"]
    assert set_cookie.startswith("saddlepoint_8501=signed-Anna")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(set_cookie.split("; "))
    assert "Secure" not in set_cookie
    assert joined == [("Anna", "RIGHT", "10.0.0.9")]


def test_behind_tls_the_cookie_stays_there(client: Client):
    asked, there = {"name": "Anna", "code": "RIGHT"}, {"origin": "https://10.0.0.1", "host": "10.0.0.1"}
    answer = client.post("/join", asked, there, scheme="https")
    assert "Secure" in answer.headers["set-cookie"]


def test_a_refusal_is_told_in_the_readers_language_and_sets_no_cookie(client: Client):
    for lang, word in (("en", "Wrong code."), ("zh", "WRONG CODE."), ("xx", "Wrong code.")):
        answer = come(client, code="WRONG", lang=lang)
        assert answer.status == 422
        assert answer.json()["why"] == word
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://10.0.0.1:9999"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://rebound.example:8501", "host": "rebound.example:8501"},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
    ],
)
@pytest.mark.parametrize("path", ["/join", "/join/leave"])
def test_a_foreign_page_is_refused(client: Client, joined: list[Any], path: str, headers: dict[str, str]):
    answer = client.post(path, {"name": "Anna", "code": "RIGHT"}, headers)
    assert answer.status == 403
    assert "set-cookie" not in answer.headers
    assert joined == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"name": "' + b"x" * 5000 + b'"}', b"[" * 3000])
def test_nonsense_is_refused(client: Client, body: bytes):
    assert client.post("/join", body).status == 403


def test_leaving_takes_the_cookie_away(client: Client, left: list[str]):
    answer = client.post("/join/leave", {}, {"cookie": "saddlepoint_8501=signed-Anna; other=1"})
    assert left == ["signed-Anna"]
    assert 'saddlepoint_8501=""' in answer.headers["set-cookie"]
    assert "Max-Age=0" in answer.headers["set-cookie"]


def test_what_is_no_text_is_read_as_text(client: Client, joined: list[Any]):
    come(client, name=7)
    assert joined[0][0] == "7"
