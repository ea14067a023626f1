"""A vendor whose files can be continued."""

from __future__ import annotations

from tests.played import Heard, Muvi
from tests.played.nouns import Answer
from tests.played.ranges import continue_file


class Resuming(Muvi):
    """Muvi, whose host of files knows Range and If-Range."""

    @property
    def name(self) -> str:
        """The vendor's."""
        return "muvi"

    def file(self, heard: Heard) -> Answer | None:
        """The clip, or what follows a byte of it."""
        whole = super().file(heard)
        return None if whole is None else continue_file(whole, heard)
