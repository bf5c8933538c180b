"""Addresses to pass on: as text to copy, and as a QR code that the class reads off the wall."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlencode, urlsplit

import segno
import streamlit as st

from pages.components import opening
from pages.components.language import t

ONLY_HERE = {"localhost", "127.0.0.1", "::1"}
"""Hosts under which every machine finds itself."""
SMALL = 160
"""Side of the code beside the address, in pixels."""


def share(help_: str, sentence: str, query: dict[str, str], more: Callable[[], dict[str, str]] = dict) -> None:
    """A popover with the address of this page with these parameters, and with those that `more` asks for there."""

    def content() -> None:
        to_pass_on(sentence, query | more())

    opening.popover("link", t("link"), content, icon=":material/link:", help=help_)


def to_pass_on(sentence: str, query: dict[str, str]) -> None:
    """The address of this page with these parameters, below a sentence."""
    url = (st.context.url or "").split("?")[0]
    address = f"{url}?{urlencode(query)}" if query else url
    st.markdown(sentence)
    st.code(address, language=None, wrap_lines=True)
    picture = qr_code(address)
    if picture is None:
        st.caption(t("This address is too long for a QR code."))
        return
    with st.container(horizontal=True, gap="small"):
        st.image(picture, width=SMALL, alt=t("QR code of this address"))
        with st.container(gap="small", width=280):
            if st.button(t("Large, for the wall"), key=f"wall {sentence}", icon=":material/qr_code_2:"):
                st.dialog(t("QR code"), width="large")(_on_the_wall)(picture, address)
            if urlsplit(address).hostname in ONLY_HERE:
                st.caption(t("Phones cannot follow it: this page is open under a name that means this computer alone."))


def _on_the_wall(picture: str, address: str) -> None:
    """The code as large as the screen allows, with the address below; the style sheet hides the popover meanwhile."""
    with st.container(key="on-the-wall"):
        st.image(picture, width="stretch", alt=t("QR code of this address"))
        st.code(address, language=None, wrap_lines=True)


@lru_cache(maxsize=64)
def qr_code(address: str) -> str | None:
    """An address as a QR code, dark on white with its quiet border, as SVG; None where it is too long for one."""
    try:
        code = segno.make_qr(address, error="l")
    except segno.DataOverflowError:
        return None
    out = io.BytesIO()
    code.save(out, kind="svg", dark="#000", light="#fff", xmldecl=False, omitsize=True)
    return out.getvalue().decode()
