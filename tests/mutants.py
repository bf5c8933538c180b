"""`python -m tests.mutants`: sabotage a copy of the project in every named way and see that a named test fails.

Words after it choose the sabotages whose name has them all. Exits with 1 when one survives or no longer fits.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.sabotage import Sabotage
from tests.sabotages import SABOTAGES
from tests.sources import ROOT

COPIED = (".streamlit", "app.py", "assets", "bench", "core", "pages", "pyproject.toml", "tests")
TESTS_FAILED = 1
"""pytest's exit code; others say that it could not run the tests, which proves nothing."""


def copy_project(place: Path) -> None:
    """Copy what the tests need, without compiled files."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, place / name)


def run_tests(place: Path, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run tests by their ids in the copy, up to the first failure."""
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)


def verdict(sabotage: Sabotage, place: Path) -> str:
    """Apply one sabotage, run its tests and take it back; "" when a test has noticed it, else what is wrong."""
    path = place / sabotage.file
    text = path.read_text(encoding="utf-8")
    if text.count(sabotage.old) != 1:
        return f"its text stands {text.count(sabotage.old)} times in {sabotage.file}"
    path.write_text(text.replace(sabotage.old, sabotage.new), encoding="utf-8")
    try:
        answer = run_tests(place, sabotage.tests)
    finally:
        path.write_text(text, encoding="utf-8")
    if answer.returncode == TESTS_FAILED:
        return ""
    if answer.returncode == 0:
        return "SURVIVED: no test failed"
    return f"its tests could not be run:\n{answer.stdout[-1500:]}{answer.stderr[-1500:]}"


def main(words: Sequence[str]) -> int:
    """Try the chosen sabotages; returns the exit code."""
    chosen = [sabotage for sabotage in SABOTAGES if all(word.lower() in sabotage.name.lower() for word in words)]
    if not chosen:
        print(f"No sabotage has all of these words in its name: {' '.join(words)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="saddlepoint-mutants-") as folder:
        place = Path(folder)
        copy_project(place)
        tests = list(dict.fromkeys(test for sabotage in chosen for test in sabotage.tests))
        print(f"{len(tests)} tests of the sound program …", flush=True)
        sound = run_tests(place, tests)
        if sound.returncode:
            print(f"They must pass first:\n{sound.stdout[-3000:]}{sound.stderr[-3000:]}", file=sys.stderr)
            return 1
        failures = 0
        for number, sabotage in enumerate(chosen, 1):
            start = time.monotonic()
            problem = verdict(sabotage, place)
            failures += bool(problem)
            seconds = time.monotonic() - start
            print(f"{number:3} {problem or 'killed':8} {seconds:5.1f} s  {sabotage.name}", flush=True)
    print(f"{len(chosen) - failures} of {len(chosen)} sabotages were noticed.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
