"""Choosing a language and translating by template."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import language
from core.errors import BadInput
from core.text import Text

CATALOG = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"

msgid "{wrong} of {total} wrong"
msgstr "{total} 个中错 {wrong} 个"

#, fuzzy
msgid "a guess"
msgstr "猜测"
"""


@pytest.fixture
def chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> language.Translate:
    """The translator of a small catalog."""
    monkeypatch.setattr(language, "LOCALE_FOLDER", tmp_path)
    file = language.catalog_file("zh")
    file.parent.mkdir(parents=True)
    file.write_text(CATALOG, encoding="utf-8")
    return language.translator.__wrapped__("zh")


def test_a_text_is_rendered_in_the_readers_language(chinese: language.Translate):
    assert Text("{wrong} of {total} wrong", wrong=156, total=1000).render(chinese) == "1000 个中错 156 个"


@pytest.mark.parametrize("template", ["not in the catalog", "a guess"])
def test_what_has_no_sure_translation_stays_english(chinese: language.Translate, template: str):
    assert chinese(template) == template


def test_the_empty_template_is_not_the_catalogs_header(chinese: language.Translate):
    assert chinese("") == ""


def test_english_is_the_template_itself():
    assert language.translator("en")("one {update}") == "one {update}"


def test_an_unknown_language_is_bad_input():
    with pytest.raises(BadInput, match="There is no language “fr”"):
        language.translator("fr")


@pytest.mark.parametrize(
    ("preferred", "expected"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("zh_Hans_CN", "zh"),
        ("ZH-tw", "zh"),
        ("de-DE", "en"),
        ("de,zh-CN;q=0.9,en;q=0.8", "zh"),
        ("de,zh-CN;q=0.2,en;q=0.8", "en"),
        ("zh;q=0", "en"),
        ("zh;q=much", "en"),
    ],
)
def test_the_first_wish_that_exists_wins(preferred: str | None, expected: str):
    assert language.best_language(preferred) == expected


def test_every_language_but_english_has_a_catalog():
    assert [lang for lang in language.LANGUAGES if lang != "en" and not language.catalog_file(lang).is_file()] == []
