"""An API key that can be used but not printed."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import quote

MARK_DIGITS = 8


class Secret:
    """A key whose `str` and `repr` are `***`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the key itself. Only for the request header that carries it, and for storing it."""
        return self._text

    @property
    def mark(self) -> str:
        """Eight hexadecimal digits that tell this key from another one, and from which nobody finds it."""
        return hashlib.sha256(b"sora-mcp " + self._text.encode()).hexdigest()[:MARK_DIGITS]

    def redact(self, text: str) -> str:
        """Return `text` with `***` for each occurrence of the key: plain, percent-encoded or in base64."""
        key = self._text.encode()
        encoded = (base64.b64encode(key), base64.urlsafe_b64encode(key))
        for form in (self._text, quote(self._text, safe=""), *(code.decode().rstrip("=") for code in encoded)):
            text = text.replace(form, "***")
        return text

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__
