"""Forty texts that would run if they were taken for HTML stand on every page, in a real browser, letter by letter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from core.live.joining import cookie_name
from core.studies.workbench import Workbench
from tests.e2e.conftest import WAIT_MS
from tests.e2e.live_tab import LiveTab
from tests.payloads import PAYLOADS, Left, leave_everywhere
from tests.serving import Server, serving

pytestmark = pytest.mark.browser

RAN = """() => {
  const all = [...document.querySelectorAll("*")];
  const attributes = all.flatMap((node) => [...node.attributes].map(({ name, value }) => [name, value]));
  return {
    ran: window.hacked ?? null,
    handlers: attributes.filter(([name]) => /^on/i.test(name)),
    links: attributes.filter(([name, value]) => /href|src|action|data$|content/i.test(name) &&
      /^\\s*(javascript|vbscript|data:text)|x\\.invalid|;\\/x/i.test(value)),
    scripts: [...document.scripts].map((script) => script.textContent).filter((text) => /hacked/.test(text)),
    styles: getComputedStyle(document.body).display === "none",
    frames: document.querySelectorAll("iframe, object, embed, marquee, base").length,
  };
}"""
"""What must not be there: something that ran, an attribute with a script, a link or an element of such a text."""

SAID = """() => {
  const read = (selector, name) => [...document.querySelectorAll(selector)].map((node) => node[name]);
  const tables = read("[role=grid] td, svg text, .sp-whose", "textContent");
  return [document.body.innerText, ...read("input, textarea", "value"), ...tables].join(" ").replace(/\\s+/g, " ");
}"""
"""What a page says, also in fields, in tables that are pictures, and where it is cut off; spaces are drawn as one."""


class Stored(NamedTuple):
    """A server on whose folder such text was left, and cookies of a teacher and of a student."""

    server: Server
    left: Left
    teacher: str
    student: str


@pytest.fixture(scope="module")
def stored(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    folder = tmp_path_factory.mktemp("payloads") / "data"
    with Workbench.open(folder) as bench:
        room = bench.open_room("class")
        left = leave_everywhere(bench)
        cookies = room.sign(left.teacher), room.sign(left.people[2])
        for person in left.people:
            bench.answer("lesson/fitting.1", "choice", 0, actor=person.id)
    with serving(folder, SADDLEPOINT_MODE="class") as server:
        yield Stored(server, left, *cookies)


def opened(browser: Browser, stored: Stored, cookie: str, noticed: list[str]) -> Page:
    """A browser of its own for somebody; dialogs, errors and requests that such a text makes are noticed."""
    context = browser.new_context(viewport={"width": 1440, "height": 2400}, locale="en-US")
    context.set_default_timeout(WAIT_MS)
    address = stored.server.address
    name = cookie_name(urlsplit(address).port or 0)
    context.add_cookies([{"name": name, "value": cookie, "url": address}])
    page = context.new_page()

    def dialog(appeared) -> None:
        noticed.append(f"a dialog: {appeared.message}")
        appeared.dismiss()

    page.on("dialog", dialog)
    page.on("pageerror", lambda error: noticed.append(f"an error: {error}"))
    page.on("request", lambda request: noticed.append(request.url) if "x.invalid" in request.url else None)
    return page


def is_clean(page: Page, where: str) -> None:
    found = page.evaluate(RAN)
    assert found == {"ran": None, "handlers": [], "links": [], "scripts": [], "styles": False, "frames": 0}, where


def says(page: Page, texts: tuple[str, ...]) -> None:
    """Wait until every one of the texts stands there letter by letter."""
    page.wait_for_function(f"(texts) => texts.every((text) => ({SAID})().includes(text))", arg=list(texts))


def test_forty_texts_on_every_page_run_nowhere(browser: Browser, stored: Stored):
    left, noticed = stored.left, list[str]()
    asked = urlencode({"ask": PAYLOADS[2], "ask.1": PAYLOADS[6], "ask.2": PAYLOADS[33], "name": PAYLOADS[0]})
    visits: dict[str, tuple[str, ...]] = {
        "/classroom": PAYLOADS,
        "/classroom?present=1": PAYLOADS,
        "/runs": PAYLOADS[-8:],
        f"/train?run={left.run}": (PAYLOADS[0],),
        f"/compare?study={left.study}": PAYLOADS,
        f"/landscapes?view=network&run={left.run}": (),
        **{f"/course?topic={left.lessons[place]}": PAYLOADS[8 * place : 8 * place + 3] for place in (0, 4)},
        f"/train?lesson={left.lessons[1]}.3": PAYLOADS[8:11],
        f"/?{asked}": (PAYLOADS[2], PAYLOADS[6], PAYLOADS[33]),
        f"/formulas?{urlencode({'family': PAYLOADS[2]})}": (),
    }
    page = opened(browser, stored, stored.teacher, noticed)
    for path, texts in visits.items():
        LiveTab(page, stored.server.address).go(path)
        says(page, texts)
        is_clean(page, path)
    student = opened(browser, stored, stored.student, noticed)
    LiveTab(student, stored.server.address).go("/classroom")
    says(student, PAYLOADS)
    expect(student.get_by_role("button", name=f"class: {PAYLOADS[2]}")).to_have_count(1)
    is_clean(student, "the wall")
    stranger = opened(browser, stored, "", noticed)
    LiveTab(stranger, stored.server.address).go(f"/?{urlencode({'room': PAYLOADS[3]})}")
    expect(stranger.get_by_label("Code of the room")).to_have_value(PAYLOADS[3])
    is_clean(stranger, "the form")
    assert noticed == []
    for tab in (page, student, stranger):
        tab.context.close()
