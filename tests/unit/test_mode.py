"""Modes: what a server needs before it answers anybody else."""

from __future__ import annotations

import pytest

from core.errors import BadInput, Refused
from core.mode import checked_mode, is_loopback, login_id, teachers

LOGIN = {"redirect_uri": "https://school.example/oauth2callback", "cookie_secret": "x" * 32}


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_laptop_mode_is_the_default_on_loopback(address: str):
    assert checked_mode(None, address, None) == checked_mode(" Laptop ", address, None) == "laptop"


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", None])
def test_laptop_mode_answers_no_other_computer(address: str | None):
    assert not is_loopback(address)
    with pytest.raises(Refused, match="make class"):
        checked_mode(None, address, None)


def test_class_mode_needs_nothing():
    assert checked_mode("class", "0.0.0.0", None) == "class"


@pytest.mark.parametrize(
    ("auth", "named"),
    [
        (None, "redirect_uri, cookie_secret"),
        ({"redirect_uri": LOGIN["redirect_uri"]}, "cookie_secret"),
        (LOGIN | {"redirect_uri": "http://school.example/oauth2callback"}, "https"),
    ],
)
def test_login_mode_names_what_is_missing(auth: dict[str, str] | None, named: str):
    with pytest.raises(Refused, match=named):
        checked_mode("login", "0.0.0.0", auth)


def test_login_mode_needs_the_package_that_logs_people_in(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("core.mode.find_spec", lambda name: None)
    with pytest.raises(Refused, match="Authlib"):
        checked_mode("login", "0.0.0.0", LOGIN)
    monkeypatch.setattr("core.mode.find_spec", lambda name: object())
    assert checked_mode("login", "0.0.0.0", LOGIN) == "login"


def test_an_unknown_mode_names_those_there_are():
    with pytest.raises(BadInput, match="laptop, class or login"):
        checked_mode("school", "127.0.0.1", None)


def test_an_account_has_one_id_and_a_teachers_only_by_an_address_that_is_theirs():
    named = teachers(" Eve@school.example, ada@school.example,")
    claims = {"iss": "https://issuer", "sub": "42", "email": "eve@school.example"}
    assert login_id(claims, named) == login_id(claims | {"name": "Eve"}, named)
    assert login_id(claims, named).startswith("teacher-")
    assert login_id(claims | {"email_verified": False}, named).startswith("student-")
    assert login_id(claims | {"email": "ben@school.example"}, named).startswith("student-")
    assert login_id(claims | {"sub": "43"}, named) != login_id(claims, named)
    assert login_id({"sub": "42"}, frozenset()).startswith("student-")
