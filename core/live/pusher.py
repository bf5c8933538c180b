"""Sends what is new in the hub to all viewers: one asyncio task, each increment written once per language."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable

from core.live.hub import Hub, Position, Reading
from core.live.protocol import encode, has_text, unknown
from core.text import Translate

INTERVAL_S = 0.06
MAX_OUTBOX_CHARS = 8_000_000

logger = logging.getLogger(__name__)


class Viewer:
    """One open page: the texts that wait to be sent to it. Lives on the event loop."""

    def __init__(self, lang: str, *, measure: bool = False) -> None:
        self.lang = lang
        self.measure = measure
        self.joining: dict[str, list[str]] = {}
        self.behind: set[str] = set()
        self._outbox: deque[str] = deque()
        self._moment: str | None = None
        self._waiting_chars = 0
        self._filled = asyncio.Event()

    def send(self, text: str) -> None:
        """Put a text into the outbox."""
        self._outbox.append(text)
        self._waiting_chars += len(text)
        self._filled.set()

    def show(self, moment: str) -> None:
        """Send what is there of a moment of a replay, in the place of one that waits."""
        self._moment = moment
        self._filled.set()

    def offer(self, run: str, text: str) -> None:
        """Send an increment of a run, or, to a page that does not keep up, note that it needs a fresh history."""
        if run in self.joining:
            self.joining[run].append(text)
        elif run not in self.behind:
            if self._waiting_chars + len(text) > MAX_OUTBOX_CHARS:
                self.behind.add(run)
                self._filled.set()
            else:
                self.send(text)

    async def next(self) -> str | None:
        """The next text; None when the outbox has run empty and a run has to be sent afresh."""
        while not self._outbox and self._moment is None:
            if self.behind:
                return None
            self._filled.clear()
            await self._filled.wait()
        if self._moment is not None:
            moment, self._moment = self._moment, None
            return moment
        text = self._outbox.popleft()
        self._waiting_chars -= len(text)
        return text


class Pusher:
    """Knows who watches what. Every method runs on the event loop that was running at the first `subscribe`."""

    def __init__(self, hub: Hub, translate: Callable[[str], Translate]) -> None:
        self._hub = hub
        self._translate = translate
        self._viewers: dict[str, set[Viewer]] = {}
        self._positions: dict[str, Position] = {}
        self._task: asyncio.Task[None] | None = None

    async def subscribe(self, viewer: Viewer, run: str, position: Position | None) -> None:
        """Send a run from a position on, and what follows."""
        viewer.joining[run] = []
        self._viewers.setdefault(run, set()).add(viewer)
        self._start()
        try:
            found = await asyncio.to_thread(self._hub.known, run)
            reading = await asyncio.to_thread(self._hub.read, run, position) if found else None
        finally:
            followed = viewer.joining.pop(run, [])
        if viewer not in self._viewers.get(run, ()):
            return
        if reading is None:
            self._viewers[run].discard(viewer)
            viewer.send(unknown(run))
            return
        self._positions.setdefault(run, reading.position)
        viewer.send(self._encoded(reading, viewer.lang, viewer.measure))
        for text in followed:
            viewer.send(text)
        # A change between the reading and now found no position to go on from.
        self._push_run(run)

    def unsubscribe(self, viewer: Viewer, run: str | None = None) -> None:
        """Stop sending a run, or all."""
        for watched in [run] if run is not None else list(self._viewers):
            viewers = self._viewers.get(watched, set())
            viewers.discard(viewer)
            viewer.behind.discard(watched)
            if not viewers:
                self._viewers.pop(watched, None)
                self._positions.pop(watched, None)
        if not self._viewers and self._task is not None:
            self._hub.attach(None)
            self._task.cancel()
            self._task = None

    async def catch_up(self, viewer: Viewer) -> None:
        """Send fresh histories to a page that was too slow."""
        for run in list(viewer.behind):
            viewer.behind.discard(run)
            await self.subscribe(viewer, run, None)

    def _start(self) -> None:
        if self._task is not None:
            return
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed while the server stops
                loop.call_soon_threadsafe(changed.set)

        self._hub.attach(wake)
        self._task = loop.create_task(self._push(changed))

    async def _push(self, changed: asyncio.Event) -> None:
        while True:
            await changed.wait()
            changed.clear()
            for run in self._hub.changed():
                try:
                    self._push_run(run)
                except Exception:
                    # One run that cannot be written down must not silence all others. Its viewers notice the gap with
                    # the next increment and ask again.
                    logger.exception("the news of run %s could not be sent", run)
            await asyncio.sleep(INTERVAL_S)

    def _push_run(self, run: str) -> None:
        if run not in self._positions:
            return
        reading = self._hub.read(run, self._positions[run])
        if reading is None or reading.position == self._positions[run]:
            return
        self._positions[run] = reading.position
        texts: dict[tuple[str, bool], str] = {}
        in_words = has_text([reading.meta, reading.events, reading.pictures])
        for viewer in tuple(self._viewers.get(run, ())):
            kind = (viewer.lang if in_words else "", viewer.measure)
            if kind not in texts:
                texts[kind] = self._encoded(reading, viewer.lang, viewer.measure)
            viewer.offer(run, texts[kind])

    def _encoded(self, reading: Reading, lang: str, measure: bool) -> str:
        return encode(reading, self._translate(lang), measure=measure)
