"""Launcher: opens the workbench, adds the live routes, serves the pages. `streamlit run app.py`."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.routing import BaseRoute, Match, Router
from starlette.types import Receive, Scope, Send
from streamlit import config
from uvicorn import Server

from core.errors import CoreError
from core.language import translator
from core.lessons.lesson import lessons
from core.live.joining import cookie_name, join_routes
from core.live.origin import LOOPBACK, own_addresses, own_names
from core.live.routes import live_routes
from core.log_file import log_to
from core.mode import MODE_VARIABLE, Mode, checked_mode
from core.studies.workbench import Workbench, use_workbench

ASSETS = Path(__file__).parent / "assets"
PAGES = Path(__file__).resolve().parent / "pages"
SIGNALS = (signal.SIGINT, signal.SIGTERM)

# Streamlit puts the script's folder into sys.path for each run of a page and takes it out again, unless it is there.
# An import that another thread makes at that moment can miss an entry of the list and fail.
sys.path.append(str(PAGES))


class LiveRoutes(BaseRoute):
    """What lies under /live and /join. They are named before the workbench is open, so the router is filled later."""

    def __init__(self) -> None:
        self.router = Router()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        mine = scope["type"] in ("http", "websocket") and scope["path"].split("/")[1:2] in (["live"], ["join"])
        return (Match.FULL if mine else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.router(scope, receive, send)


live = LiveRoutes()


def open_workbench() -> Workbench:
    """The workbench of this process; ends the process with the error's exit code when there can be none."""
    try:
        mode = checked_mode(os.environ.get(MODE_VARIABLE), address(), auth())
        lessons()  # a file that cannot be used is named now, not in front of a class
        opened = Workbench.open()
        if mode != "laptop":
            opened.open_room(mode)
    except CoreError as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        # The web server would answer any other exit with a traceback and code 1.
        os._exit(error.exit_code)
    return opened


def address() -> str | None:
    """Where this process listens; uvicorn may have been told so by itself (`uvicorn app:app`)."""
    server = uvicorn_server()
    return st.get_option("server.address") if server is None else server.config.host


def auth() -> Mapping[str, Any] | None:
    """The section of Streamlit's secrets by which people log in."""
    return st.secrets.get("auth") if st.secrets.load_if_toml_exists() else None


def hosts(mode: Mode) -> Collection[str]:
    """The names under which pages reach this server."""
    if mode == "laptop":
        return LOOPBACK
    if mode == "class":
        return own_names()
    return {*LOOPBACK, urlsplit((auth() or {})["redirect_uri"]).hostname or ""}


def serve_live(opened: Workbench) -> None:
    """Fill the routes with the workbench's hub, its commands, and the way into its room."""
    served = hosts(opened.mode)
    if opened.mode == "laptop":
        # Nobody is asked who they are: a page of another site whose name leads here (DNS rebinding) is not answered.
        config.set_option("server.allowedHosts", sorted(served))
    live.router.routes = live_routes(
        opened.hub,
        who=opened.who,
        may_watch=lambda actor, channel: opened.may_watch(channel, actor=actor),
        command=lambda actor, run, kind, values: opened.command(run, kind, values, actor=actor),
        replays=opened,
        translate=translator,
        assets=ASSETS,
        hosts=served,
    )
    room = opened.room
    if room is not None and opened.mode == "class":
        live.router.routes += join_routes(
            lambda name, code, address: room.sign(room.join(name, code, address)),
            opened.leave_room,
            cookie=cookie_name(st.get_option("server.port")),
            translate=translator,
            hosts=served,
        )


def greeting(opened: Workbench) -> str:
    """What is printed once the server answers: where the data are, and where the pages."""
    port = st.get_option("server.port")
    told = [f"Data folder: {opened.folder.path}"]
    if opened.mode != "class" or opened.room is None:
        return "\n".join([*told, f"Address: http://{st.get_option('server.address') or '127.0.0.1'}:{port}"])
    link = f"http://{next(iter(own_addresses()), '127.0.0.1')}:{port}"
    return "\n".join(
        [
            *told,
            f"Address: {link}",
            f"Room code: {opened.room.code}",
            f"Link for the class: {link}/?room={opened.room.code}",
            f"Link for the teacher (keep it to yourself): {link}/?room={opened.room.teacher_key}",
        ]
    )


def end_with_success() -> None:
    """Let Ctrl-C and SIGTERM end the server with code 0; a second one does not wait for open connections.

    By itself uvicorn raises the signal again once everything is closed, which ends the process with an error.
    """
    server = uvicorn_server()
    if server is not None:
        # A viewer that has stopped reading must not hold the server for ever.
        server.config.timeout_graceful_shutdown = 2
        for number in SIGNALS:
            signal.signal(number, partial(_stop, server))


def uvicorn_server() -> Server | None:
    """What serves this process: it handles its signals."""
    holders = (getattr(signal.getsignal(number), "__self__", None) for number in SIGNALS)
    return next((holder for holder in holders if isinstance(holder, Server)), None)


def _stop(server: Server, *_: object) -> None:
    server.force_exit = server.should_exit
    server.should_exit = True


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Hold the workbench open while the server runs; at its end, snapshots and rows are written."""
    opened = open_workbench()
    try:
        _ = opened.runner  # loads torch and starts the compute thread
        # What has been imported stays: a full collection need not walk through torch again.
        gc.collect()
        gc.freeze()
        # Pages make and drop objects all the time, and training waits for each collection.
        gc.set_threshold(5_000)
        serve_live(opened)
        use_workbench(opened)
        end_with_success()
        sys.stdout.write(f"{greeting(opened)}\n")
        sys.stdout.flush()
        with log_to(opened.folder.logs):
            yield
    finally:
        use_workbench(None)
        await asyncio.to_thread(opened.close)


app = st.App(PAGES / "shell.py", lifespan=lifespan, routes=[live])
