"""Training speed with 30 live listeners against none: the real app, and the listeners in a process of their own.

The run is started in a browser, which is then closed: nobody else watches. Steps are counted between two stamps, each
taken when an optimizer's step had returned, which a probe reads at the ends of a spell; during a spell there is no
probe. Spells without and with listeners take turns, and each one with is compared with its two neighbours without.
"""

from __future__ import annotations

import base64
import json
import threading
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from websockets.sync.client import connect

from bench.calibration import load
from bench.crowd import crowd, hello
from bench.figure import Figure
from bench.tab import opened
from tests.serving import Server, serving

NUMBER = 30
SPELLS = 7
SPELL_S = 5.0
WAIT_S = 60.0
BAR = 0.9
CASES = {
    "default preset": {"epochs": 100_000},
    "CNN B2(b)": {"dataset": "mnist_5000", "architecture": "cnn", "epochs": 100_000},
}


def newest(server: Server, token: str, run: str) -> tuple[int, float]:
    """The newest step of a run and the time at which its optimizer's step returned."""
    url = server.address.replace("http", "ws", 1) + "/live"
    with connect(url, origin=server.address, max_size=None, proxy=None, open_timeout=WAIT_S) as socket:  # type: ignore[arg-type]
        for text in hello(token, run, measure=True):
            socket.send(text)
        while True:
            message = json.loads(socket.recv(timeout=WAIT_S))
            block = message.get("blocks", {}).get("update")
            if block:
                return tuple(_last(block[name]) for name in ("steps", "stamps"))  # type: ignore[return-value]


def _last(array: dict[str, str]) -> float:
    return np.frombuffer(base64.b64decode(array["data"]), dtype=array["dtype"])[-1].item()


def speed(server: Server, token: str, run: str, listeners: AbstractContextManager[None]) -> float:
    """Steps a second of a spell."""
    with listeners:
        step, stamp = newest(server, token, run)
        threading.Event().wait(SPELL_S)
        later_step, later_stamp = newest(server, token, run)
    return (later_step - step) / (later_stamp - stamp)


def compare(name: str, query: dict[str, Any]) -> Figure:
    """The speed with listeners ÷ the speed without."""
    with TemporaryDirectory() as folder, serving(Path(folder) / "data") as server:
        with opened(server, **query) as tab:
            tab.start()
            tab.choose("max")
            token, run = tab.latest("hello")["token"], tab.latest("subscribe")["run"]
        alone, watched = [speed(server, token, run, nullcontext())], []
        for _ in range(SPELLS):
            watched.append(speed(server, token, run, crowd(server, token, run, NUMBER)))
            alone.append(speed(server, token, run, nullcontext()))
        assert server.interrupt(within_s=30) == 0
    shares = [with_them / ((a + b) / 2) for with_them, (a, b) in zip(watched, pairwise(alone), strict=True)]
    detail = (
        f"{median(watched):.0f} steps/s with, {median(alone):.0f} without; median of {SPELLS} spells of {SPELL_S:g} s, "
        f"{min(shares):.2f} to {max(shares):.2f}; the listeners on the same machine; {load()}"
    )
    return Figure(f"{NUMBER} live listeners, {name}", median(shares), BAR, True, "of the speed without", detail)


def measure() -> list[Figure]:
    """One share an experiment."""
    return [compare(name, query) for name, query in CASES.items()]


if __name__ == "__main__":
    for figure in measure():
        print(figure)
