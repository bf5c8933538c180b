"""The two files: a plain script, and a notebook with a cell for each of its sections."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence

from core.exports.script.parts import Part

WIDTH = 88
"""Letters in the line that begins a section."""
INTRODUCTION = (
    "Written by Saddlepoint, as plain PyTorch. On the machine and the versions with which the program trains on the "
    "CPU it ends with the same numbers: same split, same first weights, same batches."
)


def script_bytes(parts: Sequence[Part]) -> bytes:
    """The parts as one Python file, UTF-8."""
    first, *others = parts
    head = f'"""{_wrapped(first.about)}\n\n{_wrapped(INTRODUCTION)}\n"""\n\n{first.code}'
    return "\n\n".join([head, *map(_section, others)]).encode()


def _section(part: Part) -> str:
    line = f"# -- {part.heading.lower()} ".ljust(WIDTH, "-")
    about = f"# {part.about}\n" if part.about else ""
    return f"{line}\n{about}\n{part.code}"


def _wrapped(sentence: str) -> str:
    return textwrap.fill(sentence, WIDTH)


def notebook_bytes(parts: Sequence[Part]) -> bytes:
    """The parts as a Jupyter notebook (nbformat 4.5), UTF-8: for each a cell of text and a cell of code."""
    cells = []
    for number, part in enumerate(parts):
        about = f"{part.about}\n\n{INTRODUCTION}" if number == 0 else part.about
        text = f"## {part.heading}\n\n{about}".strip()
        cells.append({"id": f"text-{number}", "cell_type": "markdown", "metadata": {}, "source": _lines(text)})
        cells.append(
            {
                "id": f"code-{number}",
                "cell_type": "code",
                "metadata": {},
                "source": _lines(part.code.rstrip()),
                "execution_count": None,
                "outputs": [],
            }
        )
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "cells": cells,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode()


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
