"""A web server on the loopback address, and tiny files in the published formats for it to serve."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from core.catalog.datasets.cifar10 import ARCHIVE, CIFAR10, MEMBERS
from core.catalog.datasets.download import MIRROR, Downloaded, Published
from core.catalog.datasets.mnist import MNIST, FashionMNIST


@dataclass
class FileServer:
    """What the server gives: bytes by path; `cut` paths break off half-way; `requests` lists what was asked for."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)

    def publish(self, monkeypatch: pytest.MonkeyPatch, cls: type[Downloaded], contents: dict[str, bytes]) -> None:
        """Serve `contents` as the files of a data set, with their own checksums and sizes."""
        self.files = {f"/{name}": content for name, content in contents.items()}
        md5 = {name: hashlib.md5(content, usedforsecurity=False).hexdigest() for name, content in contents.items()}
        monkeypatch.setattr(cls, "published", lambda _: Published((self.address,), md5))
        monkeypatch.setattr(cls, "sizes", {name: len(content) for name, content in contents.items()})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    state = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.requests.append(self.path)
            content = state.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if self.path in state.cut else content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing on stderr."""

    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv(MIRROR, raising=False)
    http_server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.address = f"http://127.0.0.1:{http_server.server_port}/"
    yield state
    http_server.shutdown()
    thread.join()
    http_server.server_close()


def idx_bytes(array: np.ndarray) -> bytes:
    """A uint8 array as gzipped idx file."""
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.tobytes(), mtime=0)


def tiny_mnist(num_train: int = 40, num_test: int = 20) -> dict[str, bytes]:
    """MNIST's four files with a few random images."""
    rng = np.random.default_rng(0)
    names = list(MNIST.sizes)
    sizes = (num_train, num_train, num_test, num_test)
    arrays = [
        rng.integers(0, 256, (num, 28, 28), dtype=np.uint8) if "images" in name else np.arange(num, dtype=np.uint8) % 10
        for name, num in zip(names, sizes, strict=True)
    ]
    return {name: idx_bytes(array) for name, array in zip(names, arrays, strict=True)}


def cifar_bytes(members: dict[str, bytes]) -> bytes:
    """A gzipped tar archive of the members."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()


def tiny_cifar(num: int = 20) -> dict[str, bytes]:
    """The six members of CIFAR-10's binary version, each with `num` records."""
    rng = np.random.default_rng(0)
    members = {}
    for name in MEMBERS:
        records = rng.integers(0, 256, (num, 3073), dtype=np.uint8)
        records[:, 0] = np.arange(num) % 10
        members[name] = records.tobytes()
    return members


@pytest.fixture
def mnist_online(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    """MNIST and Fashion-MNIST served as tiny files; nothing is installed by Debian."""
    server.publish(monkeypatch, MNIST, tiny_mnist())
    server.publish(monkeypatch, FashionMNIST, tiny_mnist())
    monkeypatch.setattr(FashionMNIST, "installed", lambda self: None)
    return server


@pytest.fixture
def cifar_online(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    """CIFAR-10 served as a tiny archive."""
    server.publish(monkeypatch, CIFAR10, {ARCHIVE: cifar_bytes(tiny_cifar())})
    return server
