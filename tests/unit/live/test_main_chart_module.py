"""What the browser calls the curve behind the one of the run."""

from __future__ import annotations

import json
from typing import Any

from tests.javascript import said

PRELUDE = """
    globalThis.document = { createElement: () => ({ getContext: () => ({}) }) };
    const { differing } = await import(new URL("live/main_chart.js", "FOLDER/"));
"""


def called(ghost: dict[str, Any], meta: dict[str, Any], differs: str = "") -> str:
    """The name of a ghost."""
    context = {"labels": {"kin_parent": "the one left"}, "differs": differs}
    return said(f"differing({json.dumps(ghost)}, {json.dumps({'meta': meta})}, {json.dumps(context)})", PRELUDE)


def test_a_ghost_is_called_by_what_it_has_that_the_run_has_not():
    ghost = {"run": "a", "meta": {"choices": ["moons", "MLP", "SGD"], "name": "MLP, SGD"}}
    assert called(ghost, {"choices": ["moons", "CNN", "SGD"]}, "network MLP") == "MLP"
    assert called(ghost, {"choices": ["moons", "MLP", "SGD"]}, "answer from token") == "answer from token"
    assert called(ghost, {"choices": ["moons", "MLP", "SGD"]}) == "MLP, SGD"
    assert called(ghost, {"choices": ["moons", "MLP", "SGD"], "parent": "a"}, "epochs 1") == "the one left"
    assert called({**ghost, "meta": {**ghost["meta"], "is_named": True}}, {}) == "MLP, SGD"
