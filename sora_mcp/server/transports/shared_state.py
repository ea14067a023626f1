"""Seal what a client carries between the rounds of one request, so that any replica can go on with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState

from sora_mcp.domain.errors import StorageError

if TYPE_CHECKING:
    from sora_mcp.jobs.service import VideoService


class SharedStateCodec:
    """The SDK's codec with the secrets of the settings, else with the store's, which are known once it is open."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        self._codec = AESGCMRequestStateCodec(secrets) if secrets else None

    async def load(self, service: VideoService) -> None:
        """Take the store's secret where the settings name none. StorageError where it cannot be read."""
        if self._codec is None:
            secret = await service.store.shared_secret.get()
            self._codec = AESGCMRequestStateCodec([secret.reveal()])

    def seal(self, payload: bytes) -> str:
        """Return a token that holds the payload."""
        if self._codec is None:
            raise StorageError("The store is not open yet.")
        return self._codec.seal(payload)

    def unseal(self, token: str) -> bytes:
        """Return the payload of a token. InvalidRequestState for one that no secret of ours sealed."""
        if self._codec is None:
            raise InvalidRequestState("no secret yet")
        return self._codec.unseal(token)
