"""Every preset runs on three seeds and does what its caption says."""

from __future__ import annotations

from pathlib import Path

import pytest

import core.catalog  # noqa: F401 - registers the presets
from core.catalog.presets import Preset, presets
from core.compatibility import check
from core.experiment import Experiment
from core.text import Text
from tests.presets.measures import measured

SEEDS = (0, 1, 2)
FOLDS_VALIDATE = "The {num} validation samples of this data set are not used: the folds validate."
SLOW = {
    "lambda_too_small", "lambda_right", "lambda_too_large", "sigmoid_20", "reference_cnn_a", "reference_cnn_b",
    "clothes", "mnist_3000", "photographs", "moons_dropout", "relu_20", "relu_20_framework", "leaky_relu_20", "tanh_20",
    "orthogonal_20", "batch_norm_cures_sigmoid", "rate_warm_up", "rate_without_warm_up", "signals_cnn",
}  # fmt: skip
EACH = [
    pytest.param(preset, id=key, marks=[pytest.mark.slow] if key in SLOW else []) for key, preset in presets().items()
]


def without_effect(notes: list[Text]) -> list[Text]:
    """Notes about settings without effect: that folds validate in place of other samples is what folds are for."""
    return [note for note in notes if note.values.get("note", note).template != FOLDS_VALIDATE]


def on_seed(preset: Preset, seed: int) -> Experiment:
    """The preset's experiment on one seed; the samples differ too unless the caption speaks of these very samples."""
    experiment = Experiment.from_json({"preset": preset.key})
    return experiment.replace(seed=seed) if preset.same_samples else experiment.replace(seed=seed, split_seed=seed)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("preset", EACH)
def test_the_caption_holds_on_three_seeds(preset: Preset, data: Path):
    unavailable = Experiment.from_json({"preset": preset.key}).dataset.available(data)  # type: ignore[attr-defined]
    if unavailable is not None:
        pytest.skip(f"{unavailable} On Debian: apt install dataset-fashion-mnist")
    false, claimed = [], {str(claim.measure) for claim in preset.claims}
    for seed, found in zip(SEEDS, measured([on_seed(preset, seed) for seed in SEEDS], data, claimed), strict=True):
        false += [
            f"seed {seed}: {claim.measure} is {found[claim.measure]:.4g}, not {claim.text}"
            for claim in preset.claims
            if not claim.holds(found[claim.measure])
        ]
    assert not false


@pytest.mark.parametrize("preset", EACH)
def test_a_preset_fits_together_and_has_no_setting_without_effect(preset: Preset):
    assert without_effect(check(Experiment.from_json({"preset": preset.key}))) == []


@pytest.mark.parametrize("preset", EACH)
def test_a_caption_is_a_sentence_with_its_numbers(preset: Preset):
    caption = str(preset.text)
    assert caption.endswith(".")
    assert "{" not in caption
    assert any(letter.isdigit() for letter in caption)


def test_the_first_screen_has_the_starting_points_in_order():
    first = ["learns", "overfits_moons", "lambda_too_small", "lambda_right", "lambda_too_large"]
    first += ["sigmoid_20", "unscaled_inputs"]
    assert [preset.key for preset in presets().values() if preset.first] == first


def test_the_first_preset_is_the_default_experiment():
    assert Experiment.from_json({"preset": "learns"}) == Experiment()


def test_no_two_presets_are_the_same_experiment():
    fingerprints = [Experiment.from_json({"preset": key}).fingerprint() for key in presets()]
    assert len(set(fingerprints)) == len(fingerprints)
