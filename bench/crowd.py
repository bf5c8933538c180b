"""A crowd of listeners in a process of their own: `python -m bench.crowd ADDRESS TOKEN RUN NUMBER`.

Each opens the live socket as a page does, takes the history and then everything that is pushed. "ready" is printed once
all have their history; the crowd leaves when its standard input is closed, and prints how many messages it has got.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from websockets.asyncio.client import ClientConnection, connect

from tests.serving import Server
from tests.sources import ROOT


@contextmanager
def crowd(server: Server, token: str, run: str, number: int) -> Iterator[None]:
    """So many listeners, all of them listening before anything else happens."""
    words = [sys.executable, "-m", "bench.crowd", server.address, token, run, str(number)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", "the listeners could not listen"
        yield
        process.stdin.close()
        received = int(process.stdout.readline())
        assert received > number, f"{number} listeners heard {received} messages"
    assert process.returncode == 0


def hello(token: str, run: str, *, measure: bool = False) -> tuple[str, str]:
    """What a page says first."""
    return (
        json.dumps({"type": "hello", "token": token, "lang": "en", "measure": measure}),
        json.dumps({"type": "subscribe", "run": run, "lineage": None, "rows": None}),
    )


async def listen(address: str, token: str, run: str, number: int) -> None:
    """Listen until standard input ends."""
    waiting, received = number, 0
    ready = asyncio.Event()

    async def one(socket: ClientConnection) -> None:
        nonlocal waiting, received
        for text in hello(token, run):
            await socket.send(text)
        is_new = True
        async for text in socket:
            received += 1
            # Nothing is decoded: browsers do that on machines of their own.
            if is_new and '"type":"history"' in str(text[:40]):
                is_new = False
                waiting -= 1
                if not waiting:
                    ready.set()

    url = address.replace("http", "ws", 1) + "/live"
    sockets = [
        await connect(url, origin=address, max_size=None, proxy=None)  # type: ignore[arg-type]
        for _ in range(number)
    ]
    tasks = [asyncio.create_task(one(socket)) for socket in sockets]
    await ready.wait()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(received, flush=True)
    for socket in sockets:
        await socket.close()
    await asyncio.gather(*tasks)


if __name__ == "__main__":
    asyncio.run(listen(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
