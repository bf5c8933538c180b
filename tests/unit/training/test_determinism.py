"""A run gives the same bits alone, beside others, paused, at any pace, and whatever other threads draw meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from core import seeding
from core.catalog.registry import entries
from core.experiment import Experiment
from core.seeding import seed32
from core.training.command import Command
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import bits, everything, images, points, same, trained
from tests.jobs import computing, ended, four_busy_threads, submitted
from tests.polling import until


def test_the_same_seed_gives_the_same_bits(tmp_path: Path):
    assert same(trained(everything(), tmp_path), trained(everything(), tmp_path))


def test_another_seed_gives_other_bits(tmp_path: Path):
    one, two = trained(everything(seed=0), tmp_path)[0], trained(everything(seed=1), tmp_path)[0]
    assert weights_sha256(one.parts.model) != weights_sha256(two.parts.model)


def test_the_default_generator_is_neither_read_nor_moved(tmp_path: Path):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = trained(everything(initializer="orthogonal"), tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert same(one, trained(everything(initializer="orthogonal"), tmp_path))


def test_beside_three_others_and_while_four_threads_draw(tmp_path: Path):
    alone = trained(everything(optimizer="adam", epochs=12), tmp_path)
    others = [everything(seed=1, epochs=12), points(epochs=12), images(optimizer="momentum", epochs=12)]
    alone_too = [trained(other, tmp_path) for other in others]
    with computing() as compute, four_busy_threads():
        jobs = [submitted(compute, item, tmp_path) for item in (everything(optimizer="adam", epochs=12), *others)]
        assert all(same(ended(*job), run) for job, run in zip(jobs, [alone, *alone_too], strict=True))


def test_paused_resumed_and_single_stepped(tmp_path: Path):
    whole = trained(everything(), tmp_path)
    with computing() as compute:
        job, sink = submitted(compute, everything(), tmp_path, pace="10s", paused=True)
        for number in range(1, 4):
            job.command(Command("step"))
            until(lambda number=number: job.run is not None and job.run.step_count == number, what="a single update")
        job.command(Command("pace", {"pace": "max"}))
        job.command(Command("resume"))
        job.command(Command("pause"))
        until(lambda: sink.states[-1] == "paused" or job.done)
        job.command(Command("resume"))
        assert same(ended(job, sink), whole)


def test_at_any_pace(tmp_path: Path):
    whole = trained(everything(), tmp_path)
    with computing() as compute:
        job, sink = submitted(compute, everything(), tmp_path, pace="1min")
        for pace in ("10s", "1/s", "10s", "1min", "max"):
            job.command(Command("pace", {"pace": pace}))
            until(lambda pace=pace: job.pace == pace)
        assert same(ended(job, sink), whole)


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("key", list(entries("initializers")))
def test_first_values_do_not_depend_on_the_threads_of_whoever_asks(key: str, tmp_path: Path):
    one = weights_sha256(Run(everything(initializer=key), tmp_path).parts.model)
    torch.set_num_threads(2)
    run = Run(everything(initializer=key), tmp_path)
    assert torch.get_num_threads() == run.conditions.threads, "set before the first value is drawn"
    assert weights_sha256(run.parts.model) == one


# -- streams ----------------------------------------------------------------------------------------------------------


def test_seeds_purposes_names_and_steps_that_differ_by_one_share_no_stream():
    streams: dict[int, tuple[Any, ...]] = {}
    for seed in (0, 1, 2, 2**32, 2**32 + 1):
        for purpose in ("init", "order", "augment", "dropout", "split", "data"):
            for name in ("", "hidden.1", "hidden.2", "flip.0", "flip.1"):
                for counter in (0, 1, 2, 63, 64):
                    number = seed32(seed, purpose, name, counter)
                    assert 0 <= number < 2**32
                    assert number not in streams, (streams[number], (seed, purpose, name, counter))
                    streams[number] = (seed, purpose, name, counter)


def test_parts_of_a_seed_cannot_be_mistaken_for_each_other():
    assert seed32(1, "init", "2", 3) != seed32(1, "init", "", 23)
    assert seed32(12, "order") != seed32(1, "2order")
    assert len({seed32(0, "a", "b", 1), seed32(0, "ab", "", 1), seed32(0, "", "ab", 1)}) == 3


class Draws:
    """Every seed that a run takes, by purpose and name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken: dict[tuple[str, str], list[int]] = {}
        real = seeding.seed32

        def noted(run_seed: int, purpose: str, name: str = "", counter: int = 0) -> int:
            seed = real(run_seed, purpose, name, counter)
            self.taken.setdefault((purpose, name), []).append(seed)
            return seed

        for module in ("core.seeding", "core.training.assembly", "core.training.feed", "core.training.loop"):
            monkeypatch.setattr(f"{module}.seed32", noted)


def draws_of(experiment: Experiment, folder: Path) -> dict[tuple[str, str], list[int]]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        draws = Draws(monkeypatch)
        Run(experiment, folder).train()
    return draws.taken


def test_no_seed_is_taken_twice_in_a_run(tmp_path: Path):
    taken = draws_of(everything(augmentations=["shift", "flip", "shift", "noise"]), tmp_path)
    seeds = [seed for seeds in taken.values() for seed in seeds]
    assert len(seeds) == len(set(seeds))
    assert {"init", "order", "augment", "dropout"} == {purpose for purpose, _ in taken}
    assert {"shift.0", "shift.1", "flip.0", "noise.0"} == {name for purpose, name in taken if purpose == "augment"}
    assert len(taken["augment", "shift.1"]) == 12
    assert len(taken["order", ""]) == 4


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("batch normalization", {"architecture": {**everything().to_json()["architecture"], "normalization": "none"}}),
        ("an augmentation", {"augmentations": ["flip", "shift", "noise", "rotate"]}),
        ("a regularizer", {"regularizers": ["l1"]}),
        ("another optimizer", {"optimizer": "adadelta"}),
        ("more epochs", {"epochs": 6}),
    ],
)
def test_another_part_leaves_all_other_draws_unchanged(name: str, changes: dict[str, Any], tmp_path: Path):
    before, after = draws_of(everything(), tmp_path), draws_of(everything(**changes), tmp_path)
    common = before.keys() & after.keys()
    assert {"order", "augment", "dropout"} <= {purpose for purpose, _ in common}
    for key in common:
        length = min(len(before[key]), len(after[key]))
        assert before[key][:length] == after[key][:length], key


def test_another_layer_leaves_the_first_values_and_the_order_unchanged(tmp_path: Path):
    def network(*widths: int, norm: str = "none") -> Run:
        return Run(points(architecture={"key": "mlp", "widths": widths, "normalization": norm}), tmp_path)

    one, two, normalized = network(8, 8), network(8, 8, 8), network(8, 8, norm="batch")
    for other in (two, normalized):
        for name in ("hidden.1.weight", "hidden.2.weight", "output.weight"):
            assert torch.equal(one.parts.model.get_parameter(name), other.parts.model.get_parameter(name))
        for step in (0, 1, 7):
            assert torch.equal(one.parts.feed.batch(step).sample_ids, other.parts.feed.batch(step).sample_ids)


def test_another_augmentation_leaves_what_the_others_do_unchanged(tmp_path: Path):
    one = Run(images(augmentations=["noise"]), tmp_path)
    two = Run(images(augmentations=["flip", "noise"]), tmp_path)
    augment, both = one.parts.loop.augment, two.parts.loop.augment
    assert augment is not None
    assert both is not None
    batch = one.parts.feed.batch(3)
    grey = batch._replace(inputs=torch.full_like(batch.inputs, 0.5))  # a flip of it is itself
    assert torch.equal(augment(grey, 3).inputs, both(grey, 3).inputs)


def test_two_runs_side_by_side_keep_their_bits(tmp_path: Path):
    one, two = Run(everything(), tmp_path), Run(everything(seed=5), tmp_path)
    while not (one.is_over and two.is_over):
        one.piece()
        two.piece()
    assert bits(one) == bits(trained(everything(), tmp_path)[0])
    assert bits(two) == bits(trained(everything(seed=5), tmp_path)[0])
