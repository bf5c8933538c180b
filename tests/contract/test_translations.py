"""Every template a reader can see is translated, into words that were agreed on, with the same values."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest
from babel.messages.pofile import read_po

from core import messages
from core.language import GLOSSARY, LANGUAGES, catalog_file
from core.messages import ROOMS, fields, glued, marked
from tests.sources import sources

TRANSLATED = [lang for lang in LANGUAGES if lang != "en"]

REJECTED = {
    "正规化": "正则化",
    "规范化": "归一化 (normalization) or 标准化 (input scaling)",
    "暂退": "丢弃法",
    "前停止": "提前停止",
    "剪切": "裁剪",
    "混淆": "扰动",
    "递归神经": "循环神经网络",
    "步长": "步幅 (stride), 学习率 (rate) or 一次更新 (update)",
}
"""Words that mean something else to a Chinese reader, and the word to use."""


@cache
def templates() -> dict[str, list[str]]:
    """Every template with the places it comes from, looked for once: that reads every source."""
    return messages.templates()


@cache
def translations(lang: str) -> dict[str, str]:
    """The catalog of a language: translation by template, read once."""
    with catalog_file(lang).open("rb") as file:
        catalog = read_po(file, locale=lang, abort_invalid=True)
    return {str(message.id): str(message.string) for message in catalog if message.id and not message.fuzzy}


@pytest.mark.parametrize("lang", TRANSLATED)
def test_no_template_lacks_its_translation(lang: str):
    known = translations(lang)
    missing = [
        f"{template}  ({', '.join(places)})" for template, places in templates().items() if not known.get(template)
    ]
    assert not missing, f"{len(missing)} without {LANGUAGES[lang]}; run `make messages`:\n" + "\n".join(missing[:40])


@pytest.mark.parametrize("lang", TRANSLATED)
def test_no_translation_is_stale(lang: str):
    assert sorted(set(translations(lang)) - set(templates())) == []


@pytest.mark.parametrize("lang", TRANSLATED)
def test_translations_want_the_same_values(lang: str):
    differing = {
        template: translation
        for template, translation in translations(lang).items()
        if translation and fields(template) != fields(translation)
    }
    assert differing == {}


@pytest.mark.parametrize("lang", TRANSLATED)
def test_formats_of_values_stay_as_they_are(lang: str):
    pattern = re.compile(r"\{\w+[^{}]*\}")
    differing = {
        template: translation
        for template, translation in translations(lang).items()
        if translation and sorted(pattern.findall(template)) != sorted(pattern.findall(translation))
    }
    assert differing == {}


def test_chinese_uses_the_words_that_were_agreed_on():
    found = [
        f"{translation}: {word}, use {better}"
        for translation in translations("zh").values()
        for word, better in REJECTED.items()
        if word in translation.replace("提前停止", "")
    ]
    assert found == []


def test_chinese_translations_are_chinese():
    """A copied English sentence has a space between words; names such as ReLU or Adam may stay as they are."""
    copied = [
        template
        for template, translation in translations("zh").items()
        if translation == template and len(re.findall(r"[a-z]{3,}", template)) > 2
    ]
    assert copied == []


def test_the_glossary_translates_each_term_one_way():
    assert len(set(GLOSSARY.values())) == len(GLOSSARY)
    assert not set(GLOSSARY) & set(REJECTED)


def test_templates_are_literals():
    """A sentence that is glued together at run time stands in no catalog."""
    found = [
        f"{source.where(node)}: {ast.unparse(template)}"
        for source in sources(*ROOMS)
        for node in ast.walk(source.tree)
        if (template := marked(node)) is not None and glued(template)
    ]
    assert found == []


def test_templates_hold_no_broken_placeholder():
    def tries(template: str) -> bool:
        try:
            template.format_map(dict.fromkeys(fields(template), 1))
        except (ValueError, IndexError):
            return False
        return True

    assert [template for template in templates() if fields(template) and not tries(template)] == []
