"""The expected curve in the browser: where it is drawn, and what moving its handles does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.javascript import ASSETS, check_module, said

PRELUDE = """
    const made = [];
    globalThis.document = {
      createElement: (tag) => {
        const listeners = {}, attributes = {};
        const node = {
          tag, style: {}, append: () => {}, remove: () => {}, focus: () => {},
          setAttribute: (name, value) => (attributes[name] = String(value)),
          getAttribute: (name) => attributes[name] ?? null,
          addEventListener: (name, act) => (listeners[name] = act), setPointerCapture: () => (node.held = true),
          hasPointerCapture: () => Boolean(node.held), listeners, attributes,
        };
        made.push(node);
        return node;
      },
    };
    const pixel = { fillRect: () => {}, getImageData: () => ({ data: [0, 0, 0, 255] }) };
    const create = document.createElement;
    document.createElement = (tag) => (tag === "canvas" ? { getContext: () => pixel } : create(tag));
    const { Expected, expectedTraces } = await import("FOLDER/live/expected.js");
    const row = [0.25, 0.25, 0.25, 0.25, 0.25];
    const given = { high: 0.5, epochs: [4, 16, 36, 64, 100], heights: row, others: [], is_open: true };
    const labels = { expected: "expected", expected_others: "others", expect_handle: "epoch {epoch}" };
    const axis = (offset, length, low, high) => ({
      _offset: offset, l2p: (v) => ((v - low) / (high - low)) * length, p2l: (p) => low + (p / length) * (high - low),
    });
    const _fullLayout = { xaxis: axis(50, 200, 0, 100), yaxis: axis(10, 100, 50, 0) };
    const node = { on: () => {}, getBoundingClientRect: () => ({ top: 0 }), _fullLayout };
    let moves = 0;
    const sketch = new Expected(labels, () => (moves += 1), () => {});
    sketch.update(given);
    sketch.place({ node });
    const handles = made.filter(({ attributes }) => attributes.role === "slider");
    const press = (place, key) => handles[place].listeners.keydown({ key, preventDefault: () => {} });
    const meta = { steps_per_epoch: 10, num_steps: 1000 };
    const data = { meta, lastStep: () => 100, column: (group, name) => ({ steps: [100], values: [2] }) };
    const context = { labels, size: 12, narrow: false, palette: { text: "#000" } };
    const traces = (curve, view) => expectedTraces(curve, data, view, 100, context);
"""


def browser(script: str) -> Any:
    """What an expression comes to beside a sketch of five handles at 25 %."""
    return said(script, PRELUDE)


def test_the_module_is_small_and_makes_no_markup():
    check_module(ASSETS / "live" / "expected.js")


def test_the_handles_lie_on_the_axes():
    places = browser("handles.map(({ style }) => [style.left, style.top])")
    assert places == [[f"{50 + 2 * epoch}px", "60px"] for epoch in (4, 16, 36, 64, 100)]
    assert browser("handles[1].attributes['aria-label']") == "epoch 16"


def test_keys_move_a_handle_within_the_chart():
    pressed = "press(0, 'ArrowUp'), press(1, 'PageDown'), press(2, 'End'), press(3, 'Home'), press(4, 'a')"
    assert browser(f"({pressed}, sketch.curve.heights)") == pytest.approx([0.26, 0.15, 0.5, 0, 0.25])
    assert browser("(press(0, 'ArrowUp'), handles[0].attributes['aria-valuetext'])") == "26 %"
    risen = "Array.from({ length: 4 }, () => press(0, 'ArrowUp'))"
    assert browser(f"({risen}, handles[0].attributes['aria-valuetext'])") == "29 %", "100 · 0.29 is 28.999…"
    assert browser("(press(2, 'End'), press(2, 'End'), moves)") == 1, "at the edge nothing moves any more"


def test_a_finger_moves_the_handle_that_it_holds():
    script = """(
      handles[1].listeners.pointermove({ pointerId: 1, clientY: 90 }),
      handles[0].listeners.pointerdown({ pointerId: 1 }),
      handles[0].listeners.pointermove({ pointerId: 1, clientY: 30 }), sketch.curve.heights
    )"""
    assert browser(script) == pytest.approx([0.4, 0.25, 0.25, 0.25, 0.25])


def test_what_is_drawn_survives_a_run_of_the_page_and_another_curve_does_not():
    assert browser("(press(0, 'End'), sketch.update({ ...given }), sketch.curve.heights[0])") == 0.5
    assert browser("(press(0, 'End'), sketch.update({ ...given, high: 0.9 }), sketch.curve.heights[0])") == 0.25
    assert browser("(sketch.update({ ...given, is_open: false }), [sketch.isOpen, sketch.handles.length])") == [
        False,
        0,
    ]
    assert browser("(sketch.update(null), [sketch.isOpen, sketch.curve])") == [False, None]


@pytest.mark.parametrize(
    ("x", "places"),
    [("epoch", [4, 16, 36, 64, 100]), ("update", [40, 160, 360, 640, 1000]), ("seconds", [0.8, 3.2, 7.2, 12.8, 20])],
)
def test_the_curve_is_drawn_over_epochs_updates_and_seconds(x: str, places: list[float]):
    drawn = browser(f"traces(sketch.curve, {{ quantity: 'error', x: '{x}' }}).traces[1]")
    assert drawn["x"] == pytest.approx(places)
    assert drawn["y"] == [25] * 5
    assert (drawn["name"], drawn["line"]["dash"], drawn["showlegend"]) == ("expected", "longdash", True)


def test_beside_losses_and_without_a_question_nothing_is_expected():
    for curve, quantity in (("sketch.curve", "loss"), ("null", "error")):
        shown = browser(f"traces({curve}, {{ quantity: '{quantity}', x: 'epoch' }})")
        assert [trace["x"] for trace in shown["traces"]] == [[], []]
        assert [trace["showlegend"] for trace in shown["traces"]] == [False, False]
        assert shown["values"] == []


def test_the_class_stands_behind_as_thin_lines():
    curve = "{ ...sketch.curve, others: [[0.1, 0.1, 0.1, 0.1, 0.1], [0.2, 0.2, 0.2, 0.2, 0.2]] }"
    [others, _] = browser(f"traces({curve}, {{ quantity: 'error', x: 'epoch' }}).traces")
    assert others["y"] == [10] * 5 + [None] + [20] * 5 + [None]
    assert others["line"]["width"] == 1
