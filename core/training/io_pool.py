"""IoPool: threads for work that does not compute, such as a download, and may hang."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


class IoPool:
    """At most `num_threads` threads, which nobody waits for.

    The standard library's pools join their threads when the interpreter ends: a server that has stopped answering
    would hold the program for as long as its connection takes to time out.
    """

    def __init__(self, num_threads: int, name: str) -> None:
        self._num_threads, self._name = num_threads, name
        self._queue: queue.SimpleQueue[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]] | None]
        self._queue = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Call a function in one of the threads; after `close` its future is cancelled."""
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                future.cancel()
                return future
            self._queue.put((future, function, arguments))
            if len(self._threads) < self._num_threads:
                number = len(self._threads)
                thread = threading.Thread(target=self._work, name=f"{self._name}-{number}", daemon=True)
                self._threads.append(thread)
                thread.start()
        return future

    def close(self) -> None:
        """Cancel what waits and let the threads end; what is being done is not waited for."""
        with self._lock:
            self._closed = True
        while True:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                break
            if waiting is not None:
                waiting[0].cancel()
        for _ in self._threads:
            self._queue.put(None)

    def _work(self) -> None:
        while self._take_turn():
            pass

    def _take_turn(self) -> bool:
        # What a call has used and given is let go of when this returns, before the next one is waited for.
        item = self._queue.get()
        if item is None:
            return False
        future, function, arguments = item
        if future.set_running_or_notify_cancel():
            try:
                result = function(*arguments)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
        return True
