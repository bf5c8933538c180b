"""The sabotages of `make mutants` still fit the source, and the tests that must notice them exist."""

from __future__ import annotations

import ast

import pytest

from tests.sabotage import Sabotage
from tests.sabotages import SABOTAGES
from tests.sources import ROOT

each = pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda sabotage: sabotage.name)


@each
def test_its_text_stands_exactly_once_in_the_source(sabotage: Sabotage):
    assert (ROOT / sabotage.file).read_text(encoding="utf-8").count(sabotage.old) == 1


@each
def test_the_sabotaged_file_is_another_and_still_python(sabotage: Sabotage):
    text = (ROOT / sabotage.file).read_text(encoding="utf-8")
    sabotaged = text.replace(sabotage.old, sabotage.new)
    assert ast.dump(ast.parse(sabotaged)) != ast.dump(ast.parse(text))


@each
def test_the_tests_that_must_notice_it_exist(sabotage: Sabotage):
    assert sabotage.tests
    for test in sabotage.tests:
        file, _, name = test.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name.partition("[")[0] in functions, test


def test_there_are_at_least_fifteen_with_names_of_their_own():
    assert len({sabotage.name for sabotage in SABOTAGES}) == len(SABOTAGES) >= 15
