"""A real server with the live routes, on a port of its own, for the time of a test."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from starlette.applications import Starlette
from websockets.sync.client import ClientConnection, connect

from core.errors import BadInput, CoreError
from core.live.hub import Hub
from core.live.meta import Moment
from core.live.routes import live_routes
from core.live.tokens import Tokens
from core.text import Text, Translate
from tests.polling import until

ASSETS = Path(__file__).parents[3] / "assets"
TIMEOUT_S = 100.0


def translate(lang: str) -> Translate:
    """Upper case stands for another language."""
    if lang not in ("en", "zh"):
        raise BadInput(Text("There is no language “{lang}”.", lang=lang), Text("Two are known."), Text("Use en."))
    return str.upper if lang == "zh" else str


@dataclass
class Page:
    """One socket as a browser's page opens it, with what it has of one run."""

    socket: ClientConnection
    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    meta: dict[str, Any] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def receive(self) -> dict[str, Any]:
        """The next message; rows of the column `x` are kept as the browser keeps them."""
        message = json.loads(self.socket.recv(timeout=TIMEOUT_S))
        if message["type"] == "history":
            column = message["series"]["update"].get("x")
            self.steps = unpacked(column["steps"]).tolist() if column else []
            self.values = unpacked(column["values"]).tolist() if column else []
        elif message["type"] == "more" and "update" in message["blocks"]:
            assert message["first_rows"]["update"] <= self.last["rows"]["update"], "a gap"
            block = message["blocks"]["update"]
            rows = zip(unpacked(block["steps"]).tolist(), unpacked(block["columns"]["x"]).tolist(), strict=True)
            for step, value in rows:
                if not self.steps or step > self.steps[-1]:
                    self.steps.append(step)
                    self.values.append(value)
        if message["type"] in ("history", "more"):
            self.meta |= message["meta"]
            self.last = message
        return message

    def receive_until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT_S
        while not reached():
            assert time.monotonic() < deadline
            self.receive()

    def position(self) -> dict[str, Any]:
        return {"lineage": self.last["lineage"], "rows": self.last["rows"]}


def unpacked(array: dict[str, Any]) -> np.ndarray:
    """What a browser makes of a packed array."""
    return np.frombuffer(base64.b64decode(array["data"]), dtype=array["dtype"]).reshape(array["shape"])


class LiveServer:
    """Hub, tokens, the commands that came in and what replays were asked for, behind a port."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.tokens = Tokens()
        self.hidden: set[str] = set()
        """Channels that nobody may watch."""
        self.on_may_watch: Callable[[], object] = lambda: None
        self.shut_out: set[str] = set()
        """People who may watch nothing."""
        self.gone: set[str] = set()
        """People whose tokens have ended."""
        self.commands: list[tuple[str, str, str, dict[str, Any]]] = []
        self.on_command: Callable[[], None] = lambda: None
        self.sought: list[tuple[str, str, int]] = []
        self.on_seek: Callable[[Callable[[Moment | CoreError], None]], None] = lambda show: None
        self.left: list[Hashable] = []
        """Viewers who have gone away."""
        self.pages = ExitStack()
        routes = live_routes(
            self.hub,
            who=self._who,
            may_watch=self._may_watch,
            command=self._command,
            replays=self,
            translate=translate,
            assets=ASSETS,
            hosts={"127.0.0.1"},
        )
        config = uvicorn.Config(
            Starlette(routes=routes),
            port=0,
            log_config=None,
            log_level="warning",
            ws="websockets-sansio",
            lifespan="off",
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def _who(self, token: str) -> str | None:
        actor = self.tokens.actor(token)
        return None if actor in self.gone else actor

    def _may_watch(self, actor: str, channel: str) -> bool:
        self.on_may_watch()
        return channel not in self.hidden and actor not in self.shut_out

    def _command(self, actor: str, run: str, kind: str, values: dict[str, Any]) -> None:
        self.commands.append((actor, run, kind, values))
        self.on_command()

    def seek(
        self, run: str, step: int, viewer: Hashable, show: Callable[[Moment | CoreError], None], *, actor: str
    ) -> None:
        self.sought.append((actor, run, step))
        self.on_seek(show)

    def leave_replay(self, viewer: Hashable) -> None:
        self.left.append(viewer)

    @property
    def port(self) -> int:
        return self.server.servers[0].sockets[0].getsockname()[1]

    def start(self) -> None:
        self.thread.start()
        until(lambda: self.server.started, TIMEOUT_S)

    def stop(self) -> None:
        self.pages.close()
        self.halt()

    def halt(self) -> None:
        """Stop while pages are open."""
        self.server.should_exit = True
        self.thread.join(TIMEOUT_S)
        assert not self.thread.is_alive()

    def raw(self, origin: str | None = "own", host: str | None = None) -> AbstractContextManager[ClientConnection]:
        """A socket before its hello, to be entered."""
        address = f"127.0.0.1:{self.port}"
        origin = f"http://{address}" if origin == "own" else origin
        headers = {"Host": host} if host else {}
        return connect(
            f"ws://{address}/live",
            origin=origin,  # type: ignore[arg-type]
            additional_headers=headers,
            open_timeout=TIMEOUT_S,
            proxy=None,
        )

    def page(self, lang: str = "en", *, token: str | None = None, measure: bool = False) -> Page:
        """A socket that has said hello."""
        page = Page(self.pages.enter_context(self.raw()))
        page.send(type="hello", token=token or self.tokens.mint("ada"), lang=lang, measure=measure)
        assert page.receive()["type"] == "welcome"
        return page

    def feed(self, steps: range, attempt: int = 0, run: str = "a") -> None:
        numbers = np.array(steps)
        self.hub.append(run, attempt, "update", numbers, {"x": numbers * 2.0}, numbers * 1.0)


@pytest.fixture
def server() -> Iterator[LiveServer]:
    """A running server."""
    live = LiveServer()
    live.start()
    yield live
    live.stop()
