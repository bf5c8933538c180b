"""Templates are found wherever the code writes one, and catalogs follow them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from core import language, messages


def found(code: str, **options: bool) -> list[str]:
    return list(messages.templates_of_code(ast.parse(code), **options))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('Text("a {n}", n=1)', ["a {n}"]),
        ('t("a")', ["a"]),
        ('prose("a " "b")', ["a b"]),
        ('language.t("a")', ["a"]),
        ('t("a" if x else "b")', ["a", "b"]),
        ('t(title or "none")', ["none"]),
        ('Text("a {b}", b=Text("b"))', ["a {b}", "b"]),
        ("t(cls.title)", []),
        ('print("a")', []),
        ('raise ValueError("a")', []),
    ],
)
def test_templates_are_found_in_code(code: str, expected: list[str]):
    assert found(code) == expected


def test_a_validators_refusal_is_a_template():
    assert found('raise ValueError("Too many.")', refusals=True) == ["Too many."]


@pytest.mark.parametrize("code", ['f"a {b}"', '"a" + b', '"a {}".format(b)', 'x if y else f"{z}"', '"a %s" % b'])
def test_a_glued_template_is_recognised(code: str):
    assert messages.glued(ast.parse(code, mode="eval").body)


def test_a_list_of_placeholders_needs_no_catalog():
    code = "' + '.join(f'{{{name}}}' for name in parts)"
    assert not messages.glued(ast.parse(code, mode="eval").body)
    assert messages.glued(ast.parse("' '.join(sentences)", mode="eval").body)


def test_fields_are_sorted_names_without_formats():
    assert messages.fields("{low:g} to {high:.2f} ({})") == ["", "high", "low"]


@pytest.fixture(scope="module")
def templates() -> dict[str, list[str]]:
    """Every template, with the places where it stands."""
    return messages.templates()


def test_the_catalogues_declarations_are_templates(templates: dict[str, list[str]]):
    assert "ReLU" in templates
    assert "data set" in templates
    assert "°" not in templates
    assert "{value:.1f} %" not in templates


def test_what_only_joins_sentences_is_a_template(templates: dict[str, list[str]]):
    assert {"{said}; {doubt}.", "{file}: {what}", "{title} ({name})"} <= set(templates)


def test_names_of_classes_are_templates_however_many_there_are(templates: dict[str, list[str]]):
    assert {"upper moon", "benign", "blob 10", "arm 5"} <= set(templates)


def test_the_declarations_of_a_listed_record_are_templates(templates: dict[str, list[str]]):
    assert "catalogue: architectures.cnn.blocks.kernel" in templates["kernel"]


def test_an_update_keeps_translations_adds_templates_and_drops_stale_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(language, "LOCALE_FOLDER", tmp_path)
    monkeypatch.setattr(messages, "templates", lambda: {"old {n} %": ["a.py"], "gone": ["a.py"]})
    assert sorted(messages.update("zh")) == ["gone", "old {n} %"]
    file = language.catalog_file("zh")
    file.write_text(
        file.read_text("utf-8").replace('"old {n} %"\nmsgstr ""', '"old {n} %"\nmsgstr "旧 {n} %"'), "utf-8"
    )
    monkeypatch.setattr(messages, "templates", lambda: {"old {n} %": ["a.py"], "new": ["b.py"]})
    assert messages.update("zh") == ["new"]
    written = file.read_text("utf-8")
    assert "旧 {n} %" in written
    assert "gone" not in written
    assert messages.update("zh") == ["new"]
    assert file.read_text("utf-8") == written
    assert language.translator.__wrapped__("zh")("old {n} %") == "旧 {n} %"
