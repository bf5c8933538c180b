"""Cluster: Ray as the owner of the runs sees it. It is reached at the first use, and let go of with the program.

`RAY_ADDRESS` names a cluster that is there; without it one is started on this machine, for this process only. It
listens on the loopback and asks for a token, unless `RAY_AUTH_MODE` says otherwise; its dashboard is off. What it
writes lies in the data folder.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.catalog.datasets.dataset import Samples
from core.errors import BadInput, CoreError
from core.executors.choice import RAY, checked_executor
from core.executors.worker import Worker
from core.text import Text

ROOT = Path(__file__).parents[2]
STORE_BYTES = 512 * 2**20
"""Of memory that the processes of a local cluster share: samples and snapshots pass through it."""
LONGEST_PLACE = 40
"""Letters of a folder in which Ray can make its sockets: the whole path of one has at most 107."""
GPU_SHARE = 0.25
"""Of a GPU for each run: a small network leaves most of it idle."""
MOST_SAMPLES = 4
"""So many data sets are held for the workers."""
LETTERS = 300
NOT_SENT = ["/.?*", "/tests", "/bench", "/docs", "__pycache__"]
"""What no worker needs of this program. “/.*” would be the folder itself, too, which Ray calls “.”."""
LOOK_AGAIN_S = 0.5
"""So often somebody who waits for a new worker looks whether another one has become idle."""
CLOSING_S = 30.0
AWAY_S = 24 * 60 * 60
"""So long the head of a cluster may be away before Ray ends this whole program, by itself after a minute."""


@dataclass(frozen=True)
class Node:
    """One machine of the cluster: its name, and of each resource how much it has."""

    name: str
    is_alive: bool
    cpus: float
    gpus: float
    memory_bytes: float


@dataclass(frozen=True)
class View:
    """What is known of a cluster; `cpus_free` and `gpus_free` of all its machines together."""

    address: str
    is_own: bool
    nodes: tuple[Node, ...]
    cpus_free: float
    gpus_free: float


class Cluster:
    """`workers` is how many runs train at once, until it is reached; None: as many as there is room for then."""

    def __init__(self, folder: Path, workers: int | None = None) -> None:
        self._folder, self.workers = folder, workers
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._place: Path | None = None
        self._is_connected = self._is_own = False
        self._handed: dict[int, tuple[Samples, Any]] = {}
        self._idle: list[Any] = []
        self._ended: set[Any] = set()
        self._num_using = self._room = 0
        self._places = threading.Semaphore(0)
        self._gathering = threading.Lock()
        self._leaving = threading.Condition()
        self._num_followed = 0

    @property
    def is_connected(self) -> bool:
        """Whether Ray has been reached."""
        return self._is_connected

    def connect(self) -> Cluster:
        """Reach the cluster, or start one here, which takes some seconds; CoreError says why that failed."""
        checked_executor(RAY)
        with self._lock:
            if not self._is_connected:
                reached: Future[None] = Future()
                self._thread = threading.Thread(target=self._hold, args=(reached,), name="ray", daemon=True)
                self._thread.start()
                try:
                    reached.result()
                except Exception as error:
                    raise _unreachable(error) from error
                self._is_connected = True
        return self

    def _hold(self, reached: Future[None]) -> None:
        """Hold the cluster, from first to last in one thread: with it the processes of a local one end.

        Not in the main one, in which Ray would take the signals that end this program.
        """
        try:
            self._connect()
        except BaseException as error:
            reached.set_exception(error)
            return
        reached.set_result(None)
        self._closing.wait()
        import ray

        ray.shutdown()

    def _connect(self) -> None:
        address = os.environ.get("RAY_ADDRESS")
        self._is_own = address is None
        ray = imported(address)
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if address is None:
            self._start_here(quiet)
        else:
            # Machines of a cluster need what is required, and get this program.
            ray.init(address, runtime_env={"working_dir": str(ROOT), "excludes": NOT_SENT}, **quiet)
        self._room = self.workers or max(1, int(self._total("GPU") / GPU_SHARE or self._total("CPU")))
        self._places = threading.Semaphore(self._room)

    def _start_here(self, quiet: Mapping[str, Any]) -> None:
        import ray

        here = self._folder / "ray"
        is_short = len(str(here.resolve())) <= LONGEST_PLACE
        self._place = here if is_short else Path(tempfile.mkdtemp(prefix="saddlepoint-"))
        self._place.mkdir(exist_ok=True)
        # Its processes find this program, wherever the command was typed, and leave nothing elsewhere.
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        with _set(PYTHONPATH=paths, TMPDIR=str(self._place.resolve())):
            ray.init(
                num_cpus=self.workers,
                include_dashboard=False,
                object_store_memory=STORE_BYTES,
                _temp_dir=str(self._place.resolve()),
                **quiet,
            )

    def close(self) -> None:
        """Let go of the cluster; one that was started here ends, with all its processes.

        Ray ends this whole program when somebody asks it for news after that: so whoever follows a run leaves first.
        """
        with self._leaving:
            self._leaving.wait_for(lambda: not self._num_followed, CLOSING_S)
        with self._lock:
            if not self._is_connected:
                return
            self._is_connected = False
            self._handed.clear()
            self._closing.set()
            self._thread.join(CLOSING_S)
            # While Ray still ends, which takes long on a busy machine, it needs its files.
            if self._place is not None and not self._thread.is_alive():
                shutil.rmtree(self._place, ignore_errors=True)

    # -- runs ----------------------------------------------------------------------------------------------------

    @property
    def device(self) -> str:
        """Where runs compute: on GPUs where the cluster has any."""
        return "cuda" if self._total("GPU") else "cpu"

    @contextmanager
    def followed(self) -> Iterator[None]:
        """While a run is followed."""
        with self._leaving:
            self._num_followed += 1
        try:
            yield
        finally:
            with self._leaving:
                self._num_followed -= 1
                self._leaving.notify_all()

    @contextmanager
    def worker(self, is_wanted: Callable[[], bool]) -> Iterator[Any]:
        """A process that trains nothing else meanwhile; it may have trained before, and loaded what that takes.

        None when it is wanted no more before it is there.
        """
        with self._places:
            with self._lock:
                self._num_using += 1
            worker = None
            try:
                worker = self._free_worker(is_wanted)
                yield worker
            except BaseException:
                if worker is not None:
                    self.end(worker)
                raise
            finally:
                with self._lock:
                    self._num_using -= 1
                    if worker is not None and worker._actor_id not in self._ended:
                        self._idle.append(worker)
                    # Whoever shares a cluster with others keeps nothing of it that is not used.
                    surplus = [] if self._is_own or self._num_using else self._idle.copy()
                for each in surplus:
                    self.end(each)

    def _free_worker(self, is_wanted: Callable[[], bool]) -> Any:
        """An idle or a new one, whichever is there first: a new one may wait for the core that an idle one holds."""
        import ray

        idle: Any = None
        made: Any = None
        starts: list[Any] = []
        try:
            while is_wanted():
                with self._lock:
                    idle = self._idle.pop() if self._idle else None
                if idle is not None:
                    break
                if made is None:
                    share = {"num_cpus": 1, "num_gpus": GPU_SHARE if self.device == "cuda" else 0, "max_concurrency": 2}
                    made = ray.remote(Worker).options(**share).remote()
                    starts = [made.__ray_ready__.remote()]
                if ray.wait(starts, timeout=LOOK_AGAIN_S)[0]:
                    idle, made = made, None
                    break
        finally:
            if made is not None:
                self.end(made)
        return idle

    @contextmanager
    def crew(self, processes: int) -> Iterator[Any]:
        """What puts so many processes together for one run, and ends with them."""
        import ray

        from core.executors.crew import Crew

        with ExitStack() as places:
            with self._gathering:  # Two that each wait for the places of the other would wait for ever.
                for _ in range(processes):
                    places.enter_context(self._places)
            with self._lock:
                idle = self._idle.copy()
            for each in idle:
                self.end(each)  # They hold cores that Ray would not give to others.
            made: Any = ray.remote(Crew).options(num_cpus=0, max_concurrency=8).remote()
            places.callback(self.end, made)
            yield made

    def check_room(self, processes: int) -> None:
        """BadInput where so many processes would wait for ever."""
        room = min(self._room, int(self._total("CPU")))
        if processes > room:
            raise BadInput(
                Text("{count} processes cannot share one run.", count=processes),
                Text("The cluster has room for {room}.", room=room),
                Text("Ask for fewer, or for more machines."),
            )

    def handed(self, samples: Samples) -> Any:
        """Samples where all workers find them: they travel to a machine once."""
        import ray

        with self._lock:
            if id(samples) not in self._handed:
                while len(self._handed) >= MOST_SAMPLES:
                    del self._handed[next(iter(self._handed))]
                self._handed[id(samples)] = samples, ray.put(samples)
            return self._handed[id(samples)][1]

    def end(self, worker: Any) -> None:
        """End a worker."""
        import ray

        with self._lock:
            self._ended.add(worker._actor_id)
            self._idle = [each for each in self._idle if each is not worker]
            if self._is_connected:
                ray.kill(worker)

    def _total(self, resource: str) -> float:
        import ray

        return ray.cluster_resources().get(resource, 0.0)

    def view(self) -> View | None:
        """What the cluster has; None while none is connected."""
        if not self._is_connected:
            return None
        import ray

        free = ray.available_resources()
        nodes = tuple(
            Node(
                node["NodeManagerHostname"],
                bool(node["Alive"]),
                node["Resources"].get("CPU", 0.0),
                node["Resources"].get("GPU", 0.0),
                node["Resources"].get("memory", 0.0),
            )
            for node in ray.nodes()
        )
        address = ray.get_runtime_context().gcs_address
        return View(address, self._is_own, nodes, free.get("CPU", 0.0), free.get("GPU", 0.0))


def imported(address: str | None = None) -> Any:
    """Ray, which reads as it is imported how it is to listen, and how long to wait for its cluster (None: its own)."""
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address is None:
        # A name from Ray's source: without a cluster beyond this machine all of it listens on the loopback only.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        if not {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & set(os.environ):
            os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    with _set(RAY_gcs_rpc_server_reconnect_timeout_s=str(AWAY_S)):  # Its processes are not to have this one.
        import ray
    return ray


@contextmanager
def _set(**values: str) -> Iterator[None]:
    """Variables of the environment for a moment."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _unreachable(error: BaseException) -> CoreError:
    where = os.environ.get("RAY_ADDRESS")
    what = Text("The cluster {address} cannot be reached.", address=where) if where else Text("No cluster was started.")
    return CoreError(
        what,
        Text("Ray says: {error}", error=f"{type(error).__name__}: {error}"[:LETTERS]),
        Text("Start one with “ray start --head”, or unset RAY_ADDRESS to use this machine alone.")
        if where
        else Text("Train on this machine without a cluster: executor local."),
    )
