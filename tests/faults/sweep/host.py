"""A vendor whose files can be continued: with a strong ETag, and the rest of a file where it is asked for."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

from tests.played import Heard, Muvi
from tests.played.nouns import Answer


class Resuming(Muvi):
    """Muvi, whose host of files knows Range and If-Range."""

    @property
    def name(self) -> str:
        """The vendor's."""
        return "muvi"

    def file(self, heard: Heard) -> Answer | None:
        """The clip, or what follows a byte of it."""
        whole = super().file(heard)
        if whole is None:
            return None
        etag = f'"{hashlib.sha256(self.clip).hexdigest()[:16]}"'
        whole = replace(whole, headers=(*whole.headers, ("ETag", etag)))
        asked = re.fullmatch(r"bytes=(\d+)-", heard.headers.get("range", ""))
        if asked is None or heard.headers.get("if-range") != etag:
            return whole
        start, size = int(asked[1]), len(self.clip)
        if start >= size:
            return Answer(416, b"", (("Content-Range", f"bytes */{size}"),))
        return replace(
            whole, status=206, body=self.clip[start:], headers=(*whole.headers, ("Content-Range", f"bytes {start}-{size - 1}/{size}"))
        )
