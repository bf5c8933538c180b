"""One view on one element, whatever calls for it."""

from __future__ import annotations

from typing import Any

from tests.javascript import said

PRELUDE = """
    const older = await import("FOLDER/live/mount.js");
    const newer = await import("FOLDER/live/mount.js?newer");
    const views = [];
    class View {
      constructor(element, data, look) { Object.assign(this, { look, alive: true, updates: 0 }); views.push(this); }
      update() { this.updates += 1; }
      destroy() { this.alive = false; }
    }
    const element = { isConnected: true };
    const call = (module, version) => module.mounting(View)(
      { data: { lang: "en", settings: { present: false }, token: "t", version }, parentElement: element });
"""


def seen(script: str) -> Any:
    """What has become of the views, [alive, updates] each."""
    return said(f"({script}, views.map((view) => [view.alive, view.updates]))", PRELUDE)


def test_a_view_is_made_once_and_then_brought_up_to_date():
    assert seen("call(older, '1'), call(older, '1')") == [[True, 2]]


def test_modules_of_a_newer_version_replace_what_those_of_an_older_one_have_made():
    assert seen("call(older, '1'), call(newer, '2')") == [[False, 1], [True, 1]]
