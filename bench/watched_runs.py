"""What a tab without a browser sees of its runs over `/live`: their states, how far they are, when rows came."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from websockets.asyncio.client import ClientConnection

from bench.crowd import hello
from bench.protocol_tab import WITHIN_S, socket

OVER = frozenset({"finished", "stopped", "diverged", "failed"})


@dataclass
class Watched:
    """One run: `heard_at` and `row_at` are when its first message came, and its first row (`time.monotonic()`)."""

    state: str = ""
    step: int = 0
    before: int = 0
    """Updates that were done before they count."""
    stamp: float = 0.0
    """When the optimizer's step of the newest row returned (`time.time()`)."""
    heard_at: float | None = None
    row_at: float | None = None


class WatchedRuns:
    """The live socket of one tab: `async with WatchedRuns(…) as runs`. Updates count from a moment (monotonic) on."""

    def __init__(self, address: str, cookie: str, token: str, counts_from: float) -> None:
        self._counts_from = counts_from
        self._address, self._cookie, self._token = address, cookie, token
        self._runs: dict[str, Watched] = {}
        self._answers: dict[int, str] = {}
        self._changed = asyncio.Event()
        self._socket: ClientConnection
        self._listening: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        self._socket = await socket(self._address, "/live", self._cookie)
        self._listening = asyncio.create_task(self._listen())
        await self._socket.send(hello(self._token, "", measure=True)[0])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        await self._socket.close()

    @property
    def is_open(self) -> bool:
        """Whether the server has not closed the socket."""
        return not self._listening.done()

    @property
    def num_steps(self) -> int:
        """The updates that count, of all runs."""
        return sum(watched.step - watched.before for watched in self._runs.values())

    def all(self) -> dict[str, Watched]:
        """Everything that was ever watched, by run."""
        return self._runs

    async def watch(self, run: str) -> Watched:
        """Ask for a run."""
        if run not in self._runs:
            self._runs[run] = Watched()
            await self._socket.send(hello(self._token, run)[1])
        return self._runs[run]

    async def leave(self, run: str) -> None:
        """Ask for no more of a run."""
        await self._send(type="unsubscribe", run=run)

    async def stop(self, run: str) -> None:
        """Stop a run and wait until it is over."""
        number = len(self._answers) + 1
        self._answers[number] = ""
        await self._send(type="command", number=number, run=run, kind="stop", values={})
        await self.until(lambda: self._runs[run].state in OVER or self._answers[number] == "refused")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a message makes a condition true; TimeoutError."""
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _send(self, **message: Any) -> None:
        await self._socket.send(json.dumps(message))

    async def _listen(self) -> None:
        async for text in self._socket:
            self._take(json.loads(text))
            self._changed.set()

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] in ("received", "refused"):
            self._answers[message["number"]] = message["type"]
        elif (watched := self._runs.get(message.get("run", ""))) is not None:
            now = time.monotonic()
            watched.heard_at = watched.heard_at or now
            watched.state = message.get("meta", {}).get("state", watched.state)
            watched.step = message.get("meta", {}).get("step", watched.step)
            block = message.get("blocks", {}).get("update")
            if block:
                watched.step, watched.stamp = int(last(block["steps"])), last(block["stamps"])
            if block or message.get("rows", {}).get("update"):
                watched.row_at = watched.row_at or now
            if now < self._counts_from:
                watched.before = watched.step


def last(array: dict[str, str]) -> float:
    """The last value of an array as it is sent."""
    return np.frombuffer(base64.b64decode(array["data"]), dtype=array["dtype"])[-1].item()
