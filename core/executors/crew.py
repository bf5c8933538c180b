"""Crew: several processes that share the updates of one run, put together by Ray Train.

To the owner it looks like a worker. The first process leads and tells; the others follow it (`core.training.parallel`).
"""

from __future__ import annotations

import os
import queue
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import torch.distributed as dist
from torch.distributed import TCPStore

from core.catalog.datasets.dataset import Samples
from core.executors.outbox import Told
from core.executors.worker import LaneSink, Order, Worker
from core.training.command import Command
from core.training.events import Outcome
from core.training.parallel import follow, lead, release
from core.training.run import Run

WAITS_S = 7 * 24 * 60 * 60
"""So long the others wait for the first process, which may be paused."""


class Crew:
    """As `Worker`; Ray Train starts the processes anew for each run."""

    def __init__(self) -> None:
        self._told: queue.SimpleQueue[list[Told] | BaseException | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._commands: list[Command] = []
        self._place: Future[tuple[str, int]] = Future()

    def command(self, key: str, command: Command) -> None:
        """Keep a command for the first process."""
        with self._lock:
            self._commands.append(command)

    def train(self, key: str, order: Order, samples: Samples, commands: Sequence[Command]) -> Iterator[list[Told]]:
        """Train a run to its end; what is new, again and again."""
        with self._lock:
            self._commands[:0] = commands
        import ray

        crew = ray.get_runtime_context().current_actor
        shared = {"crew": crew, "order": order, "samples": ray.put(samples)}
        threading.Thread(target=self._fit, args=(shared, order), daemon=True).start()
        while (told := self._told.get()) is not None:
            if isinstance(told, BaseException):
                raise told
            yield told

    def meet_at(self, place: tuple[str, int]) -> None:
        """The first process waits for the others there."""
        self._place.set_result(place)

    def meeting_place(self) -> tuple[str, int]:
        """Where the first process waits, as soon as it does."""
        return self._place.result()

    def exchange(self, told: list[Told]) -> list[Command]:
        """What the first process tells, for what it is told."""
        if told:
            self._told.put(told)
        with self._lock:
            commands, self._commands = self._commands, []
        return commands

    def _fit(self, shared: dict[str, Any], order: Order) -> None:
        from ray.train import RunConfig, ScalingConfig
        from ray.train.backend import Backend
        from ray.train.torch import TorchConfig, TorchTrainer

        class Alone(TorchConfig):
            """Ray Train's own way to let processes meet listens on every network, and asks nobody for a token."""

            backend_cls = Backend  # type: ignore[assignment]

        place = tempfile.mkdtemp(prefix="saddlepoint-")
        try:
            TorchTrainer(
                _process,
                train_loop_config=shared,
                torch_config=Alone(),
                scaling_config=ScalingConfig(num_workers=order.processes, resources_per_worker={"CPU": 1}),
                run_config=RunConfig(storage_path=place),
            ).fit()
            self._told.put(None)
        except BaseException as error:
            self._told.put(error)
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _process(shared: dict[str, Any]) -> None:
    """What each process does."""
    import ray
    from ray.train import get_context

    _meet(shared["crew"], get_context().get_world_rank(), get_context().get_world_size())
    order: Order = shared["order"]
    samples: Any = ray.get(shared["samples"])
    if get_context().get_world_rank():
        follow(order.built(samples))
        return
    worker, crew = Leader(), shared["crew"]
    for told in worker.train("", order, samples, ray.get(crew.exchange.remote([]))):
        for command in ray.get(crew.exchange.remote(told)):
            worker.command("", command)
    if not worker.leading.is_followed:
        raise RuntimeError("the run has failed, or was stopped before it began")  # With this process the others end.
    release()


def _meet(crew: Any, rank: int, world: int) -> None:
    """Let the processes of a crew know each other, at the address by which their machines know each other."""
    import psutil
    import ray

    host = ray.util.get_node_ip_address()
    names = [name for name, known in psutil.net_if_addrs().items() if host in [each.address for each in known]]
    os.environ["GLOO_SOCKET_IFNAME"] = names[0]
    if rank == 0:
        listening = socket.create_server((host, 0))
        port = listening.getsockname()[1]
        mine = {"wait_for_workers": False, "master_listen_fd": listening.detach(), "use_libuv": False}
        store = TCPStore(host, port, world, is_master=True, **mine)
        ray.get(crew.meet_at.remote((host, port)))
    else:
        host, port = ray.get(crew.meeting_place.remote())
        store = TCPStore(host, port, world, is_master=False, use_libuv=False)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=world, timeout=timedelta(seconds=WAITS_S))


class Leader(Worker):
    """The first process."""

    idle_s = 0.2
    leading: _Leading

    def sink(self, lane: Any, order: Order) -> LaneSink:
        """One that lets the others take part once its run is built."""
        self.leading = _Leading(lane, order)
        return self.leading


class _Leading(LaneSink):
    _is_leading = False

    @property
    def is_followed(self) -> bool:
        """Whether the others wait for the next update: they have begun, and are not in the middle of one."""
        return self._is_leading and self.outcome is not None and self.outcome.state != "failed"

    def state(self, state: str, run: Run | None, outcome: Outcome | None) -> None:
        if run is not None and not self._is_leading:
            self._is_leading = True
            lead(run)
        super().state(state, run, outcome)
