"""What callers ask of the store about a person's yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sora_mcp.store import quotes
from sora_mcp.store.database import Database
from sora_mcp.store.records import Approval, Outline


@dataclass(frozen=True)
class Approvals:
    """Quotes that wait for a yes. Each call is one transaction, as the store's own."""

    database: Database
    clock: Callable[[], float]

    def ask(self, outline: Outline) -> str:
        """The id of a quote for any prompt: the one that waits already, or a new one."""
        with self.database.writing() as conn:
            return quotes.ask(conn, outline, self.clock())

    def approval(self, quote_id: str) -> Approval:
        """The quote, as it stands. NotFound."""
        with self.database.reading() as conn:
            return quotes.look(conn, quote_id)

    def approve(self, quote_id: str) -> Approval:
        """A person's yes to the quote: good once. NotFound; Refused when it has expired or was used."""
        with self.database.writing() as conn:
            return quotes.approve(conn, quote_id, self.clock())

    def decline(self, quote_id: str, principal: str) -> Approval | None:
        """The quote, over without a yes; as it is where it was used. None for others' quotes too."""
        with self.database.writing() as conn:
            return quotes.decline(conn, quote_id, principal, self.clock())
