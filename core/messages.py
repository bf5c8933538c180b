"""The templates that readers see, found in the code and the catalogue, and the catalogs that translate them.

`python -m core.messages` brings every catalog up to date and lists the templates that lack a translation.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import BaseModel

import core.catalog  # noqa: F401 - registers every entry
from core.catalog.datasets.dataset import DataSet
from core.catalog.datasets.own import OwnImages, OwnTable
from core.catalog.entry import Entry, parameter_of
from core.catalog.faults import Fault
from core.catalog.formula import words_of
from core.catalog.presets import presets
from core.catalog.registry import FAMILIES, entries
from core.experiment import Experiment
from core.landscape.anatomy import PARTS
from core.landscape.stories import stories
from core.language import LANGUAGES, catalog_file
from core.studies.comparison_presets import comparison_presets

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("app.py", "pages", "core")

MARKS = {"Text", "t", "prose"}
"""Functions whose first argument is a template."""

HEADER = r"""# Saddlepoint: {language}. `make messages` writes the templates; people write the msgstr lines.
msgid ""
msgstr ""
"Language: {lang}\n"
"Content-Type: text/plain; charset=utf-8\n"

"""
"""The head of a catalog; without a date, so that a catalog changes only when a text does."""

FIELD = re.compile(r"\{(\w*)[^{}]*\}")

WRITTEN = re.compile(r"[^\W\d_]|[.,:;()]")
"""What languages write differently: letters, and the marks that join sentences."""


def fields(template: str) -> list[str]:
    """Names of the values a template wants, sorted: `"{low:g} to {high:g}"` gives `["high", "low"]`."""
    return sorted(FIELD.findall(template))


def marked(node: ast.AST) -> ast.expr | None:
    """The template of a call of one of MARKS, or None for any other node."""
    if not isinstance(node, ast.Call) or not node.args:
        return None
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    return node.args[0] if name in MARKS else None


def literals(expression: ast.expr) -> Iterator[str]:
    """The literal strings an expression can be: itself, or either side of a conditional or an `or`."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        yield expression.value
    elif isinstance(expression, ast.IfExp):
        yield from literals(expression.body)
        yield from literals(expression.orelse)
    elif isinstance(expression, ast.BoolOp):
        for value in expression.values:
            yield from literals(value)


def glued(expression: ast.expr) -> bool:
    """Whether a template is put together at run time, so that no catalog can hold it.

    A list of placeholders ("{a} + {b} + {c}") may be: it has no word to translate.
    """
    if isinstance(expression, ast.IfExp):
        return glued(expression.body) or glued(expression.orelse)
    if is_placeholders(expression):
        return False
    formatted = isinstance(expression, ast.Call) and getattr(expression.func, "attr", "") in (
        "format",
        "join",
        "replace",
    )
    return formatted or isinstance(expression, ast.JoinedStr | ast.BinOp)


def is_placeholders(expression: ast.expr) -> bool:
    """Whether an expression is `" + ".join(f"{{{name}}}" for …)`: placeholders between signs, without a letter."""
    if not (isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute) and expression.args):
        return False
    parts = expression.args[0]
    if expression.func.attr != "join" or not isinstance(parts, ast.GeneratorExp | ast.ListComp):
        return False
    fixed = [leaf.value for leaf in ast.walk(expression) if isinstance(leaf, ast.Constant)]
    return isinstance(parts.elt, ast.JoinedStr) and not any(letter.isalpha() for text in fixed for letter in str(text))


def templates_of_code(tree: ast.AST, *, refusals: bool = False) -> Iterator[str]:
    """Templates that stand in a file; with `refusals`, also the literal sentences of validators' ValueErrors."""
    for node in ast.walk(tree):
        template = marked(node)
        if template is not None:
            yield from literals(template)
        elif refusals and isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ValueError" and node.args:
            yield from literals(node.args[0])


def templates_of_catalogue() -> Iterator[tuple[str, str]]:
    """Template and origin of every text an entry, a preset, a prepared comparison or the experiment declares."""
    for family, name in FAMILIES.items():
        yield name, f"catalogue: {family}"
        for key, cls in entries(family).items():
            for template in (cls.title, cls.why, cls.choose, *words_of(cls.formula)):
                yield template, f"catalogue: {family}.{key}"
            yield from templates_of_fields(cls, f"catalogue: {family}.{key}")
    for key, cls in entries("datasets").items():
        for name in class_names(cast("type[DataSet]", cls)):
            yield name, f"catalogue: datasets.{key}"
    for own in (OwnImages, OwnTable):
        for template in (own.why, own.choose):
            yield template, "catalogue: own data"
    for key, cls in entries("faults").items():
        for template in (cast("type[Fault]", cls).fix, cast("type[Fault]", cls).reading_title):
            yield template, f"catalogue: faults.{key}"
    for key, preset in presets().items():
        yield preset.title, f"catalogue: presets.{key}"
        yield preset.caption, f"catalogue: presets.{key}"
    for key, prepared in comparison_presets().items():
        for template in (prepared.title, prepared.caption, *prepared.own_names):
            yield template, f"catalogue: comparison_presets.{key}"
    for story in stories():
        yield story.title, f"catalogue: stories.{story.key}"
        yield story.caption, f"catalogue: stories.{story.key}"
    for name in PARTS:
        yield name, "catalogue: optimizers"
    yield from templates_of_fields(Experiment, "experiment")


def class_names(cls: type[DataSet]) -> tuple[str, ...]:
    """The names of a data set's classes, of as many as it can have."""
    most = {parameter.name: parameter.high for parameter in cls.parameters() if parameter.name == "classes"}
    return cls(**most).facts().class_names


def templates_of_fields(model: type[BaseModel], origin: str) -> Iterator[tuple[str, str]]:
    """Title, help, reason, unit and choices of every field of a pydantic model, and of the records it lists."""
    for name, field in model.model_fields.items():
        parameter = parameter_of(name, field)
        texts = [parameter.title, parameter.help, *(choice for choice in parameter.choices if isinstance(choice, str))]
        if parameter.usual is not None:
            texts += [parameter.usual.reason, parameter.usual.unit]
        for text in texts:
            yield text, f"{origin}.{name}"
        for record in records(field.annotation):
            yield record.title, f"{origin}.{name}"
            yield from templates_of_fields(record, f"{origin}.{name}")


def records(annotation: Any) -> Iterator[type[Entry]]:
    """The models in a field's annotation: a CNN's `tuple[Block, ...]` holds the settings of a block."""
    if isinstance(annotation, type) and issubclass(annotation, Entry):
        yield annotation
    for part in get_args(annotation):
        yield from records(part)


def code_files() -> Iterator[Path]:
    """The Python files whose texts readers see."""
    for room in ROOMS:
        path = ROOT / room
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.exists() else []


def templates() -> dict[str, list[str]]:
    """Every template with the places it comes from; a unit such as ° or a list of values needs no translation."""
    found: dict[str, set[str]] = {}
    for file in code_files():
        path = file.relative_to(ROOT).as_posix()
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for template in templates_of_code(tree, refusals=path.startswith(("core/catalog/", "core/experiment"))):
            found.setdefault(template, set()).add(path)
    for template, origin in templates_of_catalogue():
        found.setdefault(template, set()).add(origin)
    return {
        template: sorted(places)
        for template, places in sorted(found.items())
        if WRITTEN.search(FIELD.sub("", template))
    }


def update(lang: str) -> list[str]:
    """Rewrite a language's catalog: translations stay, new templates come in, stale ones go. Returns what lacks one."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po, write_po

    file = catalog_file(lang)
    old = Catalog(locale=lang)
    if file.exists():
        with file.open("rb") as stream:
            old = read_po(stream, locale=lang, abort_invalid=True)
    new = Catalog(locale=lang, fuzzy=False)
    for template, places in templates().items():
        known = old.get(template)
        translation = known.string if known is not None and not known.fuzzy else ""
        new.add(template, translation, auto_comments=places[:3]).flags.clear()
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        stream.write(HEADER.format(language=LANGUAGES[lang], lang=lang).encode())
        write_po(stream, new, width=0, omit_header=True, sort_output=True)
    return [str(message.id) for message in new if message.id and not message.string]


def main() -> int:
    """Update every catalog; 1 when a template lacks its translation."""
    lacking = 0
    for lang, name in LANGUAGES.items():
        if lang == "en":
            continue
        missing = update(lang)
        lacking += len(missing)
        for template in missing:
            print(f"{name}: no translation of: {template}")
        print(f"{name}: {len(missing)} of {len(templates())} templates lack a translation.")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
