"""The command `race`: optimizers on a surface of two numbers."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import IO, Any

from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.registry import canonical_key, entries, parse
from core.catalog.surfaces.own import surface_of
from core.cli_training import Answer, changes_of
from core.errors import BadInput
from core.landscape.practice import Practice
from core.strict_json import finite
from core.terminal import say
from core.text import Text


def race(arguments: argparse.Namespace) -> Answer:
    """The paths of optimizers from one start, for the same number of updates."""
    import core.catalog  # noqa: F401 - registers every entry

    surface = surface_of(arguments.surface, noise=arguments.noise)
    names = [name.strip() for name in arguments.optimizers.split(",") if name.strip()]
    optimizers, notes = _optimizers(names, arguments.lr, changes_of(arguments))
    practice = Practice.from_json(
        {
            "surface": surface,
            "optimizers": optimizers,
            "start": arguments.start,
            "steps": arguments.steps,
            "seed": arguments.seed,
        }
    )
    from core.landscape.paths import paths_of

    paths = dict(zip(names, paths_of(practice), strict=True))
    arguments.show = _show
    for name, path in paths.items():
        if path.num_finite <= arguments.steps:
            notes.append(Text("{name} is beyond every number from update {step} on.", name=name, step=path.num_finite))
    for note in notes:
        say(note)
    value, _ = finite(
        {
            "surface": arguments.surface,
            "start": list(practice.begin),
            "paths": {name: path.positions.tolist() for name, path in paths.items()},
            "losses": {name: path.losses.tolist() for name, path in paths.items()},
            "gradient_norms": {name: path.gradient_norms.tolist() for name, path in paths.items()},
            "notes": [str(note) for note in notes],
        }
    )
    return value, 0


def _optimizers(names: list[str], lr: float | None, changes: Mapping[str, Any]) -> tuple[list[Optimizer], list[Text]]:
    """The optimizers as typed, with the one learning rate and the changes, and notes about who has no such rate."""
    if not names or len({canonical_key("optimizers", name) for name in names}) < len(names):
        raise BadInput(
            Text("The optimizers are “{names}”.", names=", ".join(names)),
            Text("At least one runs, and each once."),
            Text("There are: {known}.", known=", ".join(entries("optimizers"))),
        )
    documents: dict[str, dict[str, Any]] = {name: {"key": name} for name in names}
    notes: list[Text] = []
    for name, document in documents.items():
        cls = type(parse("optimizers", name))
        if lr is not None and "lr" in cls.model_fields:
            document["lr"] = lr
        elif lr is not None:
            notes.append(Text("{title} has no learning rate: --lr leaves it as it is.", title=Text(cls.title)))
    for path, value in changes.items():
        name, _, field = path.partition(".")
        if name not in documents or not field or "." in field or field == "key":
            raise BadInput(
                Text("“{path}” cannot be set.", path=path[:80]),
                Text("Here a path is an optimizer that runs, a dot, and one of its fields."),
                Text("Write for example {example}.", example=f"{names[0]}.lr=0.1"),
            )
        documents[name][field] = value
    return [parse("optimizers", document) for document in documents.values()], notes  # type: ignore[misc]


def _show(value: Mapping[str, Any], out: IO[str]) -> None:
    width = max(map(len, value["paths"]))
    for name, path in value["paths"].items():
        end = [point for point in path if None not in point][-1]
        losses = [loss for loss in value["losses"][name] if loss is not None]
        out.write(f"{name:<{width}}  loss {losses[-1]:<12.6g} x {end[0]:<12.6g} y {end[1]:.6g}\n")
