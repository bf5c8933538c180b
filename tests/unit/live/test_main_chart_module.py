"""What the browser calls the curve behind the one of the run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.javascript import said

PRELUDE = """
    const pen = { fillRect: () => {}, clearRect: () => {}, getImageData: () => ({ data: [0, 0, 0, 255] }) };
    globalThis.document = { createElement: () => ({ getContext: () => pen }) };
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


@pytest.mark.parametrize(
    ("training", "validation", "scale", "upper"),
    [
        (0.0, 0.0, "log", "validation"),
        (0.001, 0.0, "log", "training"),
        (0.0, 0.001, "log", "validation"),
        (0.018, 0.0, "linear", "training"),
        (0.5, 0.2, "linear", "training"),
    ],
)
def test_names_at_line_ends_stand_in_the_order_of_the_values(training, validation, scale, upper):
    """Also where both values lie below the axis, as an error of 0 does on a logarithmic one."""
    script = f"""(() => {{
      const column = (value) => ({{ shown: {{ steps: [0, 10], values: [0.9, value] }} }});
      const curves = {{ training: column({training}), validation: column({validation}) }};
      const scaled = ({{ values }}) => values.map((value) => Math.max(100 * value, {"1" if scale == "log" else "0"}));
      const view = {{ scale: "{scale}", x: "update" }};
      const range = {"[0, 2]" if scale == "log" else "[0, 100]"};
      const labels = {{ training: "training", validation: "validation" }};
      const context = {{ labels, palette: {{ background: "#fff" }}, narrow: false, size: 14, height: 400 }};
      const data = {{ meta: {{ num_steps: 10 }}, lastStep: () => 10 }};
      const names = endNames(data, curves, (step) => step, scaled, range, view, context, "#000");
      return names.map(({{ text, y }}) => [y, text]);
    }})()"""
    (low, below), (high, above) = sorted(said(script, PRELUDE.replace("{ differing }", "{ differing, endNames }")))
    assert above == upper
    assert below != upper
    assert 0 < low < high <= 1
