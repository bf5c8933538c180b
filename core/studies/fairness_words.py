"""The words of the fairness badge: what is compared, and which setting explains that two runs differ in it."""

from __future__ import annotations

from typing import Any

from core.catalog.entry import Entry
from core.experiment import DATA_FIELDS, Experiment
from core.text import Text

ITEMS: dict[str, Text] = {
    "first_weights": Text("first weights"),
    "batches": Text("batches and their order"),
    "augmentation": Text("augmentation"),
    "evaluation": Text("samples that errors are measured on"),
    "machine": Text("device, threads, precision, engine"),
    "gradients": Text("gradients per update"),
}

FIELDS: dict[str, tuple[str, ...]] = {
    "first_weights": ("seed", "initializer", "architecture", "dataset", "precision"),
    "batches": (
        "seed",
        "batch_size",
        *DATA_FIELDS,
        "precision",
        "augmentations",
    ),
    # The tensors that are fed hold inputs and labels.
    "augmentation": ("augmentations", "dataset", "label_noise", "noisy_splits", "precision"),
    "evaluation": DATA_FIELDS,
}
"""The settings that decide an item, the likeliest reason first."""

WORDS: dict[str, Text] = {
    "seed": Text("seed"),
    "initializer": Text("initialization"),
    "architecture": Text("network"),
    "dataset": Text("data set"),
    "precision": Text("precision"),
    "batch_size": Text("batch size"),
    "train_size": Text("training samples"),
    "split_seed": Text("split seed"),
    "sampling": Text("sampling"),
    "label_noise": Text("label noise"),
    "noisy_splits": Text("where labels are wrong"),
    "validation_fraction": Text("validation share"),
    "num_folds": Text("folds"),
    "fold": Text("fold that validates"),
    "test_seed": Text("test set"),
    "augmentations": Text("augmentation"),
}


def by_design(item: str, one: Experiment, other: Experiment) -> Text | None:
    """The setting in which two experiments differ and which decides the item; None where there is none."""
    for name in FIELDS[item]:
        first, second = getattr(one, name), getattr(other, name)
        if first == second:
            continue
        if name == "seed":
            return Text("seed {one} against {other}", one=first, other=second)
        pair = _shown(first), _shown(second)
        if pair[0] == pair[1]:
            return Text("{setting}: other values, by design", setting=WORDS[name])
        return Text("{setting}: {one} against {other}, by design", setting=WORDS[name], one=pair[0], other=pair[1])
    return None


def _shown(value: Any) -> Text:
    if isinstance(value, Entry):
        return Text(value.title)
    if isinstance(value, tuple):
        parts = {f"part{place}": Text(entry.title) for place, entry in enumerate(value)}
        return Text(" + ".join(f"{{{name}}}" for name in parts), **parts) if parts else Text("none")
    return Text("by default") if value is None else Text("{value}", value=value)
