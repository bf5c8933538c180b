"""The reader's language: `t("template", **values)` for a label, `prose("template")` for a sentence.

The language is `?lang=`, else what the browser prefers; it stays for the session and across pages.
"""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from core.language import GLOSSARY, LANGUAGES, best_language, translator
from core.text import Text

_KEY = "language"
_SEEN = "terms explained on this page"
_TERMS = re.compile("|".join(sorted(GLOSSARY, key=len, reverse=True)))


def language() -> str:
    """The reader's language: "en" or "zh"."""
    return st.session_state.get(_KEY, "en")


def browser_language() -> str:
    """The language that the browser prefers among ours."""
    return best_language(st.context.locale)


def begin_page() -> None:
    """Decide the language once per session and forget which terms were shown with their English name."""
    if _KEY not in st.session_state:
        asked = st.query_params.get("lang", "")
        st.session_state[_KEY] = asked if asked in LANGUAGES else browser_language()
    st.session_state[_SEEN] = set()


def set_language(lang: str) -> None:
    """Change the language from now on."""
    st.session_state[_KEY] = lang


def show(text: Text) -> str:
    """A Text of core in the reader's language."""
    return text.render(translator(language()))


def t(template: str, /, **values: Any) -> str:
    """A template in the reader's language, with its values filled in."""
    return show(Text(template, **values))


def prose(template: str, /, **values: Any) -> str:
    """Like `t`, for Markdown: in Chinese the English term stands small behind a glossary term's first use."""
    return with_terms(t(template, **values))


def with_terms(sentence: str) -> str:
    """Put the English term small behind the first use of each glossary term in a Chinese sentence."""
    if language() != "zh":
        return sentence
    seen: set[str] = st.session_state.setdefault(_SEEN, set())

    def explained(match: re.Match[str]) -> str:
        term = match.group()
        if term in seen:
            return term
        seen.add(term)
        gap = " " if sentence[match.end() : match.end() + 1].isalnum() else ""
        return f"{term} :small[{GLOSSARY[term]}]{gap}"

    return _TERMS.sub(explained, sentence)
