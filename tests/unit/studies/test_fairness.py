"""The badge: what is the same is proved by hashes, and each way of being unfair turns its own item red."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core.experiment import Experiment
from core.studies.fairness import Fairness, Referee
from core.training.batch import Batch
from core.training.device import conditions
from core.training.events import Event
from core.training.run import Run
from tests.experiments import everything, images, points

Tamper = Callable[[Run], None]


def judged(folder: Path, *pair: tuple[Experiment, Tamper | None], steps: int = 12, seed: int = 0) -> Fairness:
    """Train runs side by side; `Tamper` changes one of them before it is watched."""
    referee = Referee()
    runs = []
    for place, (experiment, tamper) in enumerate(pair):
        run = Run(experiment, folder)
        if tamper:
            tamper(run)
        referee.begin((place, seed), "ABC"[place], run)
        runs.append(run)
    for step in range(steps):
        for place, run in enumerate(runs):
            run.train(step + 1)
            referee.settle((place, seed))
    return referee.report()


def red(fairness: Fairness) -> dict[str, str]:
    return {item.key: str(item.text) for item in fairness.items if not item.is_matched}


def test_runs_that_differ_in_the_optimizer_alone_are_matched_in_everything(tmp_path: Path):
    fairness = judged(tmp_path, *((everything(optimizer=key), None) for key in ("sgd", "adam", "adadelta")))
    assert red(fairness) == {}
    assert [item.key for item in fairness.items] == [
        "first_weights", "batches", "augmentation", "evaluation", "machine",
    ]  # fmt: skip
    for item in fairness.items:
        assert [name for name, _ in item.hashes] == ["A", "B", "C"]
        assert len({digest for _, digest in item.hashes}) == 1, item.key
    assert fairness.num_updates == 12
    meta = fairness.to_meta()
    assert (len(meta["matched"]), meta["unmatched"], meta["num"]) == (5, [], 5)


def test_several_gradients_an_update_are_said(tmp_path: Path):
    unfair = judged(tmp_path, *((everything(optimizer=key), None) for key in ("sgd", "sam")), steps=2)
    assert list(red(unfair)) == ["gradients"]
    assert "“A” and “B”: 1 against 2 in an update" in red(unfair)["gradients"]
    assert red(judged(tmp_path, *[(everything(optimizer="sam"), None)] * 2, steps=2)) == {}


def swapped_batches(run: Run) -> None:
    """The batches of updates 6 and 7 change places."""
    batch_of = run.parts.loop.batch_of
    run.parts.loop.batch_of = lambda step: batch_of({6: 7, 7: 6}.get(step, step))


def one_other_weight(run: Run) -> None:
    with torch.no_grad():
        parameter = run.parts.loop.parameters[0]
        parameter.view(-1)[3] = torch.nextafter(parameter.view(-1)[3], torch.tensor(9.0))


def one_other_draw(run: Run) -> None:
    """In update 7 the augmentation draws what update 107 would."""
    augment = run.parts.loop.augment
    assert augment is not None
    run.parts.loop.augment = lambda batch, step: augment(batch, step + 100 if step == 7 else step)


@pytest.mark.parametrize(
    ("tamper", "items", "words"),
    [
        (one_other_weight, {"first_weights"}, "begins with other values"),
        (swapped_batches, {"batches", "augmentation"}, "first in one of the updates 7 to 8"),
        (one_other_draw, {"augmentation"}, "changed differently, first in one of the updates 7 to 8"),
    ],
)
def test_a_pair_made_unfair_on_purpose_is_caught_by_name(tmp_path: Path, tamper: Tamper, items: set[str], words: str):
    fairness = judged(tmp_path, (everything(), None), (everything(optimizer="sgd"), tamper))
    assert red(fairness).keys() == items
    assert any(words in text for text in red(fairness).values())
    assert all("“A” and “B”" in text for text in red(fairness).values())


def test_a_swapped_batch_without_augmentation_turns_the_batches_red_alone(tmp_path: Path):
    assert red(judged(tmp_path, (images(), None), (images(optimizer="sgd"), swapped_batches))).keys() == {"batches"}


def test_other_pixels_in_the_same_samples_are_caught_too(tmp_path: Path):
    def brighter(run: Run) -> None:
        batch_of = run.parts.loop.batch_of

        def changed(step: int) -> Batch:
            batch = batch_of(step)
            return batch._replace(inputs=batch.inputs + 0.001) if step == 4 else batch

        run.parts.loop.batch_of = changed

    assert red(judged(tmp_path, (images(), None), (images(), brighter))).keys() == {"batches"}


@pytest.mark.parametrize(
    ("changes", "items", "words"),
    [
        ({"seed": 2}, {"first_weights", "batches", "augmentation"}, "seed 0 against 2"),
        ({"batch_size": 8}, {"batches", "augmentation"}, "batch size: 16 against 8, by design"),
        ({"initializer": "zeros"}, {"first_weights"}, "initialization: by default against zeros, by design"),
        (
            {"augmentations": ["shift"]},
            {"augmentation"},
            "augmentation: Shift + Gaussian noise against Shift, by design",
        ),
        ({"train_size": 30}, {"batches", "augmentation", "evaluation"}, "training samples: 40 against 30, by design"),
        ({"split_seed": 1}, {"batches", "augmentation", "evaluation"}, "split seed: 0 against 1, by design"),
        (
            {"precision": "float64"},
            {"first_weights", "augmentation", "machine"},
            "precision: float32 against float64, by design",
        ),
    ],
)
def test_what_differs_by_design_is_red_and_says_so(
    tmp_path: Path, changes: dict[str, Any], items: set[str], words: str
):
    fairness = judged(tmp_path, (everything(), None), (everything(**changes), None))
    assert red(fairness).keys() == items
    assert words in " ".join(red(fairness).values())


def test_wrong_labels_are_named_wherever_they_are_the_reason(tmp_path: Path):
    found = red(judged(tmp_path, (everything(), None), (everything(label_noise=0.2), None)))
    words = "“A” and “B”: label noise: 0.0 against 0.2, by design."
    assert found == {"augmentation": words, "evaluation": words}


def test_another_number_of_threads_is_red(tmp_path: Path):
    def threads(run: Run) -> None:
        run.conditions = type(run.conditions)(**{**run.conditions.to_json(), "threads": 7})

    found = red(judged(tmp_path, (points(), None), (points(), threads)))
    assert found == {"machine": f"“A” and “B”: threads: {conditions('float32').threads} against 7."}


def test_tensors_of_other_shapes_are_named_and_the_rest_is_compared(tmp_path: Path):
    deep = {"architecture": {"key": "mlp", "widths": [8, 8]}}
    fairness = judged(tmp_path, (points(), None), (points(**deep), None))
    item = fairness.items[0]
    said = " ".join(map(str, item.notes))
    assert item.is_matched
    assert "other shapes" in said or "only" in said
    wide = judged(tmp_path, (points(), None), (points(architecture={"key": "mlp", "widths": [9]}), None)).items[0]
    assert "8×2 in “A”, 9×2 in “B”" in " ".join(map(str, wide.notes))


def test_a_run_that_ended_is_compared_up_to_its_end(tmp_path: Path):
    referee = Referee()
    runs = [Run(points(epochs=epochs), tmp_path) for epochs in (2, 4)]
    swapped_batches(runs[1])
    for place, run in enumerate(runs):
        referee.begin((place, 0), "AB"[place], run)
    for step in range(16):
        for place, run in enumerate(runs):
            if step < run.total_steps:
                run.train(step + 1)
                referee.settle((place, 0))
            if run.step_count == step + 1 == run.total_steps:
                referee.over((place, 0))
    assert red(referee.report()).keys() == {"batches"}
    assert "updates 7 to 8" in red(referee.report())["batches"]


def test_seeds_are_compared_among_themselves_only(tmp_path: Path):
    referee = Referee()
    for seed in range(2):
        for place, key in enumerate(("sgd", "adam")):
            run = Run(points(seed=seed, optimizer=key), tmp_path)
            referee.begin((place, seed), f"{key} #{seed}", run)
            run.train(1)
            referee.settle((place, seed))
    assert red(referee.report()) == {}
    assert len(referee.report().items[0].hashes) == 4


def test_a_single_variant_is_not_watched(tmp_path: Path):
    referee, run = Referee(num_variants=1), Run(points(), tmp_path)
    referee.begin((0, 0), "A", run)
    assert run.parts.loop.watch is None
    assert red(referee.report()) == {}


def test_after_a_break_what_was_red_stays_red_and_the_first_weights_are_those_of_then(tmp_path: Path):
    from core.studies.race_meta import storable

    before = judged(tmp_path, (points(), one_other_weight), (points(optimizer="sgd"), None), steps=4)
    referee = Referee(storable(before.to_meta()))
    for place, key in enumerate(("adam", "sgd")):
        run = Run(points(optimizer=key), tmp_path).train(4)
        referee.begin((place, 0), "AB"[place], run)
        run.train(6)
        referee.settle((place, 0))
    after = referee.report()
    assert red(after) == red(before)
    assert after.items[0].hashes == before.items[0].hashes


def test_augmentation_that_is_set_live_on_one_run_is_red(tmp_path: Path):
    referee = Referee()
    runs = [Run(images(optimizer=key), tmp_path) for key in ("sgd", "adam")]
    for place, run in enumerate(runs):
        referee.begin((place, 0), "AB"[place], run)

    def go_on(until: int) -> None:
        while runs[0].step_count < until:
            for place, run in enumerate(runs):
                run.train(run.step_count + 1)
                referee.settle((place, 0))

    go_on(4)
    assert red(referee.report()) == {}
    runs[1].apply(Event(4, "set", {"augmentations": ["shift"]}))
    go_on(8)
    assert red(referee.report()) == {"augmentation": "“A” and “B”: augmentation: none against Shift, by design."}
    runs[1].apply(Event(8, "set", {"augmentations": []}))
    go_on(9)
    assert red(referee.report()).keys() == {"augmentation"}, "what differed once stays so"


def rejoined(folder: Path, *, back_to: int, tamper: Tamper | None = None) -> Fairness:
    """Two runs of which the second stops after 4 updates; built anew, it joins again after `back_to` of them."""
    referee = Referee()
    first = Run(points(), folder)
    referee.begin((0, 0), "A", first)
    second = Run(points(optimizer="sgd"), folder)
    referee.begin((1, 0), "B", second)
    for step in range(8):
        first.train(step + 1)
        referee.settle((0, 0))
        if step < 4:
            second.train(step + 1)
            referee.settle((1, 0))
    referee.over((1, 0))
    again = Run(points(optimizer="sgd"), folder).train(back_to)
    if tamper:
        tamper(again)
    referee.begin((1, 0), "B", again)
    for step in range(back_to, 8):
        again.train(step + 1)
        referee.settle((1, 0))
    return referee.report()


def test_a_run_that_joins_again_where_it_ended_is_compared_over_all_its_updates(tmp_path: Path):
    assert red(rejoined(tmp_path, back_to=4)) == {}
    found = red(rejoined(tmp_path, back_to=4, tamper=swapped_batches))
    assert found == {"batches": "“A” and “B”: other samples were fed, first in one of the updates 7 to 8."}


def test_a_run_that_joins_again_elsewhere_is_not_known_and_not_matched(tmp_path: Path):
    fairness = rejoined(tmp_path, back_to=3)
    assert red(fairness) == {"batches": "Not known: a run joined later."}
    batches = next(item for item in fairness.items if item.key == "batches")
    assert [str(note) for note in batches.notes] == ["“B” joined at another update than “A”: not compared."]
    meta = fairness.to_meta()
    assert [(item["name"], item["is_known"]) for item in meta["unmatched"]] == [("batches", False)]
    assert all(item["is_known"] for item in meta["matched"])


@pytest.mark.parametrize(
    ("change", "said"), [({}, "Not known: “A” went on alone."), ({"batch_size": 4}, "“A” and “B”: batch size")]
)
def test_what_was_not_known_before_a_break_stays_so_unless_the_runs_differ(
    tmp_path: Path, change: dict[str, Any], said: str
):
    from core.studies.race_meta import storable

    before: Fairness | None = None
    for _ in range(2):
        referee = Referee(storable(before.to_meta()) if before else None)
        for place, own in enumerate([{}] if before is None else [{}, change]):
            run = Run(points(**own), tmp_path).train(4)
            referee.begin((place, 0), "AB"[place], run)
            run.train(6)
            referee.settle((place, 0))
        before = referee.report()
    assert before is not None
    assert said in red(before)["batches"]
