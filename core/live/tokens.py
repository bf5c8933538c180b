"""Tokens that bind a live socket to the person whose page opened it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets


class Tokens:
    """Makes and reads tokens with a secret of this process: they end with it, and a restart makes new ones.

    A person's token is always the same, because a chart is mounted once, with data that stay as they are.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret or secrets.token_bytes(32)

    def mint(self, actor: str) -> str:
        """The token of an actor."""
        name = base64.urlsafe_b64encode(actor.encode()).decode("ascii")
        return f"{name}.{self._signature(name)}"

    def actor(self, token: str) -> str | None:
        """Whose token this is; None when it is not one of ours, or nobody's."""
        name, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(name).encode()):
            return None
        try:
            return base64.urlsafe_b64decode(name.encode()).decode() or None
        except (binascii.Error, UnicodeError):
            return None

    def _signature(self, name: str) -> str:
        return hmac.new(self._secret, name.encode(), hashlib.sha256).hexdigest()
