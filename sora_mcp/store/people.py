"""People who called the server, and the teams they belong to."""

from __future__ import annotations

from dataclasses import asdict

import sqlalchemy as sa

from sora_mcp.domain.errors import NotFound, Refused
from sora_mcp.domain.text import sanitize
from sora_mcp.store.records import Person
from sora_mcp.store.schema import people
from sora_mcp.store.transactions import Repository, reads, writes

COLUMNS = [people.c[name] for name in Person.__dataclass_fields__]
FROM_TOKEN = ("name", "email", "member_of", "seen_at")
"""Columns that a later token may change."""
MEET = sa.text(
    "INSERT INTO people (id, issuer, subject, name, email, member_of, seen_at)"
    " VALUES (:id, :issuer, :subject, :name, :email, :member_of, :seen_at)"
    f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{column} = excluded.{column}' for column in FROM_TOKEN)}"
).bindparams(*(sa.bindparam(name, type_=people.c[name].type) for name in Person.__dataclass_fields__ if name != "team"))


class People(Repository):
    """Everybody who called with a token."""

    @writes
    def meet(self, conn: sa.Connection, person: Person) -> None:
        """Write down who calls, with what the token says of name, address and groups. The team that was set by hand stays."""
        values = asdict(person) | {"seen_at": self.clock()}
        del values["team"]
        conn.execute(MEET, values)

    @reads
    def get_all(self, conn: sa.Connection) -> tuple[Person, ...]:
        """Return everybody, by name."""
        found = [Person(**row) for row in conn.execute(sa.select(*COLUMNS)).mappings()]
        return tuple(sorted(found, key=lambda person: (person.email or person.name or person.id).casefold()))

    @reads
    def find(self, conn: sa.Connection, name: str) -> Person | None:
        """Return the person of this id, else of this address or name; None of nobody. Refused where two have it."""
        rows = [Person(**row) for row in conn.execute(sa.select(*COLUMNS)).mappings()]
        for columns in (("id",), ("email",), ("name", "subject")):
            same = [one for one in rows if any((getattr(one, column) or "").casefold() == name.casefold() for column in columns)]
            if len(same) > 1:
                raise Refused(f"Several people are called {sanitize(name, 80)}: use one of the ids {', '.join(one.id for one in same)}.")
            if same:
                return same[0]
        return None

    @writes
    def set_team(self, conn: sa.Connection, person_id: str, team: str | None) -> None:
        """Put a person into a team, or into none. NotFound for somebody who never called."""
        if not conn.execute(sa.update(people).where(people.c.id == person_id).values(team=team)).rowcount:
            raise NotFound(f"Nobody with the id {sanitize(person_id, 80)} has called yet.")
