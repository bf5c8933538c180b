"""A teacher and two students in three browsers: the wall grows, all are held and called together, answers come in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.live_tab import LiveTab
from tests.e2e.test_class import Join, class_server, code_of, join, key_of  # noqa: F401 - fixtures
from tests.serving import Server

pytestmark = pytest.mark.browser

LENGTHS = """() => Object.fromEntries([...document.querySelectorAll(".sp-tile")].map((tile) =>
  [tile.querySelector(".sp-whose").textContent, tile.querySelector(".sp-validation-line").getAttribute("d").length]))"""
