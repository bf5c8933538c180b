"""Which executor is used, and what is said where there is none."""

from __future__ import annotations

import pytest

from core.errors import BadInput, Refused
from core.executors import choice
from core.executors.choice import checked_executor, executor_of, kept


def test_without_ray_it_is_said_what_to_install_and_what_was_there_goes_on_here(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(choice, "find_spec", lambda name: None)
    with pytest.raises(Refused, match=r"pip install -r requirements-ray\.txt"):
        checked_executor("ray")
    assert checked_executor("local") == "local"
    assert executor_of(kept("ray")) == "local"


def test_a_study_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(choice, "find_spec", lambda name: object())
    assert [executor_of(kept(name)) for name in ("local", "ray")] == ["local", "ray"]
    assert kept("local") == {}


def test_another_name_is_refused_with_those_there_are():
    with pytest.raises(BadInput, match="local, ray"):
        checked_executor("dask")
