"""Pictures of a run: right in what they show, and without a trace in the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.experiment import Experiment
from core.text import Text
from core.training.pictures import gradient_sizes, what_it_has_learned, what_it_says, wrong_answers
from core.training.recorder import StepBlock
from core.training.run import Run
from core.training.weights import weights_sha256

MOONS = {
    "dataset": {"key": "moons", "n": 60},
    "architecture": {"key": "mlp", "width": 8},
    "batch_size": 16,
    "epochs": 2,
}
DIGITS = {"architecture": {"key": "mlp", "width": 8}, "train_size": 100, "epochs": 1}
NOISY = {
    **DIGITS,
    "architecture": {"key": "mlp", "width": 8, "normalization": "batch"},
    "augmentations": [{"key": "rotate"}, {"key": "noise"}],
    "regularizers": [{"key": "dropout"}, {"key": "l2", "strength": 0.01}],
}
IRIS = {"dataset": "iris", "architecture": {"key": "mlp", "hidden_layers": 1, "width": 5}, "epochs": 1}
POLYNOMIAL = {"dataset": "polynomial", "architecture": {"key": "mlp", "width": 8}, "epochs": 1}
LINEAR = {"dataset": "linear_200", "architecture": "logistic", "optimizer": {"key": "sgd", "lr": 0.001}, "epochs": 1}
SIGNAL = {"dataset": "mnist_1d", "train_size": 100, "architecture": {"key": "mlp", "width": 8}, "epochs": 1}


class FirstRow:
    """Listens for the first recorded row."""

    def __init__(self) -> None:
        self.row: dict[str, float] = {}

    def on_block(self, block: StepBlock) -> None:
        self.row = self.row or {name: float(values[0]) for name, values in block.columns.items()}

    def on_evaluation(self, evaluation: Any) -> None: ...

    def on_event(self, event: Any) -> None: ...


def made(document: dict[str, Any], folder: Path, **more: Any) -> Run:
    return Run(Experiment.from_json(document), folder, **more)


@pytest.mark.parametrize(
    "document", [NOISY, MOONS, SIGNAL, POLYNOMIAL], ids=["digits", "moons", "signal", "polynomial"]
)
def test_pictures_and_gradient_sizes_leave_no_trace_in_the_training_that_follows(document: dict, data_folder: Path):
    plain = made(document, data_folder).train()
    watched = made(document, data_folder)
    before = torch.get_rng_state()
    while not watched.is_over:
        gradient_sizes(watched)
        what_it_has_learned(watched)
        wrong_answers(watched)
        watched.piece()
    watched.flush()
    assert torch.equal(torch.get_rng_state(), before)
    assert weights_sha256(watched.parts.model) == weights_sha256(plain.parts.model)
    assert [item.to_row()["validation/loss"] for item in watched.evaluations] == [
        item.to_row()["validation/loss"] for item in plain.evaluations
    ]


@pytest.mark.parametrize("training", [True, False])
def test_the_network_stays_in_the_mode_it_was_in(training: bool, data_folder: Path):
    run = made(NOISY, data_folder)
    run.parts.model.train(training)
    for look in (what_it_has_learned, wrong_answers, gradient_sizes):
        look(run)
        assert all(module.training is training for module in run.parts.model.modules())


def test_gradient_sizes_before_training_are_those_the_first_update_records(data_folder: Path):
    listener = FirstRow()
    run = made(NOISY, data_folder, listener=listener)
    sizes = gradient_sizes(run)
    assert all(parameter.grad is None for parameter in run.parts.model.parameters())
    run.train()
    assert list(sizes) == list(run.parts.recorder.layers)
    for layer, size in sizes.items():
        assert size == pytest.approx(listener.row[f"gradient_norm/{layer}"], abs=1e-6)


def test_a_gradient_of_exactly_zero_is_minus_infinity(data_folder: Path):
    sizes = gradient_sizes(made({**DIGITS, "initializer": "zeros"}, data_folder))
    assert sizes["hidden.1"] == -np.inf
    assert np.isfinite(sizes["output"])


def test_deep_sigmoid_gradients_do_not_underflow(data_folder: Path):
    deep = {**DIGITS, "architecture": {"key": "mlp", "hidden_layers": 40, "width": 8, "activation": "sigmoid"}}
    single, precise = made(deep, data_folder), made({**deep, "precision": "float64"}, data_folder)
    precise.parts.model.load_state_dict(single.parts.model.state_dict())
    assert gradient_sizes(single)["hidden.1"] < -20
    assert gradient_sizes(single) == pytest.approx(gradient_sizes(precise), abs=1e-3)


def test_points_give_a_boundary_that_names_the_winner_of_each_cell(data_folder: Path):
    run = made(MOONS, data_folder).train()
    name, picture = what_it_has_learned(run)
    assert name == "boundary"
    assert picture["winner"].shape == picture["confidence"].shape == (80, 80)
    assert picture["winner"].dtype == np.uint8
    assert picture["confidence"].min() >= 0.5
    assert len(picture["points"]["x"]) == len(picture["points"]["label"]) == 60
    assert picture["x"][0] < picture["points"]["x"].min() < picture["points"]["x"].max() < picture["x"][1]
    # Row 0 is the lowest y: the cell in the corner is what the network says to that corner.
    corner = torch.tensor([[picture["x"][0], picture["y"][1]]])
    with torch.no_grad():
        probabilities = run.parts.model.eval()(corner).softmax(1)[0]
    assert picture["winner"][-1, 0] == int(probabilities.argmax())
    assert picture["confidence"][-1, 0] == pytest.approx(float(probabilities.max()), abs=1e-5)


def test_before_training_twelve_images_are_shown_with_a_sentence(data_folder: Path):
    name, picture = what_it_has_learned(made(DIGITS, data_folder))
    assert name == "predictions"
    assert picture["images"].shape == (12, 8, 8)
    assert picture["images"].dtype == np.uint8
    assert picture["images"].max() > 200
    assert picture["num"] == 287
    assert str(picture["caption"]).startswith("It says “")
    assert len(set(picture["true"])) > 3


def test_after_training_the_wrong_ones_come_first(data_folder: Path):
    run = made(DIGITS, data_folder).train()
    _, picture = what_it_has_learned(run)
    is_wrong = picture["true"] != picture["predicted"]
    assert len(is_wrong) == 24
    assert list(is_wrong) == sorted(is_wrong, reverse=True)
    final = run.final
    assert final is not None
    assert picture["num_wrong"] == final.validation.wrong
    _, wrong = wrong_answers(run)
    assert (wrong["true"] != wrong["predicted"]).all()
    assert len(wrong["true"]) == min(60, picture["num_wrong"])


def test_sequences_are_shown_as_signals(data_folder: Path):
    name, picture = what_it_has_learned(made(SIGNAL, data_folder))
    assert name == "predictions"
    assert picture["signals"].shape == (12, 40)
    assert "images" not in picture


def test_tables_give_a_confusion_of_true_and_named_classes(data_folder: Path):
    run = made(IRIS, data_folder).train()
    name, picture = what_it_has_learned(run)
    final = run.final
    assert final is not None
    assert name == "confusion"
    assert picture["counts"].sum() == final.validation.num
    assert picture["counts"].sum() - np.trace(picture["counts"]) == final.validation.wrong
    assert wrong_answers(run) == ("wrong", {})


def test_one_input_gives_the_function_with_the_true_one(data_folder: Path):
    name, picture = what_it_has_learned(made(POLYNOMIAL, data_folder))
    assert name == "fit"
    assert len(picture["x"]) == len(picture["y"]) == len(picture["truth"])
    assert picture["truth"] == pytest.approx(4 * picture["x"] ** 3 - 3 * picture["x"], abs=1e-4)
    assert len(picture["points"]["x"]) == 40


def test_many_inputs_give_true_against_predicted(data_folder: Path):
    run = made(LINEAR, data_folder).train()
    name, picture = what_it_has_learned(run)
    final = run.final
    assert name == "fit"
    assert final is not None
    rmse = np.sqrt(np.mean((picture["true"] - picture["predicted"]) ** 2))
    assert rmse / run.parts.data.target_spread == pytest.approx(final.validation.error, rel=1e-4)


def test_no_picture_looks_at_the_test_split(data_folder: Path):
    for document in (MOONS, DIGITS, IRIS, POLYNOMIAL, LINEAR):
        run = made(document, data_folder)
        allowed = set(run.parts.data.splits.train.tolist()) | set(run.parts.data.splits.validation.tolist())
        sealed = torch.tensor(sorted(set(range(len(run.parts.data.inputs))) - allowed))
        kept = run.parts.data.inputs[sealed].clone()
        first = what_it_has_learned(run)[1]
        try:
            run.parts.data.inputs[sealed] = 7
            second = what_it_has_learned(run)[1]
        finally:
            run.parts.data.inputs[sealed] = kept
        np.testing.assert_equal(_plain(first), _plain(second))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return str(value) if isinstance(value, Text) else value


@pytest.mark.parametrize(
    ("predicted", "sentence"),
    [
        ([1] * 12, "It says “b” to everything."),
        ([1] * 10 + [0, 2], "It says “b” to almost everything."),
        ([1] * 5 + [0] * 4 + [2] * 3, "It says “b” most often: to 5 of 12."),
    ],
)
def test_what_it_says_in_one_sentence(predicted: list[int], sentence: str):
    assert str(what_it_says(np.array(predicted), ("a", "b", "c"))) == sentence
