"""Where a curve over one number underfits and where it overfits, in words and in the picture."""

from __future__ import annotations

from typing import Any

import pytest

from tests.javascript import said
from tests.unit.live.test_compare_modules import PRELUDE

POINTS = f"""{PRELUDE}
    const pixel = {{ fillRect() {{}}, getImageData: () => ({{ data: [1, 2, 3, 255] }}) }};
    globalThis.document = {{ createElement: () => ({{ getContext: () => pixel }}) }};
    const {{ finding, named, regions }} = await import(new URL("compare/regions.js", "FOLDER/"));
    const {{ drawAside }} = await import(new URL("compare/aside.js", "FOLDER/"));
    const labels = {{
      underfits_at: "under {{first}}", underfits_from_to: "under {{first}}-{{last}}",
      overfits_at: "over {{first}}", overfits_from_to: "over {{first}}-{{last}}",
      underfits: "underfits", overfits: "overfits", aside_gap: "gap", summary_curve: "{{title}}",
    }};
    const range = (mid, by) => ({{ low: mid - by, mid, high: mid + by }});
    const words = (errors, by = 0) => {{
      const points = errors.map(([training, validation], place) => ({{
        x: 2 ** place, training: range(training, by), validation: range(validation, by),
      }}));
      const best = points.reduce((least, point) => (point.validation.mid < least.validation.mid ? point : least));
      return finding(regions(points, best), points, labels);
    }};
"""


@pytest.mark.parametrize(
    ("errors", "by", "words"),
    [
        ([(40, 42), (20, 25), (5, 10), (1, 15), (0, 20)], 0, "under 1-2 over 8-16"),
        ([(40, 42), (5, 10), (0, 10.5), (0, 9.8)], 1, "under 1"),
        ([(5, 10), (4, 9), (3, 8)], 2, ""),
        ([(30, 32), (5, 10), (0, 40), (0, 8)], 0, "under 1-2 over 4"),
        ([(0, 30), (2, 20), (8, 12)], 0, "over 1-2"),
    ],
    ids=["both", "within the range over the seeds", "no difference", "second descent", "learning curve"],
)
def test_who_is_worse_than_the_best_underfits_or_overfits_by_its_training_error(
    errors: list[tuple[float, float]], by: float, words: str
):
    assert said(f"words({[list(pair) for pair in errors]}, {by})", POINTS) == words


def drawn(state: str, scale: str = "linear", first: str = "[0.4, 0.42]", last: str = "", seeds: int = 2) -> Any:
    return said(
        f"""(() => {{
          const last = {last or f"[{first}, [0.05, 0.1], [0.12, 0.1], [0, 0.2]]"};
          const groups = last.map(([training, validation], place) => {{
            const group = new Group({{ key: `v${{place}}`, name: "a", slot: place, facts: {{ number: 2 ** place }} }});
            for (let seed = 0; seed < {seeds}; seed++) {{
              group.runs.push(errors(`r${{place}}-${{seed}}`, [validation], [training]));
              group.runs[seed].meta.state = "{state}";
            }}
            return group;
          }});
          let found;
          const chart = {{ draw: (traces, layout) => (found = {{ traces, layout }}) }};
          const palette = {{ muted: "#888888", text: "#000000", of: () => "#112233" }};
          const model = {{ groups, settings: {{ number: {{ title: "width", scale: "log" }} }} }};
          const view = {{ scale: "{scale}", hidden: new Set() }};
          drawAside(chart, "curve", model, view, {{ labels, size: 12, palette }});
          return {{
            gap: found.traces.find(({{ uid }}) => uid === "gap").y,
            scale: found.layout.yaxis.type,
            names: found.layout.annotations.map(({{ text }}) => text),
            lines: found.layout.shapes.length,
          }};
        }})()""",
        POINTS,
    )


def test_the_gap_is_a_curve_of_its_own_and_the_regions_are_named_once_all_have_ended():
    ended = drawn("finished")
    assert ended["gap"] == pytest.approx([2, 5, -2, 20])
    assert ended["names"] == ["underfits", "overfits"]
    assert ended["lines"] == 2
    assert drawn("running")["names"] == []
    assert drawn("finished", seeds=1)["names"] == [], "one seed has no range"


def test_the_axis_is_linear_where_an_error_of_0_or_a_gap_below_it_would_leave_a_logarithmic_one():
    found = drawn("finished", "log")
    assert found["gap"] == pytest.approx([2, 5, -2, 20])
    assert found["scale"] == "linear"
    positive = drawn("finished", "log", last="[[0.4, 0.42], [0.05, 0.1]]")
    assert (positive["gap"], positive["scale"]) == (pytest.approx([2, 5]), "log")


def test_a_first_run_without_an_error_does_not_hide_where_others_overfit():
    assert drawn("finished", first="[NaN, NaN]")["names"] == ["overfits"]
