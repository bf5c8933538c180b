"""What can be taken along from a page: its address, as text and as a QR code, and the experiment as plain PyTorch."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.address import qr_code

LONGEST = 2_953
"""Bytes that the largest QR code holds."""

PAIR = {"dataset": "moons", "vary.0.optimizer": "sgd", "vary.1.optimizer": "adam", "rates": "hand"}


def pictures(tab: AppTest) -> list[str]:
    """The text alternatives of the page's pictures."""
    return [image.alt for shown in tab.get("image") for image in shown.proto.imgs]


def files(tab: AppTest) -> set[str]:
    """The labels of what can be downloaded."""
    return {button.proto.label for button in tab.get("download_button")}


@pytest.mark.parametrize(
    ("page", "query", "words"), [("train.py", {"seed": "7"}, "seed=7"), ("compare.py", PAIR, "dataset=moons")]
)
def test_the_address_stands_there_as_text_and_as_a_code(open_page, page: str, query: dict[str, str], words: str):
    tab = open_page(page, **query)
    assert any(words in code.value for code in tab.code)
    assert pictures(tab).count("QR code of this address") == 1


def test_the_code_is_put_on_the_wall_on_demand(open_page):
    tab = open_page()
    next(button for button in tab.button if button.label == "Large, for the wall").click().run()
    assert not tab.exception
    assert pictures(tab).count("QR code of this address") == 2


def test_a_code_is_dark_on_white_and_holds_what_the_largest_holds():
    assert qr_code("http://room/?seed=7") != qr_code("http://room/?seed=8")
    largest = qr_code("x" * LONGEST)
    assert largest is not None
    assert "#fff" in largest
    assert "#000" in largest
    assert qr_code("x" * (LONGEST + 1)) is None


def test_an_address_too_long_for_a_code_is_said(open_page):
    tab = open_page(notes="x" * LONGEST)
    assert "This address is too long for a QR code." in [caption.value for caption in tab.caption]
    assert "QR code of this address" not in pictures(tab)


def test_the_code_of_the_experiment_can_be_taken(open_page):
    tab = open_page()
    assert {"Script", "Notebook"} <= files(tab)
    assert not tab.error


def test_an_experiment_without_a_script_says_what_none_holds(open_page):
    tab = open_page(dataset="mnist_1d")
    assert "MNIST-1D" in tab.error[0].value
    assert "Script" not in files(tab)
