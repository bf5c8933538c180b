"""Every prepared comparison does on three seeds what its caption says."""

from __future__ import annotations

from pathlib import Path

import pytest

import core.catalog  # noqa: F401 - registers the entries
from core.compatibility import check
from core.errors import BadInput
from core.experiment import Experiment
from core.studies.comparison import MOST_LANES
from core.studies.comparison_presets import ComparisonPreset, comparison_preset, comparison_presets
from core.studies.comparison_presets.costs import multiplications_per_update
from core.studies.comparison_presets.registry import Claim, add
from tests.presets.comparison_measures import Measured
from tests.presets.test_presets import without_effect

SEEDS = (0, 1, 2)
SLOW = {"six_optimizers", "batch_sizes", "what_adds_to_what"}
EACH = [
    pytest.param(preset, id=key, marks=[pytest.mark.slow] if key in SLOW else [])
    for key, preset in comparison_presets().items()
]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("preset", EACH)
def test_the_caption_holds_on_three_seeds(preset: ComparisonPreset, data: Path):
    measured = Measured(preset, SEEDS, data)
    false = [
        f"{name}, seed {seed} on {base}: {claim.measure} {claim.how} {claim.than} is {value:.4g}, not {claim.text}"
        for claim in preset.claims
        for (base, name, seed), value in measured.of(claim).items()
        if not claim.holds(value)
    ]
    assert not false


@pytest.mark.parametrize("preset", EACH)
def test_its_variants_can_be_trained_and_have_no_setting_without_effect(preset: ComparisonPreset):
    comparison = preset.comparison()
    assert without_effect(comparison.check()) == []
    assert all(without_effect(check(lane.experiment)) == [] for lane in comparison.experiments())
    assert len(comparison.experiments()) <= MOST_LANES


@pytest.mark.parametrize("preset", EACH)
def test_its_variants_differ_in_what_its_changes_name_alone(preset: ComparisonPreset):
    named = {path.split(".")[0] for changes in preset.variants.values() for path in changes}
    assert {path.split(".")[0] for path in preset.comparison().differing_settings()} <= named


@pytest.mark.parametrize("preset", EACH)
def test_its_caption_is_a_sentence_with_its_numbers(preset: ComparisonPreset):
    caption = str(preset.text)
    assert caption.endswith(".")
    assert "{" not in caption
    assert any(letter.isdigit() for letter in caption)


def test_a_reader_sees_the_names_in_the_language_of_the_page():
    translated = comparison_preset("augmentation_500").comparison(str.upper)
    assert translated.name == "500 IMAGES: MOVED, OR MIRRORED"
    assert [variant.name for variant in translated.variants] == [
        "no augmentation",
        "turned, scaled, shifted",
        "mirrored",
    ]
    assert [variant.text.render(str.upper) for variant in translated.variants] == [
        "NO AUGMENTATION",
        "TURNED, SCALED, SHIFTED",
        "MIRRORED",
    ]


def test_no_two_of_them_are_the_same_comparison():
    fingerprints = [preset.comparison().fingerprint() for preset in comparison_presets().values()]
    assert len(set(fingerprints)) == len(fingerprints)


def test_six_optimizers_come_first_each_with_its_own_best_rate():
    first = next(iter(comparison_presets().values()))
    assert first.key == "six_optimizers"
    assert (first.rates, first.seeds, len(first.variants)) == ("own", 5, 6)


def test_an_unknown_comparison_is_answered_with_the_nearest():
    with pytest.raises(BadInput) as caught:
        comparison_preset("six_optimisers")
    assert "six_optimizers" in str(caught.value.fix)


def preset_with(caption: str, claim: Claim) -> ComparisonPreset:
    variants = {"SGD": {"optimizer": "sgd"}, "Adam": {"optimizer": "adam"}}
    return ComparisonPreset("tried", "Tried", caption, {}, variants, (claim,))


@pytest.mark.parametrize(
    ("caption", "claim"),
    [
        ("It is so.", Claim("error", "validation_error", ("SGD",), 1, 2)),
        ("It is {error}.", Claim("error", "validation_error", ("momentum",), 1, 2)),
        ("It is {error}.", Claim("error", "validation_error", ("SGD",), 1, 2, how="minus")),
        ("It is {error}.", Claim("error", "validation_error", ("SGD",), 1, 2, than="Adam")),
        ("It is so.", Claim("", "validation_error", ("SGD",), 1, 2)),
    ],
    ids=["not said", "of no variant", "against nothing", "alone against another", "without any number"],
)
def test_a_caption_must_say_what_it_claims_about_its_variants(caption: str, claim: Claim):
    with pytest.raises(TypeError):
        add(preset_with(caption, claim))
    assert "tried" not in comparison_presets()


def test_an_update_takes_the_multiplications_of_its_whole_batch():
    per_sample = 64 * 64 + 64 * 64 + 64 * 10
    assert multiplications_per_update(Experiment()) == 64 * per_sample
    assert multiplications_per_update(Experiment(batch_size=5000, train_size=1000)) == 1000 * per_sample


def test_powers_of_ten_are_claimed_by_their_exponents():
    claim = Claim("apart", "weights", ("SGD",), None, -12, "power of ten", "apart", "Adam")
    assert str(claim.text) == "below 10⁻¹²"
    assert claim.holds(1e-15)
    assert claim.holds(0.0)
    assert not claim.holds(1e-9)
