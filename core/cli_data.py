"""The commands `data`: bring a file or a folder, remove a set, list them; and `deal`: a fresh test set of one."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from core.errors import BadInput
from core.text import Text

if TYPE_CHECKING:
    from core.catalog.datasets.own import OwnData
    from core.cli_training import Answer


def data(arguments: argparse.Namespace) -> Answer:
    """The sets after what was asked for is done."""
    from core.catalog.datasets.own import own_sets
    from core.studies.workbench import Workbench

    arguments.show = _show
    if not (arguments.add or arguments.remove):
        return [_facts(cls) for cls in own_sets()], 0
    with Workbench.open(arguments.data, live=False) as bench:
        if arguments.remove:
            bench.remove_data(arguments.remove)
        added = bench.add_data(*_content(Path(arguments.add))) if arguments.add else None
        return [{**_facts(cls), "added": cls.key == added} for cls in bench.own_data()], 0


def deal(arguments: argparse.Namespace) -> Answer:
    """Deal a fresh test set of a data set; all that were dealt, the new one last."""
    from core.studies.workbench import Workbench

    arguments.show = _show_deals
    with Workbench.open(arguments.data, live=False) as bench:
        dealt = bench.deal(arguments.dataset)
        return [found.to_json() for found in bench.deals(dealt.dataset)], 0


def _show_deals(value: Any, out: IO[str]) -> None:
    for row in cast(Sequence[Mapping[str, Any]], value):
        out.write(f"{row['dataset']}  --set test_seed={row['test_seed']}  {row['utc']}  {row['by']}\n")


def _content(path: Path) -> tuple[str, bytes]:
    """The name and the bytes of a file; of a folder, a zip of all its files."""
    from core.studies.own_data import packed

    try:
        if not path.is_dir():
            return path.name, _start_of(path)
        files = sorted(file for file in path.rglob("*") if file.is_file() and not file.is_symlink())
        if not files:
            raise BadInput(
                Text("The folder “{path}” holds no files.", path=str(path)),
                Text("There is nothing to learn from."),
                Text("Name a folder with a folder of images for each class."),
            )
        pairs = ((f"{path.name}/{file.relative_to(path).as_posix()}", _start_of(file)) for file in files)
        return path.name, packed(pairs)
    except OSError as error:
        raise BadInput(
            Text("“{path}” cannot be read.", path=str(path)),
            Text("{reason}.", reason=error.strerror or str(error)),
            Text("Give the path of a file or of a folder."),
        ) from error


def _start_of(path: Path) -> bytes:
    """The bytes of a file, of a large one just too many to be used."""
    from core.uploads.limits import MAX_FILE_BYTES

    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def _facts(cls: type[OwnData]) -> dict[str, Any]:
    about = cls.about
    return {
        "key": cls.key,
        "title": cls.title,
        "samples": about.num_samples,
        "shape": list(about.input_shape),
        "classes": list(about.class_names),
    }


def _show(value: Any, out: IO[str]) -> None:
    for row in cast(Sequence[Mapping[str, Any]], value):
        shape = "×".join(map(str, row["shape"]))
        classes = ", ".join(row["classes"]) or "numbers"
        out.write(f"{row['key']}  {row['title']}  {row['samples']} × {shape}  {classes}\n")
    if not value:
        out.write("no own data\n")
