"""What the toolbar says of a command that is refused, and that it takes none before it knows a run."""

from __future__ import annotations

from typing import Any

from tests.javascript import said

PRELUDE = """
    const idle = () => null;
    const node = () => ({
      append: idle, addEventListener: idle, setAttribute: idle, getAttribute: idle,
      textContent: "", children: [{}, {}], style: {},
    });
    globalThis.document = { createElement: node };
    globalThis.setTimeout = () => 0;
    globalThis.clearTimeout = idle;
    const { Toolbar } = await import(new URL("live/toolbar.js", "FOLDER/"));
    const data = (state) => ({ run: "a", loaded: true, meta: { state }, lastStep: () => 0 });
    const refused = { type: "refused", what: "It cannot.", why: "It is over.", fix: "Start again." };
    const labels = new Proxy({}, { get: () => "" });
    const said = async (kind, answer, ...states) => {
      const toolbar = new Toolbar(labels, async () => answer, idle, idle);
      toolbar.draw(data("running"));
      await toolbar.send(kind);
      const after = (state) => (toolbar.draw(data(state)), toolbar.alert.textContent);
      return [toolbar.alert.textContent, ...states.map(after)];
    };
"""
WORDS = "It cannot. It is over. Start again."


def seen(script: str) -> Any:
    """What a script says."""
    return said(script, PRELUDE)


def test_what_came_too_late_for_a_run_is_not_complained_of_once_it_is_over():
    assert seen("await said('pace', refused, 'running', 'finished')") == [WORDS, WORDS, ""]
    assert seen("await said('pace', { type: 'received' }, 'finished')") == ["", ""]


def test_nothing_can_be_pressed_before_a_run_is_known():
    off = "[bar.primary, bar.step, bar.again, bar.extend, bar.stop].map((button) => button.disabled)"
    made = "((bar) => [OFF, (bar.draw(data('running')), OFF)])(new Toolbar(labels, idle, idle, idle))"
    before, after = seen(made.replace("OFF", off))
    assert before == [True] * 5
    assert after == [False] * 5


def test_what_concerns_a_run_that_is_over_stays():
    assert seen("await said('extend', refused, 'finished')") == [WORDS, WORDS]
