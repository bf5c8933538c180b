"""What the terminal shows, and what Ctrl-C does to a command."""

from __future__ import annotations

import io
import os
import signal

import pytest

from core import terminal
from core.errors import BadInput
from core.terminal import Interruptions, Progress, say, show_runs, tell
from core.text import Text
from tests.polling import until


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


def test_a_short_command_shows_no_progress(capsys: pytest.CaptureFixture[str]):
    with Progress(Text("Reading")) as progress:
        progress.show(Text("nearly there"))
    assert capsys.readouterr() == ("", "")


def test_what_takes_longer_says_what_it_does(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(terminal, "QUIET_S", 0.0)
    said = io.StringIO()
    monkeypatch.setattr(terminal.sys, "stderr", said)
    with Progress(Text("Reading")) as progress:
        until(lambda: "Reading\n" in said.getvalue())
        progress.show(Text("{n} done", n=3))
        progress.show(Text("{n} done", n=4))
    assert said.getvalue() == "Reading\n3 done\n"
    assert capsys.readouterr().out == ""


def test_a_log_is_told_the_same_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(terminal, "QUIET_S", 0.0)
    said = io.StringIO()
    monkeypatch.setattr(terminal.sys, "stderr", said)
    with Progress(Text("Waiting")) as progress:
        until(said.getvalue)
        progress.show(Text("Waiting"))
        progress.show(Text("Training"))
    assert said.getvalue() == "Waiting\nTraining\n"


def test_an_error_is_three_lines_on_stderr(capsys: pytest.CaptureFixture[str]):
    tell(BadInput(Text("What."), Text("Why."), Text("Fix.")))
    assert capsys.readouterr() == ("", "What.\nWhy.\nFix.\n")


def test_the_terminals_language_is_spoken(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    say(Text("learning rate"))
    assert "学习率" in capsys.readouterr().err
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    say(Text("learning rate"))
    assert capsys.readouterr().err == "learning rate\n"


def test_the_first_interruption_is_raised_and_later_ones_are_not():
    before = signal.getsignal(signal.SIGTERM)
    with Interruptions():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_answer_that_is_there_is_not_interrupted():
    with Interruptions() as interruptions:
        interruptions.ignore()
        os.kill(os.getpid(), signal.SIGINT)


def test_columns_are_as_wide_as_their_longest_cell():
    names = ("run", "created", "state", "steps", "epochs", "train_error", "validation_error", "test_error", "name")
    out = io.StringIO()
    show_runs(
        [
            dict.fromkeys((*names, "test_look"))
            | {"run": "0123456789", "steps": 7, "train_error": 0.25, "name": "one", "test_seal": "sealed"}
        ],
        out,
    )
    head, row = out.getvalue().splitlines()
    assert head.split() == list(names)
    assert row.split() == ["0123456789", "–", "–", "7", "–", "0.25", "–", "sealed", "one"]
    assert head.index("name") == row.index("one")


def test_what_is_begun_is_finished_before_an_interruption_is_heard():
    done = []

    def begin(interruptions: Interruptions) -> None:
        with interruptions.held():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("begun")

    with Interruptions() as interruptions:
        with pytest.raises(KeyboardInterrupt):
            begin(interruptions)
        with interruptions.held():
            done.append("nothing came")
    assert done == ["begun", "nothing came"]


def test_a_contaminated_test_error_says_so_in_the_table():
    names = ("run", "created", "state", "steps", "epochs", "train_error", "validation_error", "test_error", "name")
    out = io.StringIO()
    looks = {1: "opened", 2: "contaminated"}
    reports = [
        dict.fromkeys(names) | {"test_error": 0.5, "test_look": look, "test_seal": seal} for look, seal in looks.items()
    ]
    show_runs(reports, out)
    _, first, second = out.getvalue().splitlines()
    assert "0.5" in first
    assert "contaminated" not in first
    assert "0.5 (contaminated, look 2)" in second
