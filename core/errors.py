"""What a person is told when something cannot be done: what happened, why, and what to do."""

from __future__ import annotations

import reprlib

from core.text import Text, Translate, untranslated

_short = reprlib.Repr()
_short.maxlevel, _short.maxdict, _short.maxlist, _short.maxstring, _short.maxlong = 3, 4, 6, 80, 40


def shown(value: object) -> str:
    """A value from outside as an error quotes it: short, however long or deep it is."""
    return f"{value:g}" if isinstance(value, float) else _short.repr(value)


class CoreError(Exception):
    """An error for a reader. `what`, `why` and `fix` are one sentence each.

    `exit_code` is what the command line ends with: 2 bad input, 3 refused, 1 our own failure.
    """

    exit_code = 1

    def __init__(self, what: Text, why: Text, fix: Text) -> None:
        super().__init__(what, why, fix)
        self.what = what
        self.why = why
        self.fix = fix

    @property
    def text(self) -> Text:
        """The three sentences as one Text."""
        return Text("{what} {why} {fix}", what=self.what, why=self.why, fix=self.fix)

    def render(self, translate: Translate = untranslated) -> str:
        """The three sentences as one line."""
        return self.text.render(translate)

    def __str__(self) -> str:
        return self.render()


class BadInput(CoreError):
    """The user's input cannot be used: a value out of range, an unknown key, an impossible size."""

    exit_code = 2


class Refused(CoreError):
    """The request is understood and not allowed now: the sealed test set, a lock held by another process."""

    exit_code = 3
