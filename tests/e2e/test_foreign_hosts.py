"""Whoever reaches the server under a name that it does not have is not answered, and odd requests break nothing."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlsplit

import pytest

from tests.serving import Server

pytestmark = pytest.mark.browser

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def opened(server: Server, host: str) -> int:
    """What the socket of the pages answers a page of this host, which a name that leads here has brought."""
    there = urlsplit(server.address)
    assert there.hostname is not None
    connection = http.client.HTTPConnection(there.hostname, there.port, timeout=30)
    headers = {**HANDSHAKE, "Host": f"{host}:{there.port}", "Origin": f"http://{host}:{there.port}"}
    connection.request("GET", "/_stcore/stream", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_pages_of_one_person_answer_no_other_name(server: Server):
    assert opened(server, "127.0.0.1") == opened(server, "localhost") == 101
    assert opened(server, "rebound.example") == 403


def test_a_request_without_a_path_breaks_nothing(server: Server):
    there = urlsplit(server.address)
    with socket.create_connection((there.hostname, there.port), timeout=30) as raw:
        raw.sendall(b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = raw.recv(4096)
    assert answer.split()[1] not in (b"500", b"")
    assert "Traceback" not in server.log
