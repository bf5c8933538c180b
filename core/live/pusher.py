"""Sends what is new in the hub to all viewers, each increment written once per language; in brief twice a second."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from core.live.hub import Hub, Position, Reading
from core.live.protocol import encode, has_text, unknown
from core.text import Translate

INTERVAL_S = 0.06
BRIEF_INTERVAL_S = 0.5
MAX_OUTBOX_CHARS = 8_000_000

logger = logging.getLogger(__name__)


class Topic(NamedTuple):
    """What can be watched of a run: all of it, or in brief."""

    run: str
    brief: bool


class Viewer:
    """One open page: the texts that wait to be sent to it. Lives on the event loop."""

    def __init__(self, actor: str, lang: str, *, measure: bool = False) -> None:
        self.actor = actor
        self.lang = lang
        self.measure = measure
        self.joining: dict[Topic, list[str]] = {}
        self.behind: set[Topic] = set()
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

    def offer(self, topic: Topic, text: str) -> None:
        """Send an increment of a run, or, to a page that does not keep up, note that it needs a fresh history."""
        if topic in self.joining:
            self.joining[topic].append(text)
        elif topic not in self.behind:
            if self._waiting_chars + len(text) > MAX_OUTBOX_CHARS:
                self.behind.add(topic)
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

    def __init__(self, hub: Hub, translate: Callable[[str], Translate], may_watch: Callable[[str, str], bool]) -> None:
        self._hub = hub
        self._may_watch = may_watch
        self._translate = translate
        self._viewers: dict[Topic, set[Viewer]] = {}
        self._positions: dict[Topic, Position] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._due: set[str] = set()
        """Runs with news that are not told in brief yet."""

    async def subscribe(self, viewer: Viewer, run: str, position: Position | None, *, brief: bool = False) -> None:
        """Send a run from a position on, and what follows; to who may not watch it, that there is none."""
        topic = Topic(run, brief)
        viewer.joining[topic] = []
        self._viewers.setdefault(topic, set()).add(viewer)
        self._start()
        try:
            found = await asyncio.to_thread(self._may_watch, viewer.actor, run)
            found = found and await asyncio.to_thread(self._hub.known, run)
            reading = await asyncio.to_thread(self._hub.read, run, position, brief=brief) if found else None
        finally:
            followed = viewer.joining.pop(topic, [])
        if viewer not in self._viewers.get(topic, ()):
            return
        if reading is None:
            self._viewers[topic].discard(viewer)
            viewer.send(unknown(run))
            return
        self._positions.setdefault(topic, reading.position)
        viewer.send(self._encoded(reading, viewer.lang, viewer.measure))
        for text in followed:
            viewer.send(text)
        # A change between the reading and now found no position to go on from.
        self._push_topic(topic)

    def unsubscribe(self, viewer: Viewer, run: str | None = None) -> None:
        """Stop sending a run, or all."""
        for topic in [topic for topic in self._viewers if run is None or topic.run == run]:
            viewers = self._viewers[topic]
            viewers.discard(viewer)
            viewer.behind.discard(topic)
            if not viewers:
                self._viewers.pop(topic)
                self._positions.pop(topic, None)
        if not self._viewers and self._tasks:
            self._hub.attach(None)
            for task in self._tasks:
                task.cancel()
            self._tasks = []

    async def catch_up(self, viewer: Viewer) -> None:
        """Send fresh histories to a page that was too slow."""
        for topic in list(viewer.behind):
            viewer.behind.discard(topic)
            await self.subscribe(viewer, topic.run, None, brief=topic.brief)

    def _start(self) -> None:
        if self._tasks:
            return
        loop = asyncio.get_running_loop()
        changed, due = asyncio.Event(), asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed while the server stops
                loop.call_soon_threadsafe(changed.set)

        self._hub.attach(wake)
        self._tasks = [loop.create_task(self._push(changed, due)), loop.create_task(self._push_brief(due))]

    async def _push(self, changed: asyncio.Event, due: asyncio.Event) -> None:
        while True:
            await changed.wait()
            changed.clear()
            if self._hub.doubted():
                await self._ask_anew()
            runs = self._hub.changed()
            self._push_runs(runs, brief=False)
            self._due |= runs
            due.set()
            await asyncio.sleep(INTERVAL_S)

    async def _ask_anew(self) -> None:
        """Send no more of a run to who may not watch it any more."""
        for topic in list(self._viewers):
            for viewer in list(self._viewers.get(topic, ())):
                try:
                    may = await asyncio.to_thread(self._may_watch, viewer.actor, topic.run)
                except Exception:
                    logger.exception("nobody knows who may watch run %s", topic.run)
                    may = False
                if not may:
                    self.unsubscribe(viewer, topic.run)
                    viewer.send(unknown(topic.run))

    async def _push_brief(self, due: asyncio.Event) -> None:
        while True:
            await due.wait()
            due.clear()
            runs, self._due = self._due, set()
            self._push_runs(runs, brief=True)
            await asyncio.sleep(BRIEF_INTERVAL_S)

    def _push_runs(self, runs: Iterable[str], *, brief: bool) -> None:
        for run in runs:
            try:
                self._push_topic(Topic(run, brief))
            except Exception:
                # One run that cannot be written down must not silence all others. Its viewers notice the gap with
                # the next increment and ask again.
                logger.exception("the news of run %s could not be sent", run)

    def _push_topic(self, topic: Topic) -> None:
        if topic not in self._positions:
            return
        reading = self._hub.read(topic.run, self._positions[topic], brief=topic.brief)
        if reading is None or reading.position == self._positions[topic]:
            return
        self._positions[topic] = reading.position
        if topic.brief and not (
            reading.histories or reading.meta or any(len(rows.steps) for rows in reading.blocks.values())
        ):
            return  # what came is told in full only
        texts: dict[tuple[str, bool], str] = {}
        in_words = has_text([reading.meta, reading.events, reading.pictures])
        for viewer in tuple(self._viewers.get(topic, ())):
            kind = (viewer.lang if in_words else "", viewer.measure)
            if kind not in texts:
                texts[kind] = self._encoded(reading, viewer.lang, viewer.measure)
            viewer.offer(topic, texts[kind])

    def _encoded(self, reading: Reading, lang: str, measure: bool) -> str:
        return encode(reading, self._translate(lang), measure=measure)
