"""A tab of the app without a browser: it speaks Streamlit's protocol over `/_stcore/stream`, and `/live` beside it.

It does what a browser does as far as the server can tell: asks for a run of the page, keeps what the page consists of,
runs fragments when they want to, and sends what is typed and pressed as states of widgets. Nothing is drawn.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, Self, TypeVar
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

T = TypeVar("T")

WITHIN_S = 60.0
LIVE = "saddlepoint_live_chart"
"""The name of the component with the live chart."""


def join(address: str, name: str, code: str) -> str:
    """Join the class as the form does; the cookie that the browser keeps."""
    words = json.dumps({"name": name, "code": code, "lang": "en"}).encode()
    request = Request(f"{address}/join", words, {"Content-Type": "application/json", "Origin": address})
    with urlopen(request, timeout=WITHIN_S) as response:
        return response.headers["Set-Cookie"].partition(";")[0]


def socket(address: str, path: str, cookie: str, *subprotocols: str) -> connect:
    """One of the two sockets of a page, still to be opened."""
    return connect(
        address.replace("http", "ws", 1) + path,
        origin=address,  # pyright: ignore[reportArgumentType]
        additional_headers={"Cookie": cookie} if cookie else None,
        subprotocols=subprotocols or None,  # pyright: ignore[reportArgumentType]
        max_size=None,
        proxy=None,
        open_timeout=WITHIN_S,
    )


class ProtocolTab:
    """One session: `async with ProtocolTab(…) as tab`."""

    def __init__(self, address: str, cookie: str, query: dict[str, str]) -> None:
        self.address, self.cookie = address, cookie
        self.exceptions: list[str] = []
        """What the page has raised, with what type."""
        self.script_s: list[float] = []
        """How long each run of the page took, from asking to its end."""
        self._query = urlencode(query)
        self._page = ""
        self._elements: dict[tuple[int, ...], tuple[str, Any]] = {}
        self._states: dict[str, dict[str, Any]] = {}
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Condition()
        self._asked_at = 0.0
        self._socket: ClientConnection
        self._listening: asyncio.Task[None]

    # -- the session -------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._socket = await socket(self.address, "/_stcore/stream", self.cookie, "streamlit")
        self._listening = asyncio.create_task(self._listen())
        await self._ask()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        await self._socket.close()

    @property
    def is_open(self) -> bool:
        """Whether the server has not closed the session."""
        return not self._listening.done()

    async def until(self, condition: Callable[[], T], what: str, within_s: float = WITHIN_S) -> T:
        """The first true value of `condition()`, asked after every message; AssertionError when none comes in time."""
        try:
            async with asyncio.timeout(within_s), self._news:
                await self._news.wait_for(lambda: condition() or not self.is_open)
        except TimeoutError:
            told = f"the page says {self.exceptions or self.refusals()}"
            raise AssertionError(f"{what} did not come within {within_s:g} s; {told}") from None
        value = condition()
        assert value, f"the session ended before {what} came"
        return value

    async def _listen(self) -> None:
        try:
            async for data in self._socket:
                assert isinstance(data, bytes)
                self._take(ForwardMsg.FromString(data))
                async with self._news:
                    self._news.notify_all()
        finally:
            for timer in self._timers.values():
                timer.cancel()
            asyncio.get_running_loop().call_soon(asyncio.ensure_future, self._tell())

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._page = message.new_session.page_script_hash
            if not message.metadata.run.fragment_ids:
                self._elements = {}
                for fragment in list(self._timers):
                    self._forget_time(fragment)
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            name = element.WhichOneof("type") or ""
            self._elements[tuple(message.metadata.delta_path)] = name, getattr(element, name) if name else element
            if name == "exception":
                self.exceptions.append(f"{element.exception.type}: {element.exception.message}")
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._keep_time(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._forget_time(fragment)
        elif kind == "script_finished":
            if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self.script_s.append(time.monotonic() - self._asked_at)
            elif message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                self.exceptions.append("the page does not compile")

    def _keep_time(self, fragment: str, interval_s: float) -> None:
        self._forget_time(fragment)

        async def run() -> None:
            while True:
                await asyncio.sleep(interval_s)
                await self._ask(fragment=fragment)

        self._timers[fragment] = asyncio.create_task(run())

    def _forget_time(self, fragment: str) -> None:
        if (timer := self._timers.pop(fragment, None)) is not None:
            timer.cancel()

    # -- what a person does ------------------------------------------------------------------------------------------

    async def _ask(self, *, fragment: str = "", **pressed: Any) -> None:
        """Ask for a run of the page; `pressed` are a trigger's id and its value."""
        asked = BackMsg()
        state = asked.rerun_script
        state.query_string, state.page_script_hash, state.fragment_id = self._query, self._page, fragment
        state.is_auto_rerun = bool(fragment)
        state.context_info.locale, state.context_info.url = "en-US", self.address
        for id, value in self._states.items():
            state.widget_states.widgets.add(id=id, **value)
        if pressed:
            state.widget_states.widgets.add(**pressed)
        if not fragment:
            self._asked_at = time.monotonic()
        await self._socket.send(asked.SerializeToString())

    async def press(self, key: str) -> None:
        """Press the button with this key."""
        await self._ask(id=self._id("button", key), trigger_value=True)

    async def type(self, key: str, text: str) -> None:
        """Type into the text field with this key."""
        self._states[self._id("text_input", key)] = {"string_value": text}
        await self._ask()

    async def fire(self, event: str, **value: Any) -> None:
        """Press what the live chart tells Python about."""
        id = self._id("bidi_component", "live")
        # Streamlit tells a page of an event only where it knows a state of the component.
        self._states[id] = {"json_value": "{}"}
        pressed = json.dumps([{"event": event, "value": value}])
        await self._ask(id=f"$$STREAMLIT_INTERNAL_KEY_{id}__events", json_trigger_value=pressed)

    # -- what is on the page -----------------------------------------------------------------------------------------

    def has(self, kind: str, key: str) -> bool:
        """Whether a control with this key is on the page."""
        return self._find(kind, key) is not None

    def live(self) -> dict[str, Any]:
        """What the live chart was given, {} while it is not on the page."""
        for kind, element in self._elements.values():
            if kind == "bidi_component" and element.component_name == LIVE:
                return json.loads(element.mixed.json or element.json)
        return {}

    def refusals(self) -> list[str]:
        """What is said in red."""
        alerts = [element for kind, element in self._elements.values() if kind == "alert"]
        return [alert.body for alert in alerts if alert.format == Alert.ERROR]

    def _find(self, kind: str, key: str) -> str | None:
        """The id of a control; Streamlit puts the key at its end."""
        for name, element in self._elements.values():
            if name == kind and element.id.endswith(f"-{key}"):
                return element.id
        return None

    def _id(self, kind: str, key: str) -> str:
        id = self._find(kind, key)
        assert id is not None, f"there is no {kind} {key!r} on the page"
        return id
