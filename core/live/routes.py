"""The routes of the live chart: the socket `/live`, plotly.js, and the chart's own files.

Neither Streamlit's login nor its origin check covers a route, so the socket takes only pages whose `Origin` is the host
that was asked, and only people with a token that one of our pages made.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Collection, Hashable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.errors import BadInput, CoreError
from core.live import protocol
from core.live.assets import Asset, Assets, plotly_js, plotly_version
from core.live.hub import BRIEF, GROUPS, Hub, Position
from core.live.meta import Moment
from core.live.origin import same_origin
from core.live.pusher import Pusher, Viewer
from core.text import Text, Translate, untranslated

HELLO_TIMEOUT_S = 10
MAX_RUNS_A_PAGE = 64
"""Forty runs of a comparison, the comparison itself, and what has branched from them."""
BAD_MESSAGE, BAD_TOKEN = 4400, 4401
FOREVER = "public, max-age=31536000, immutable"

CommandHandler = Callable[[str, str, str, dict[str, Any]], None]
logger = logging.getLogger(__name__)


class Replays(Protocol):
    """Shows a viewer what runs that are over were like; see `core.studies.playback`."""

    def seek(
        self, run: str, step: int, viewer: Hashable, show: Callable[[Moment | CoreError], None], *, actor: str
    ) -> None: ...
    def leave_replay(self, viewer: Hashable) -> None: ...


def live_routes(
    hub: Hub,
    *,
    who: Callable[[str], str | None],
    may_watch: Callable[[str, str], bool],
    command: CommandHandler,
    replays: Replays,
    translate: Callable[[str], Translate],
    assets: Assets | Path,
    hosts: Collection[str] | None = None,
) -> list[BaseRoute]:
    """All routes of the live chart.

    `who(token)` says whose page has opened a socket, None for nobody's. `may_watch(actor, channel)` says whether
    somebody may see a channel of the hub; one that they may not looks like one that is not there. `command(actor, run,
    kind, values)` and `replays.seek` are called in a worker thread and should return quickly; a CoreError that they
    raise is shown to the person. `hosts` are the host names served, None for any that equals its page's origin.
    """
    files = assets if isinstance(assets, Assets) else Assets(assets)

    def in_language(lang: str) -> Translate:
        try:
            return translate(lang)
        except BadInput:
            return untranslated  # a page may ask for any language, and nobody else may notice

    pusher = Pusher(hub, in_language, may_watch)
    plotly: list[Asset] = []

    async def live(websocket: WebSocket) -> None:
        if not same_origin(websocket.headers.get("origin"), websocket.headers.get("host"), hosts):
            await websocket.close()
            return
        await websocket.accept()
        await _Session(websocket, pusher, who, command, replays, in_language).run()

    async def asset(request: Request) -> Response:
        found = files.get(request.path_params["name"])
        if found is None or request.path_params["version"] != files.version:
            return Response(status_code=404)
        return await _response(request, found, FOREVER)

    async def plotly_file(request: Request) -> Response:
        if not plotly:
            plotly.append(await asyncio.to_thread(plotly_js))
        fresh = request.query_params.get("v") == plotly_version()
        return await _response(request, plotly[0], FOREVER if fresh else "no-cache")

    return [
        WebSocketRoute("/live", live),
        Route("/live/plotly.min.js", plotly_file, methods=["GET"]),
        Route("/live/assets/{version}/{name:path}", asset, methods=["GET"]),
    ]


class _Session:
    """One socket from its hello to its end."""

    def __init__(
        self,
        websocket: WebSocket,
        pusher: Pusher,
        who: Callable[[str], str | None],
        command: CommandHandler,
        replays: Replays,
        translate: Callable[[str], Translate],
    ) -> None:
        self._websocket = websocket
        self._pusher = pusher
        self._who = who
        self._command = command
        self._replays = replays
        self._translate = translate
        self._runs: set[str] = set()

    async def run(self) -> None:
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                hello = await self._receive()
            if not isinstance(hello, protocol.Hello) or (actor := self._who(hello.token)) is None:
                await self._websocket.close(BAD_TOKEN)
                return
        except (protocol.BadMessage, TimeoutError):
            await self._websocket.close(BAD_MESSAGE)
            return
        except WebSocketDisconnect:
            return
        viewer = Viewer(actor, hello.lang, measure=hello.measure)
        viewer.send(protocol.welcome(time.time()))
        sender = asyncio.create_task(self._send(viewer))
        try:
            while True:
                message = await self._receive()
                # A token may end before its socket does: somebody has left, or the room has a new code.
                if self._who(hello.token) is None:
                    await self._websocket.close(BAD_TOKEN)
                    return
                await self._handle(message, viewer)
        except protocol.BadMessage:
            await self._websocket.close(BAD_MESSAGE)
        except WebSocketDisconnect:
            pass
        finally:
            self._pusher.unsubscribe(viewer)
            self._replays.leave_replay(viewer)
            sender.cancel()

    async def _receive(self) -> protocol.Message:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        text = message.get("text")
        if text is None:
            raise protocol.BadMessage("not a text")
        return protocol.parse(text)

    async def _send(self, viewer: Viewer) -> None:
        try:
            while True:
                text = await viewer.next()
                if text is None:
                    await self._pusher.catch_up(viewer)
                else:
                    await self._websocket.send_text(text)
        except (WebSocketDisconnect, RuntimeError):
            return  # the page went away; the receiving side ends the session

    async def _handle(self, message: protocol.Message, viewer: Viewer) -> None:
        match message:
            case protocol.Subscribe():
                self._runs.add(message.run)
                if len(self._runs) > MAX_RUNS_A_PAGE:
                    raise protocol.BadMessage("too many runs")
                position = None
                if message.lineage is not None and message.rows is not None:
                    known: dict[str, int] = {**message.rows}
                    rows = {group: known.get(group, 0) for group in (BRIEF if message.brief else GROUPS)}
                    position = Position(message.lineage, rows)
                await self._pusher.subscribe(viewer, message.run, position, brief=message.brief)
            case protocol.Unsubscribe():
                self._runs.discard(message.run)
                self._pusher.unsubscribe(viewer, message.run)
            case protocol.Pause():
                self._runs.clear()
                self._pusher.unsubscribe(viewer)
            case protocol.Command():
                why_not = await self._refusal(
                    message, viewer, self._command, viewer.actor, message.run, message.kind, message.values
                )
                viewer.send(why_not or protocol.received(message.number))
            case protocol.Seek():
                show = self._shower(message, viewer)
                seek = partial(self._replays.seek, message.run, message.step, viewer, show, actor=viewer.actor)
                if (why_not := await self._refusal(message, viewer, seek)) is not None:
                    viewer.send(why_not)
            case protocol.Hello():
                raise protocol.BadMessage("hello twice")

    async def _refusal(
        self, message: protocol.Command | protocol.Seek, viewer: Viewer, do: Callable[..., None], *values: Any
    ) -> str | None:
        """Do in a worker thread what was asked for; the answer that it was refused, or None."""
        try:
            await asyncio.to_thread(do, *values)
        except CoreError as error:
            return protocol.refused(message.number, error, self._translate(viewer.lang))
        except Exception:
            logger.exception("%s of run %s", message.type, message.run)
            error = CoreError(
                Text("The command could not be carried out."),
                Text("The program met an error of its own; it is in the log."),
                Text("Reload the page and try again."),
            )
            return protocol.refused(message.number, error, self._translate(viewer.lang))
        return None

    def _shower(self, message: protocol.Seek, viewer: Viewer) -> Callable[[Moment | CoreError], None]:
        """Sends what is there of a moment, called from any thread."""
        loop, translate = asyncio.get_running_loop(), self._translate(viewer.lang)

        def send(there: Moment | CoreError) -> None:
            write = protocol.refused if isinstance(there, CoreError) else protocol.moment
            viewer.show(write(message.number, there, translate))  # type: ignore[arg-type]

        def show(there: Moment | CoreError) -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed while the server stops
                loop.call_soon_threadsafe(send, there)

        return show


async def _response(request: Request, asset: Asset, cache: str) -> Response:
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(
            await asyncio.to_thread(lambda: asset.compressed), headers=headers, media_type=asset.content_type
        )
    return Response(asset.content, headers=headers, media_type=asset.content_type)
