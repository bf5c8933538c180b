"""Replay: from the question what a stored run of 10 000 updates was like after one of them to a picture on the socket.

The real app, the run trained by it before, and a page's side of the live socket: what a browser adds is one drawing.
Every question is for another update, at random, and is asked when the answer to the one before is complete. The first
picture may be of an update before the one asked for, and says so; that of the very update follows, and is measured too.
First no state of the run is known but its snapshots; then, after one playing from end to end, those on its way as well.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from playwright.sync_api import expect
from websockets.sync.client import ClientConnection, connect

from bench.calibration import load
from bench.crowd import hello
from bench.figure import Figure
from bench.tab import opened
from tests.serving import Server, serving

BAR_MS = 300.0
NUMBER = 100
UPDATES = 10_000
EXPERIMENT = {"dataset": "moons", "epochs": 2_000}
"""Two moons with 5 updates an epoch."""
TRAINED_WITHIN_MS = 300_000
WAIT_S = 60.0
PLAYED = range(0, UPDATES, 50)


class Viewer:
    """A page's side of the live socket."""

    def __init__(self, socket: ClientConnection, run: str) -> None:
        self.socket, self.run, self.number = socket, run, 0

    def seek(self, step: int) -> tuple[float, int, float]:
        """Seconds to the first picture, the update it shows, and seconds to that of the update asked for."""
        self.number += 1
        begin = time.perf_counter()
        self.socket.send(json.dumps({"type": "seek", "number": self.number, "run": self.run, "step": step}))
        shown, first_s = self.moment(), time.perf_counter() - begin
        first = shown
        while shown["step"] != step:
            shown = self.moment()
        return first_s, first["step"], time.perf_counter() - begin

    def moment(self) -> dict[str, Any]:
        """The next answer to the newest question."""
        while True:
            message = json.loads(self.socket.recv(timeout=WAIT_S))
            assert message["type"] != "refused", message
            if message["type"] == "moment" and message["number"] == self.number:
                assert message["pictures"]["boundary"]["winner"]["data"]
                return message


def trained(server: Server) -> tuple[str, str]:
    """A token, and the id of a run of so many updates that is over."""
    with opened(server, **EXPERIMENT) as tab:
        tab.choose("max")
        tab.primary.click()
        expect(tab.where).to_contain_text("finished", timeout=TRAINED_WITHIN_MS)
        assert tab.step == UPDATES
        return tab.latest("hello")["token"], tab.latest("subscribe")["run"]


def figure(name: str, seeks: list[tuple[float, int, float]], steps: list[int]) -> Figure:
    """The 95 % quantile of the seconds to a first picture."""
    first, exact = (1e3 * np.array([seek[place] for seek in seeks]) for place in (0, 2))
    behind = np.array([step - seek[1] for step, seek in zip(steps, seeks, strict=True)])
    detail = (
        f"p50 {np.median(first):.0f} ms, longest {first.max():.0f} ms; {np.mean(behind == 0):.0%} of the first are of "
        f"the very update, p95 {np.quantile(behind, 0.95):.0f} updates before it; that of the very update p50 "
        f"{np.median(exact):.0f} ms, p95 {np.quantile(exact, 0.95):.0f} ms; {len(seeks)} updates at random; {load()}"
    )
    return Figure(
        f"replay of {UPDATES} updates, {name}, p95", float(np.quantile(first, 0.95)), BAR_MS, False, "ms", detail
    )


def measure() -> list[Figure]:
    """Before and after the run has been played once."""
    steps = np.random.default_rng(0).choice(UPDATES, size=2 * NUMBER, replace=False).tolist()
    with TemporaryDirectory() as folder, serving(Path(folder) / "data") as server:
        token, run = trained(server)
        url = server.address.replace("http", "ws", 1) + "/live"
        with connect(url, origin=server.address, max_size=None, proxy=None, open_timeout=WAIT_S) as socket:  # type: ignore[arg-type]
            for text in hello(token, run):
                socket.send(text)
            viewer = Viewer(socket, run)
            figures = []
            for name, chosen in (("from its snapshots", steps[:NUMBER]), ("after it was played", steps[NUMBER:])):
                figures.append(figure(name, [viewer.seek(step) for step in chosen], chosen))
                for step in PLAYED:
                    viewer.seek(step)
    return figures


if __name__ == "__main__":
    for measured in measure():
        print(measured)
