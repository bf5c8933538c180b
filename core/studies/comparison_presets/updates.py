"""How large an update is: every learning rate at once, a rate that falls, and the samples that a gradient averages."""

from __future__ import annotations

from core.studies.comparison_presets.registry import Claim, ComparisonPreset, add
from core.studies.variant import label
from core.studies.vary import parse_axis

RATES = parse_axis("optimizer.lr=log(0.001,10)x33")


def at_rate(rate: float) -> str:
    """The name of the variant with that learning rate, of which there are eight in every power of ten."""
    return label({RATES.path: min(RATES.values, key=lambda value: abs(value - rate))})


add(
    ComparisonPreset(
        "every_rate",
        "Every learning rate at once",
        "SGD with 33 learning rates, one in each row. After five epochs 0.01 is still {slow} wrong: too small to get "
        "anywhere. At 0.1 it is {middle}, at 0.3 it is {best}. At six times that, 1.8, it is {large}: it guesses. "
        "The best rate lies close to the edge.",
        {"optimizer": "sgd", "epochs": 5},
        {label({RATES.path: rate}): {RATES.path: rate} for rate in RATES.values},
        (
            Claim("slow", "validation_error", (at_rate(0.01),), 40, 65),
            Claim("middle", "validation_error", (at_rate(0.1),), 5, 20),
            Claim("best", "validation_error", (at_rate(0.3),), 2, 14),
            Claim("large", "validation_error", (at_rate(1.8),), 80, 95),
        ),
        seeds=1,
        first=True,
    )
)
add(
    ComparisonPreset(
        "rate_decay",
        "A learning rate that falls, or not",
        "Momentum with 0.3 is too fast to end with: training error {constant} after ten epochs. Falling to 0 along a "
        "cosine it ends at {cosine}.",
        {"optimizer": {"key": "momentum", "lr": 0.3}},
        {"constant": {"schedule": "constant"}, "cosine": {"schedule": "cosine"}},
        (
            Claim("constant", "train_error", ("constant",), 1, 12),
            Claim("cosine", "train_error", ("cosine",), 0, 1.4),
            Claim("", "train_error", ("constant",), 0.3, None, "", "minus", "cosine"),
        ),
    )
)
SIZES = (8, 64, 512)
add(
    ComparisonPreset(
        "batch_sizes",
        "Batches of 8, 64 and 512",
        "At the first weights a gradient of 8 samples lies {noise_8} of its length away from the full one, of 64 "
        "{noise_64}, of 512 {noise_512}: eight times the samples, about a third of the noise. But five epochs are "
        "{updates_8}, {updates_64} and {updates_512} updates: {large} wrong with 512, {middle} with 64, and {small} "
        "with 8, whose noise shakes it to the end.",
        {"optimizer": "sgd", "epochs": 5},
        {f"batch size {size}": {"batch_size": size} for size in SIZES},
        (
            Claim("noise_8", "gradient_noise", ("batch size 8",), 90, 320),
            Claim("noise_64", "gradient_noise", ("batch size 64",), 30, 110),
            Claim("noise_512", "gradient_noise", ("batch size 512",), 8, 30),
            Claim("", "gradient_noise", ("batch size 8",), 2.4, 3.6, "", "over", "batch size 64"),
            Claim("", "gradient_noise", ("batch size 64",), 2.8, 4.6, "", "over", "batch size 512"),
            *(
                Claim(f"updates_{size}", "updates", (f"batch size {size}",), count, count, unit="")
                for size, count in zip(SIZES, (720, 90, 15), strict=True)
            ),
            Claim("small", "validation_error", ("batch size 8",), 1, 35),
            Claim("middle", "validation_error", ("batch size 64",), 1.5, 16),
            Claim("large", "validation_error", ("batch size 512",), 10, 60),
        ),
        rates="own",
        first=True,
    )
)
