"""The project's Python files and what they import, read without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("app.py", "pages", "core", "bench", "tests")


@dataclass(frozen=True)
class Source:
    """One Python file: its path below the project's folder, with slashes, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    def where(self, node: ast.AST) -> str:
        """`path:line` of a node of the tree."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


def read(text: str, path: str = "core/example.py") -> Source:
    """A Source from text, for trying a rule on a line that breaks it."""
    return Source(path, text, ast.parse(text))


@cache
def sources(*rooms: str) -> tuple[Source, ...]:
    """Every Python file below the given rooms (all of them by default), sorted by path in each."""
    return tuple(source for room in rooms or ROOMS for source in _room(room))


@cache
def _room(room: str) -> tuple[Source, ...]:
    path = ROOT / room
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.exists() else []
    return tuple(
        read(file.read_text(encoding="utf-8"), file.relative_to(ROOT).as_posix())
        for file in files
        if "__pycache__" not in file.parts
    )


def imports(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Every module a file imports, wherever in the file: `from core import text` gives `core.text`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node, name.name
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield node, inner if is_module(inner) else node.module


def is_module(dotted: str) -> bool:
    """Whether a dotted name is a file or a folder of the project."""
    path = ROOT / dotted.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


def dotted_name(node: ast.AST) -> str:
    """`torch.load` for the expression `torch.load`; what stands before a call or an index is left out."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "")
    return ".".join(reversed(parts))
