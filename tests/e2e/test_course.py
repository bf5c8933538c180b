"""A lesson in a browser: begin, answer, run, read what came out, reload, go on with a key, leave."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.e2e.conftest import OpenTab
from tests.polling import until

pytestmark = pytest.mark.browser


def test_a_lesson_leads_on_and_a_reload_in_its_middle_loses_nothing(open_tab: OpenTab):
    tab = open_tab("/course", topic="fitting")
    page = tab.page
    page.get_by_role("button", name="start the lesson").click()
    expect(page).to_have_url(re.compile(r"/\?lesson=fitting\.1&"))
    expect(page.locator(".sp-over")).to_contain_text("Answer the question of the lesson first")
    expect(tab.primary).to_be_disabled()
    page.get_by_role("button", name="both stay high").click()
    expect(tab.primary).to_be_enabled()
    tab.start()
    tab.choose("max")
    news = page.locator(".st-key-lesson-news")
    expect(news).to_have_text("As you expected: both stay high.")

    tab.reload()
    expect(news).to_have_text("As you expected: both stay high.")
    expect(page.locator(".st-key-lesson-bar")).to_contain_text("1/3")
    tab.grown_to(2)
    expect(page.locator(".st-key-choose")).to_contain_text("REGULARIZER")
    expect(page.locator(".st-key-choose")).not_to_contain_text("OPTIMIZER")

    page.get_by_role("button", name="ask again").click()
    page.get_by_role("button", name="both stay high").click()
    expect(news).to_have_text("You expect: both stay high.")

    tab.let_go()
    page.keyboard.press("n")
    expect(page.locator(".st-key-lesson-bar")).to_contain_text("2/3")
    tab.go("/course?lesson=fitting.2&answers=1-1")
    page.get_by_role("button", name="back to the lesson").click()
    expect(page.locator(".sp-over")).to_contain_text("Answer the question of the lesson first")
    page.get_by_role("button", name="leave", exact=False).first.click()
    expect(page.locator(".st-key-lesson-bar")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("lesson="))


def test_a_lesson_and_the_course_fit_a_phone(open_tab: OpenTab):
    tab = open_tab("/", width=390, height=844, lesson="depth.1", lang="zh")
    expect(tab.page.locator(".st-key-lesson-bar")).to_contain_text("1/7")
    assert tab.overflow_sideways() <= 0
    tab.go("/course?topic=depth&lang=zh")
    expect(tab.page.locator(".st-key-claim-4")).to_be_visible()
    assert tab.overflow_sideways() <= 0


def test_a_page_stays_whole_where_a_part_of_the_page_before_it_is_answered_late(open_tab: OpenTab):
    """The head line looks at itself every two seconds. What it asked for on one page once emptied the next."""
    polls: list[bytes] = []
    drawn: list[str] = []
    servers: list[WebSocketRoute] = []

    def between(browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()
        servers.append(server)

        def asked(message: str | bytes) -> None:
            if isinstance(message, bytes):
                request = BackMsg.FromString(message)
                if request.WhichOneof("type") == "rerun_script" and request.rerun_script.is_auto_rerun:
                    polls.append(message)
            server.send(message)

        def answered(message: str | bytes) -> None:
            if isinstance(message, bytes):
                answer = ForwardMsg.FromString(message)
                if answer.WhichOneof("type") == "new_session":
                    drawn.append(answer.new_session.page_script_hash)
            browser.send(message)

        browser.on_message(asked)
        server.on_message(answered)

    tab = open_tab("/course")
    page = tab.page
    page.route_web_socket(re.compile("_stcore/stream"), between)
    tab.go("/?lesson=depth.3")
    until(lambda: page.evaluate("1") and polls)
    on_the_page_before = polls[-1]
    page.get_by_role("button", name="next").first.click()
    whole = page.get_by_text("WHAT DIFFERS").first
    expect(whole).to_be_visible()
    before, after = BackMsg.FromString(on_the_page_before).rerun_script.page_script_hash, drawn[-1]
    assert before != after
    drawn.clear()
    servers[-1].send(on_the_page_before)
    until(lambda: page.evaluate("1") and before in drawn)
    until(lambda: not whole.is_visible() or after in drawn[drawn.index(before) :])
    expect(whole).to_be_visible()
