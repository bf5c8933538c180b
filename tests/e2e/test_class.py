"""A class in two browsers: both join by the code, one starts a run, the other watches it and can change nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Join, code_of
from tests.e2e.test_train import LONG
from tests.serving import Server

pytestmark = pytest.mark.browser


def test_one_starts_and_the_other_watches(join: Join, class_server: Server):
    code = code_of(class_server)
    assert f"Room code: {code}" in class_server.log
    settings = "&".join(f"{name}={value}" for name, value in LONG.items())
    anna = join("Anna <b>", f"/?{settings}&room={code}")
    anna.measured()
    expect(anna.page.get_by_role("button", name="class: Anna <b>")).to_be_visible()
    assert "room=" not in anna.page.url
    assert "epochs=" in anna.page.url
    anna.start()
    expect(anna.page).to_have_url(re.compile("run="))

    ben = join("Ben", anna.page.url.removeprefix(class_server.address), code.lower(), width=390)
    ben.grown_to(2)
    assert ben.overflow_sideways() <= 0
    expect(ben.page.get_by_text("By Anna <b>: watch it, or start your own.")).to_be_visible()
    for changing in (".sp-primary", ".sp-step", ".sp-extend", ".sp-stop", ".sp-pace"):
        expect(ben.page.locator(changing)).to_be_hidden()
    expect(ben.page.locator(".sp-again")).to_be_visible()
    ben.page.keyboard.press("Space")
    expect(ben.page.get_by_role("button", name="Change while it runs")).to_have_count(0)

    anna.pause()
    # Who one is outlives the page, and ends when one leaves.
    anna.reload()
    anna.does("resume")
    anna.page.get_by_role("button", name="class: Anna <b>").click()
    anna.page.get_by_role("button", name="Leave the class").click()
    expect(anna.page.get_by_label("Your name")).to_be_visible()


def test_a_wrong_code_is_refused_in_words(join: Join, class_server: Server):
    tab = join("Eve", "/", "WRONG", width=390)
    expect(tab.page.get_by_role("alert").filter(has_text="This is not the code of the room.")).to_be_visible()
    assert tab.overflow_sideways() <= 0
    tab.page.get_by_label("Code of the room").fill(code_of(class_server))
    tab.page.get_by_role("button", name="Join").click()
    tab.measured()
