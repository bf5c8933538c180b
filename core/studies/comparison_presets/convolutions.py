"""Kernel, stride, pooling and padding of a small CNN on the digits, each with what it costs."""

from __future__ import annotations

from typing import Any

from core.studies.comparison_presets.registry import Claim, ComparisonPreset, add

RARELY = {"evaluate_every": 6}


def cnn(*blocks: dict[str, Any]) -> dict[str, Any]:
    """A CNN of these blocks and a dense layer of 32, without dropout."""
    return {"key": "cnn", "blocks": list(blocks), "dense": [32], "dropout": 0.0}


def kernels(size: int) -> dict[str, Any]:
    """Two blocks with kernels of this size that keep the picture's size."""
    common = {"kernel": size, "padding": "same"}
    return {"architecture": cnn({"channels": 8, **common}, {"channels": 16, **common})}


def cost(said: str, variant: str, millions: float) -> Claim:
    """The multiplications of one update, which the network's plan says exactly."""
    return Claim(said, "multiplications", (variant,), millions, millions, unit="")


add(
    ComparisonPreset(
        "kernels",
        "Kernel 3, 5 or 7",
        "On pictures of 8 × 8 all three end at {errors} wrong. Forward, one update takes {three}, {five} and {seven} "
        "million multiplications.",
        RARELY,
        {f"kernel {size}": kernels(size) for size in (3, 5, 7)},
        (
            Claim("errors", "validation_error", ("kernel 3", "kernel 5", "kernel 7"), 1, 8),
            cost("three", "kernel 3", 7.13),
            cost("five", "kernel 5", 16),
            cost("seven", "kernel 7", 29.4),
        ),
    )
)


def stride(step: int) -> dict[str, Any]:
    """Two blocks of which the first moves on by so many pixels."""
    first = {"channels": 16, "padding": "same", "stride": step}
    return {"architecture": cnn(first, {"channels": 16, "padding": "same"})}


add(
    ComparisonPreset(
        "strides",
        "Stride 1, 2 or 4",
        "A stride saves multiplications, {one}, {two} and {four} million forward in one update, and skips pixels: "
        "{stride_1}, {stride_2} and {stride_4} wrong after ten epochs.",
        RARELY,
        {f"stride {step}": stride(step) for step in (1, 2, 4)},
        (
            cost("one", "stride 1", 12.1),
            cost("two", "stride 2", 3.05),
            cost("four", "stride 4", 0.778),
            Claim("stride_1", "validation_error", ("stride 1",), 1, 7),
            Claim("stride_2", "validation_error", ("stride 2",), 2, 9),
            Claim("stride_4", "validation_error", ("stride 4",), 12, 26),
        ),
    )
)


def pooling(kind: str) -> dict[str, Any]:
    """One block with this pooling."""
    return {"architecture": cnn({"channels": 16, "padding": "same", "pooling": kind})}


add(
    ComparisonPreset(
        "poolings",
        "No pooling, maximum, average",
        "Pooling takes {pooled} million multiplications forward in one update instead of {whole}. Maximum ends at "
        "{maximum} wrong, average at {average}, without pooling it is {none}.",
        {"optimizer": {"key": "adam", "lr": 0.003}, **RARELY},
        {f"pooling {kind}": pooling(kind) for kind in ("none", "max", "average")},
        (
            cost("whole", "pooling none", 2.71),
            Claim("pooled", "multiplications", ("pooling max", "pooling average"), 1.13, 1.13, unit=""),
            Claim("none", "validation_error", ("pooling none",), 0.5, 6),
            Claim("maximum", "validation_error", ("pooling max",), 1, 7),
            Claim("average", "validation_error", ("pooling average",), 1, 9),
        ),
    )
)


def padding(name: str) -> dict[str, Any]:
    """Three blocks with this padding."""
    return {"architecture": cnn(*[{"channels": 16, "padding": name}] * 3)}


add(
    ComparisonPreset(
        "paddings",
        "Padding: valid or same",
        "Without padding three blocks shrink 8 × 8 to 2 × 2: {valid} wrong on training images after ten epochs. A "
        "frame of zeros keeps the size: {same}, for {large} million multiplications forward in one update instead of "
        "{small}.",
        RARELY,
        {f"padding {name}": padding(name) for name in ("valid", "same")},
        (
            Claim("valid", "train_error", ("padding valid",), 1, 9),
            Claim("same", "train_error", ("padding same",), 0, 3),
            Claim("", "train_error", ("padding valid",), 0, None, "", "minus", "padding same"),
            cost("small", "padding valid", 3.43),
            cost("large", "padding same", 21.6),
        ),
    )
)
