"""Make ids that a person can say and nobody can guess: a letter, and ten characters of Crockford's base32."""

from __future__ import annotations

import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
MISREAD = str.maketrans("oil", "011")


def new_id(kind: str) -> str:
    """Return a new id: `v_…` for a job, `q_…` for a quote."""
    return f"{kind}_{''.join(secrets.choice(ALPHABET) for _ in range(10))}"


def canonical(text: str) -> str:
    """Return the id as it was given out, however it was typed."""
    kind, _, name = text.strip().lower().partition("_")
    return f"{kind}_{name.translate(MISREAD)}"
