"""Every page says who acts whenever it asks a service for something."""

from __future__ import annotations

import ast
import inspect

from core.studies.workbench import Workbench
from tests.sources import Source, read, sources

ACTED = {
    name
    for name, service in inspect.getmembers(Workbench, inspect.isfunction)
    if "actor" in inspect.signature(service).parameters
}


def silent(source: Source) -> list[str]:
    """Where a source names a service without saying who acts."""
    told = {
        id(call.func)
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call) and any(keyword.arg == "actor" for keyword in call.keywords)
    }
    return [
        f"{source.where(node)}: {node.attr}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ACTED
        and ast.unparse(node.value) in ("services()", "bench", "workbench()")
        and id(node) not in told
    ]


def test_a_service_asked_without_an_actor_is_noticed():
    assert len(silent(read("services().runs()"))) == 1
    assert len(silent(read("map(services().find, ids)"))) == 1
    assert silent(read("services().runs(actor=actor())")) == []


def test_every_page_says_who_acts():
    assert [place for source in sources("pages") for place in silent(source)] == []
