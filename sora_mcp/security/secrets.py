"""Hold a key so that it can be used and not printed."""

from __future__ import annotations

import base64
from urllib.parse import quote


class Secret:
    """A key: usable, not printable."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The key itself: for the one header that carries it."""
        return self._text

    def out_of(self, text: str) -> str:
        """The text with `***` for the key, however it is spelt: plain, as a URL writes it, in base64."""
        key = self._text.encode()
        codes = (base64.b64encode(key), base64.urlsafe_b64encode(key))
        for spelt in (self._text, quote(self._text, safe=""), *(code.decode().rstrip("=") for code in codes)):
            text = text.replace(spelt, "***")
        return text

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__
