"""The one more picture below the main chart."""

from __future__ import annotations

from tests.javascript import said

PRELUDE = """
    const pen = { fillRect: () => {}, clearRect: () => {}, getImageData: () => ({ data: [0, 0, 0, 255] }) };
    globalThis.document = { createElement: () => ({ getContext: () => pen }) };
    const { drawMore } = await import(new URL("live/more.js", "FOLDER/"));
    const chart = { draw: (traces, layout) => layout };
    const lr = { steps: [1, 2], values: [0.001, 0.0003] };
    const data = { meta: { slot: 0, num_steps: 2 }, lastStep: () => 2, column: () => lr };
    const context = { labels: {}, palette: { run: () => "#000000", background: "#ffffff" }, size: 14 };
    const view = { more: "rate", x: "update", scale: "linear" };
"""


def test_the_ticks_of_a_small_learning_rate_have_room_beside_the_title_of_their_axis():
    assert said("drawMore(chart, data, view, context).margin.l", PRELUDE) >= 14 * 5.5
