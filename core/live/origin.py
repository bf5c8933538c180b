"""Whether a request comes from a page of ours, and under which names this computer is reached."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def same_origin(origin: str | None, host: str | None, hosts: Collection[str] | None) -> bool:
    """Whether a page of `origin` may ask `host`: same name and port, and a name that we serve (None: any)."""
    if not origin or not host:
        return False
    try:
        page, asked = urlsplit(origin), urlsplit(f"//{host}")
        default = {"http": 80, "https": 443}[page.scheme]
        same = (page.hostname, page.port or default) == (asked.hostname, asked.port or default)
    except (KeyError, ValueError):
        return False
    return same and page.hostname is not None and (hosts is None or page.hostname in hosts)


def own_addresses() -> list[str]:
    """The addresses of this computer in its networks, the one towards other networks first; none without a network."""
    import psutil

    found = [
        address.address
        for interface, addresses in psutil.net_if_addrs().items()
        if (facts := psutil.net_if_stats().get(interface)) is not None and facts.isup
        for address in addresses
        if address.family == socket.AF_INET and not ipaddress.ip_address(address.address).is_loopback
    ]
    towards = _towards_others()
    return sorted(dict.fromkeys(found), key=lambda address: address != towards)


def own_names() -> frozenset[str]:
    """All names under which pages of this computer reach it: loopback, its addresses, its host name."""
    name = socket.gethostname().lower()
    return LOOPBACK | {*own_addresses(), name, f"{name.split('.')[0]}.local"}


def _towards_others() -> str | None:
    """The address from which this computer speaks to others; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 1))
        except OSError:
            return None
        return probe.getsockname()[0]
