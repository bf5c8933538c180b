"""A run of eight that race is branched on the Compare page of the real app, in a headless Chromium on the same machine:
from the press of “Branch here” until parent and branch both move, and what that time goes to.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from playwright.sync_api import WebSocket

from bench.calibration import load
from bench.figure import Figure
from bench.race_on_screen import KEYS, race
from tests.serving import Server, serving

BAR_S = 1.0
NUM_FORKS = 5
LONG_EPOCHS = 400
BOTH_MOVE = """([parent, before]) => {
  const points = (pick) => (document.querySelector(".sp-plot-main").data.find(pick) ?? { x: [] }).x.length;
  return points(({ uid }) => /^f.* main$/.test(uid)) >= 2 && points(({ uid }) => uid === `${parent} main`) > before;
}"""
POINTS = (
    """(parent) => document.querySelector(".sp-plot-main").data.find(({ uid }) => uid === `${parent} main`).x.length"""
)


@dataclass
class Course:
    """When (`time.perf_counter()`) the page sent the request for a branch, and when it had the answer."""

    sent_at: float = 0.0
    answered_at: float = 0.0
    numbers: set[int] = field(default_factory=set)

    def listen(self, socket: WebSocket) -> None:
        """Note what passes over the live socket; Streamlit's own is none of our business."""
        if socket.url.endswith("/live"):
            socket.on("framesent", self._sent)
            socket.on("framereceived", self._received)

    def _sent(self, text: str | bytes) -> None:
        message = json.loads(text)
        if message["type"] == "command" and message["kind"] == "fork":
            self.sent_at = time.perf_counter()
            self.numbers.add(message["number"])

    def _received(self, text: str | bytes) -> None:
        message = json.loads(text)
        if message["type"] == "received" and message["number"] in self.numbers:
            self.answered_at = time.perf_counter()


def fork(server: Server) -> tuple[float, float, float]:
    """Seconds from the press until the request is on its way, until it is answered, and until both lines have grown."""
    parent, course = KEYS.index("adam"), Course()
    with race(server, pace="1 min", listen=course.listen, epochs=LONG_EPOCHS, evaluate_every=2) as page:
        page.locator(f'[data-key="v{parent}"] .sp-branch').click()
        page.locator(".sp-branch-value input").fill("0.003")
        before = page.evaluate(POINTS, f"v{parent}")
        begin = time.perf_counter()
        page.locator(".sp-branch-form button[type=submit]").click()
        page.wait_for_function(BOTH_MOVE, arg=[f"v{parent}", before])
        end = time.perf_counter()
    return course.sent_at - begin, course.answered_at - begin, end - begin


def measure() -> list[Figure]:
    """The median of some forks, in seconds."""
    with TemporaryDirectory() as folder, serving(Path(folder) / "data") as server:
        forks = np.array(sorted((fork(server) for _ in range(NUM_FORKS)), key=lambda times: times[-1]))
    sent, answered, both = np.median(forks, axis=0)
    detail = (
        f"median of {NUM_FORKS}, {forks[0, -1]:.2f} to {forks[-1, -1]:.2f} s; asked after {1e3 * sent:.0f} ms, stored "
        f"after {1e3 * answered:.0f} ms; evaluations every 2 updates, a minute a run; {load()}"
    )
    return [Figure("fork, press to both curves moving", float(both), BAR_S, False, "s", detail)]


if __name__ == "__main__":
    for figure in measure():
        print(figure)
