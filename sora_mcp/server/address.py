"""The address under which a request over HTTP reached the server, so that answers can name finished files there."""

from __future__ import annotations

import os
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from mcp.server.auth.middleware.auth_context import get_access_token

from sora_mcp.domain import Job

SignInKind = Literal["provider", "token"]
"""Where people sign in on our pages: at the identity provider, or with their token of the token file."""


@dataclass(frozen=True)
class HttpCall:
    """The address and principal under which a request over HTTP reached the server."""

    base_url: str
    has_token: bool
    """Callers with tokens need not be on this machine: a path means nothing to them."""
    takes_long_messages: bool = True
    """False where the answer is an event of a stream: some clients take at most 1 MiB of those."""
    sign_in: SignInKind | None = None
    """How people sign in on pages at this address; None where there are none."""

    def name_file(self, job: Job) -> str:
        """Return the address of a job's finished file."""
        suffix = PurePath(job.artifact.path).suffix if job.artifact is not None else ""
        return f"{self.base_url}/videos/{job.id}{suffix}"

    def name_page(self, quote_id: str, *, is_led: bool = False) -> str:
        """Return the address of the page on which a person approves a quote; `is_led` where the client leads there by itself."""
        return f"{self.base_url}/approve/{quote_id}{'?way=url' if is_led else ''}"


CALL: ContextVar[HttpCall | None] = ContextVar("CALL", default=None)
"""The request that is being answered; None on stdio and in commands."""


def is_remote() -> bool:
    """Return whether the caller need not be on this machine, so that a command or a path means nothing to them."""
    call = CALL.get()
    return call is not None and call.has_token


def find_page_host() -> HttpCall | None:
    """Return the request under whose address the caller can sign in on a page; None where there is no page for them.

    Beside an identity provider, who stands in the token file has none: only the provider's people sign in there.
    """
    call, token = CALL.get(), get_access_token()
    if call is None or call.sign_in is None or token is None:
        return None
    return call if bool(token.claims) == (call.sign_in == "provider") else None


def name_place(job: Job, path: str) -> str:
    """Return where the caller finds a job's finished file: its path, or its address for callers of other machines.

    A file that is in a bucket only has no path: then it is named as commands and resources find it.
    """
    call, has_path = CALL.get(), os.path.isabs(path)
    if call is not None and (is_remote() or not has_path):
        return call.name_file(job)
    return path if has_path else f"sora://videos/{job.id}{PurePath(path).suffix}"
