"""What the browser shows when a picture's module cannot be fetched, and afterwards."""

from __future__ import annotations

from pages.components.live_chart import LOADER
from tests.javascript import said

PRELUDE = """
    globalThis.window = { location: { href: "http://localhost/" } };
    const remove = (node) => { children = children.filter((other) => other !== node); };
    globalThis.document = { createElement: () => ({ style: {}, remove() { remove(this); } }) };
    let children = [];
    const parentElement = {
      replaceChildren: (...nodes) => { children = nodes; },
      querySelector: (selector) => children.find((node) => "." + node.className === selector),
    };
    globalThis.mounted = () => children.push({ textContent: "the picture" });
    const source = `SCRIPT`;
    const { default: load } = await import("data:text/javascript," + encodeURIComponent(source));
    const shown = async (module) => {
      load({ parentElement, data: { module, labels: { not_loaded: "Not loaded:" } } });
      await new Promise((resolve) => setTimeout(resolve, 0));
      await import(module).catch(() => null);
      await new Promise((resolve) => setTimeout(resolve, 0));
      return children.map((node) => node.textContent);
    };
    const works = "data:text/javascript,export const mount = () => globalThis.mounted()";
    const fails = "data:text/javascript,throw new Error('gone')";
"""


def test_what_could_not_be_loaded_is_no_longer_complained_of_once_it_is_there():
    seen = said("[await shown(fails), await shown(works)]", PRELUDE.replace("SCRIPT", LOADER))
    assert seen == [["Not loaded: gone"], ["the picture"]]
