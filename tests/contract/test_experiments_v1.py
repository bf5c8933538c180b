"""Experiments of version 1 that people have kept as files, links and fingerprints mean what they meant.

The twenty triples hold every entry of the catalogue with its defaults. They are never edited: a default that must
change needs a new version of the experiment.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from core.experiment import Experiment

TRIPLES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "experiments_v1.json").read_text(encoding="utf-8"))
NAMES = [f"{place}: {triple['json']['dataset']['key']}" for place, triple in enumerate(TRIPLES)]


def kept(stored: Any, now: Any, path: str = "") -> list[str]:
    """Where `now` differs from what was stored; a field that has been added since is no difference."""
    if isinstance(stored, dict) and isinstance(now, dict):
        return [line for name in stored for line in kept(stored[name], now.get(name, "gone"), f"{path}.{name}")]
    if isinstance(stored, list) and isinstance(now, list) and len(stored) == len(now):
        return [line for place, item in enumerate(stored) for line in kept(item, now[place], f"{path}.{place}")]
    return [] if stored == now and type(stored) is type(now) else [f"{path[1:]} was {stored!r} and is {now!r}"]


@pytest.mark.parametrize("triple", TRIPLES, ids=NAMES)
def test_a_kept_file_has_its_fingerprint_and_its_link(triple: dict[str, Any]):
    experiment = Experiment.from_json(triple["json"])
    assert kept(triple["json"], experiment.to_json()) == []
    assert experiment.fingerprint() == triple["fingerprint"]
    assert urlencode(experiment.to_url()) == triple["url"]


@pytest.mark.parametrize("triple", TRIPLES, ids=NAMES)
def test_a_kept_link_means_the_kept_file(triple: dict[str, Any]):
    experiment, problems = Experiment.from_url(dict(parse_qsl(triple["url"], keep_blank_values=True)))
    assert problems == []
    assert kept(triple["json"], experiment.to_json()) == []
    assert experiment.fingerprint() == triple["fingerprint"]


def test_there_are_twenty_different_ones():
    assert len(TRIPLES) == len({triple["fingerprint"] for triple in TRIPLES}) == 20
    assert len({triple["url"] for triple in TRIPLES}) == 20
    assert [triple["json"]["version"] for triple in TRIPLES] == [1] * 20


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"epochs": 11}, "epochs was 10 and is 11"),
        ({"optimizer": {"key": "adam", "lr": 0.002}}, "optimizer.lr was 0.001 and is 0.002"),
        ({"epochs": 10.0}, "epochs was 10 and is 10.0"),
        ({"regularizers": [{"key": "l2"}]}, "regularizers was [] and is [{'key': 'l2'}]"),
    ],
)
def test_a_changed_default_is_found(change: dict[str, Any], found: str):
    stored = {"epochs": 10, "optimizer": {"key": "adam", "lr": 0.001}, "regularizers": []}
    assert kept(stored, {**stored, **change, "added": 1}) == [found]
