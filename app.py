"""Launcher: opens the workbench, adds the live routes, serves the pages. `streamlit run app.py`."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import streamlit as st
from starlette.routing import BaseRoute, Match, Router
from starlette.types import Receive, Scope, Send
from uvicorn import Server

from core.errors import CoreError
from core.language import translator
from core.lessons.lesson import lessons
from core.live.routes import live_routes
from core.log_file import log_to
from core.studies.workbench import Workbench, use_workbench

ASSETS = Path(__file__).parent / "assets"
PAGES = Path(__file__).resolve().parent / "pages"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

# Streamlit puts the script's folder into sys.path for each run of a page and takes it out again, unless it is there.
# An import that another thread makes at that moment can miss an entry of the list and fail.
sys.path.append(str(PAGES))


class LiveRoutes(BaseRoute):
    """What lies under /live. Routes are named before the workbench is open, so the router is filled in later."""

    def __init__(self) -> None:
        self.router = Router()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        mine = scope["type"] in ("http", "websocket") and scope["path"].split("/")[1] == "live"
        return (Match.FULL if mine else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.router(scope, receive, send)


live = LiveRoutes()


def open_workbench() -> Workbench:
    """The workbench of this process; ends the process with the error's exit code when there can be none."""
    try:
        lessons()  # a file that cannot be used is named now, not in front of a class
        opened = Workbench.open()
    except CoreError as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        # The web server would answer any other exit with a traceback and code 1.
        os._exit(error.exit_code)
    return opened


def serve_live(opened: Workbench) -> None:
    """Fill the live routes with the workbench's hub and commands."""
    live.router.routes = live_routes(
        opened.hub,
        tokens=opened.tokens,
        command=lambda actor, run, kind, values: opened.command(run, kind, values, actor=actor),
        translate=translator,
        assets=ASSETS,
        hosts=LOOPBACK,
    )


def end_with_success() -> None:
    """Let Ctrl-C and SIGTERM end the server with code 0; a second one does not wait for open connections.

    By itself uvicorn raises the signal again once everything is closed, which ends the process with an error.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        server = getattr(signal.getsignal(number), "__self__", None)
        if isinstance(server, Server):
            # A viewer that has stopped reading must not hold the server for ever.
            server.config.timeout_graceful_shutdown = 2
            signal.signal(number, partial(_stop, server))


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
        serve_live(opened)
        use_workbench(opened)
        end_with_success()
        address = f"http://{st.get_option('server.address') or '127.0.0.1'}:{st.get_option('server.port')}"
        sys.stdout.write(f"Data folder: {opened.folder.path}\nAddress: {address}\n")
        sys.stdout.flush()
        with log_to(opened.folder.logs):
            yield
    finally:
        use_workbench(None)
        await asyncio.to_thread(opened.close)


app = st.App(PAGES / "shell.py", lifespan=lifespan, routes=[live])
