"""How large an update is: a learning rate that falls, and how many samples a gradient is averaged over."""

from __future__ import annotations

from core.studies.comparison_presets.registry import Claim, ComparisonPreset, add

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
    )
)
