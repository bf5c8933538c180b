"""The seal of a run: bit for bit, within what was stated, or both numbers and why they may differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from core.lessons.seal import Expected, expected_of, seal
from core.store.records import RunRecord
from core.studies.workbench import Workbench
from tests.experiments import points


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with Workbench.open(tmp_path_factory.mktemp("seal") / "data", live=False) as opened:
        yield opened


def ran(bench: Workbench, **changes: Any) -> RunRecord:
    return bench.wait(bench.start(points(**changes), pace="max"), 60)


@pytest.fixture(scope="module")
def run(bench: Workbench) -> RunRecord:
    return ran(bench)


@pytest.fixture(scope="module")
def stated(run: RunRecord) -> Expected:
    found = expected_of(run)
    assert found is not None
    return found


def said(bench: Workbench, stated: Expected, run: RunRecord) -> tuple[bool, str]:
    sealed = seal(stated, points(), run, bench.store.events(run.id))
    assert sealed is not None
    return sealed.holds, str(sealed.text)


def test_the_same_experiment_once_more_gives_the_same_bits(bench: Workbench, run: RunRecord, stated: Expected):
    again = ran(bench)
    assert again.id != run.id
    assert said(bench, stated, again) == (True, "Your machine reproduced the lecture's result, bit for bit.")


def test_a_result_stands_in_a_link_with_its_uncertainty(run: RunRecord, stated: Expected):
    error = run.answer["validation_error"]
    assert stated.low < error < stated.high
    assert Expected.from_url(stated.to_url()) == stated
    assert len(stated.to_url()) < 90


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"device": "cuda"}, "It was computed on cpu, here on cuda."),
        ({"environment": {"conditions": {"torch": "1.0"}}}, "here with 1.0."),
        ({}, "and another version of this program may draw others."),
    ],
    ids=["device", "torch", "processor"],
)
def test_other_bits_within_the_range_are_a_reproduction_too(
    bench: Workbench, run: RunRecord, stated: Expected, facts: dict[str, Any], why: str
):
    elsewhere = replace(run, weights_sha256="f" * 64, facts=replace(run.facts, **facts))
    holds, text = said(bench, stated, elsewhere)
    assert holds
    assert "within" in text
    assert text.endswith(why)


def test_without_bits_only_the_number_is_compared(bench: Workbench, run: RunRecord, stated: Expected):
    holds, text = said(bench, Expected(fingerprint=stated.fingerprint, low=stated.low, high=stated.high), run)
    assert holds
    assert "bits" not in text


def test_a_number_outside_is_said_calmly_with_both_numbers(bench: Workbench, run: RunRecord, stated: Expected):
    other = Expected(fingerprint=stated.fingerprint, low=0.9, high=0.95)
    holds, text = said(bench, other, run)
    assert not holds
    assert text.startswith(f"Validation error {100 * run.answer['validation_error']:.1f} % here, 90.0–95.0 % in the")


def test_settings_that_were_changed_are_named(bench: Workbench, stated: Expected):
    holds, text = said(bench, stated, ran(bench, seed=1, epochs=3))
    assert not holds
    assert text.endswith("Other settings: epochs, seed.")


def test_a_run_that_was_changed_on_its_way_is_another(bench: Workbench, stated: Expected):
    run = bench.start(points(), pace="max", paused=True)
    bench.command(run, "set", {"optimizer.lr": 0.5})
    bench.command(run, "resume")
    holds, text = said(bench, stated, bench.wait(run, 100))
    assert not holds
    assert text.endswith("The run was changed while it went on.")


def test_a_run_that_was_stopped_has_no_seal(bench: Workbench, run: RunRecord, stated: Expected):
    stopped = replace(run, state="stopped")
    assert seal(stated, points(), stopped, ()) is None
    assert expected_of(stopped) is None
