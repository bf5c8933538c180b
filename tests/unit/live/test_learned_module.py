"""What stands in place of the picture of what a network has learned, as long as there is none."""

from __future__ import annotations

import json

import pytest

from tests.javascript import said

PRELUDE = """
    globalThis.document = { createElement: () => ({ getContext: () => ({}) }) };
    const { Learned } = await import(new URL("live/learned.js", "FOLDER/"));
    const node = () => ({ textContent: "" });
    const chart = { draw: (traces, layout, summary) => summary };
    const drawn = (data, labels) => new Learned(chart, node(), node(), node()).draw(data, { labels, palette: {} });
"""


@pytest.mark.parametrize(("state", "words"), [("running", "later"), ("untrained", "later"), ("finished", "over")])
def test_a_run_that_is_over_promises_no_first_picture(state: str, words: str):
    data = {"meta": {"state": state}, "pictures": {}}
    labels = {"picture_none": "later", "picture_over": "over"}
    assert said(f"drawn({json.dumps(data)}, {json.dumps(labels)})", PRELUDE) == words
