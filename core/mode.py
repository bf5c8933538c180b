"""Modes: whom a server answers. Laptop: this computer only; class: the local network; login: who has logged in."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Literal
from urllib.parse import urlsplit

from core.errors import BadInput, Refused
from core.text import Text

Mode = Literal["laptop", "class", "login"]

MODE_VARIABLE = "SADDLEPOINT_MODE"
TEACHERS_VARIABLE = "SADDLEPOINT_TEACHERS"

NAMES: dict[Mode, Text] = {"laptop": Text("laptop"), "class": Text("class"), "login": Text("login")}
MEANINGS: dict[Mode, Text] = {
    "laptop": Text("Laptop mode: this server answers this computer only."),
    "class": Text("Class mode: this server answers the local network; people join with the code of the room."),
    "login": Text("Login mode: this server answers people who have logged in."),
}


def is_loopback(address: str | None) -> bool:
    """Whether a server at this address is reached from this computer only; one without an address is not."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address or "0.0.0.0").is_loopback
    except ValueError:
        return False


def checked_mode(setting: str | None, address: str | None, auth: Mapping[str, Any] | None) -> Mode:
    """The mode that a setting asks for. `auth` is the section of Streamlit's secrets that login needs.

    BadInput for a mode that there is not, Refused where its needs are missing.
    """
    match (setting or "laptop").strip().lower():
        case "laptop":
            if not is_loopback(address):
                raise Refused(
                    Text("In laptop mode the server does not listen at {address}.", address=address or "0.0.0.0"),
                    Text("Other computers would reach it, and it asks nobody who they are."),
                    Text("Serve a class with: make class. For this computer only, leave server.address at 127.0.0.1."),
                )
            return "laptop"
        case "class":
            return "class"
        case "login":
            _check_login(auth or {})
            return "login"
        case unknown:
            raise BadInput(
                Text("There is no mode “{mode}”.", mode=unknown),
                Text("It is what {variable} asks for.", variable=MODE_VARIABLE),
                Text("Use laptop, class or login."),
            )


def _check_login(auth: Mapping[str, Any]) -> None:
    missing = [name for name in ("redirect_uri", "cookie_secret") if not auth.get(name)]
    if missing:
        raise _no_login(Text("The section [auth] of .streamlit/secrets.toml lacks: {names}.", names=", ".join(missing)))
    if urlsplit(str(auth["redirect_uri"])).scheme != "https":
        raise _no_login(
            Text("The redirect_uri of [auth] does not begin with https, so what people send could be read.")
        )
    if find_spec("authlib") is None:
        raise _no_login(Text("The Python package Authlib is not installed; Streamlit logs people in with it."))


def _no_login(why: Text) -> Refused:
    return Refused(
        Text("The server cannot be used with a login."),
        why,
        Text("See the section on modes in README.md, or use class mode: make class."),
    )


def login_id(claims: Mapping[str, Any], teachers: frozenset[str]) -> str:
    """The id of whoever has logged in: always the same for one account, and a teacher's for the addresses named."""
    account = json.dumps([str(claims.get("iss", "")), str(claims["sub"])])
    is_theirs = claims.get("email_verified") is not False
    role = "teacher" if is_theirs and str(claims.get("email", "")).casefold() in teachers else "student"
    return f"{role}-{hashlib.sha256(account.encode()).hexdigest()[:24]}"


def teachers(setting: str | None) -> frozenset[str]:
    """The e-mail addresses of teachers in login mode, from a list with commas."""
    return frozenset(part.strip().casefold() for part in (setting or "").split(",") if part.strip())
