"""Keep finished files in an S3 bucket, under keys that name the job and the bytes: what is there is never overwritten.

Every call blocks and belongs into a thread; obstore's own event loop aborts a process that ends meanwhile. What obstore says is never
quoted: its errors carry addresses.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from sora_mcp.domain.errors import NotFinished, SoraError, StorageError
from sora_mcp.domain.secret import Secret
from sora_mcp.telemetry import watch_s3

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Store

CHUNK_BYTES = 8 << 20
"""Of one request for a part of a file, so that each of them is short."""
MOST_AT_ONCE_BYTES = CHUNK_BYTES
"""A file up to this size is put with one request, which creates it or finds it there. A larger one goes in parts."""
CONNECT_S, REQUEST_S, RETRY_S = 5, 30, 20
"""A process that ends waits for the request that is on its way, and nothing that took longer than RETRY_S is tried again by itself."""
CAUSES = {
    "FileNotFoundError": "the bucket or the file is not there",
    "PermissionDeniedError": "S3 refuses these credentials",
    "UnauthenticatedError": "S3 refuses these credentials",
}
"""What went wrong, by obstore's exceptions."""
NO_ANSWER = "S3 does not answer"
KEY = re.compile(r"v/[0-9a-z]{2}/(v_[0-9a-z]{10})/[0-9a-f]{16}\.[a-z0-9]{1,8}")
"""Matches what `make_key` returns; group 1 is the job id."""


def make_key(job_id: str, sha256: str, ending: str) -> str:
    """Return the key of a job's file below the prefix. Other bytes have another key, so a late writer replaces nothing."""
    return f"v/{job_id[2:4]}/{job_id}/{sha256[:16]}.{ending}"


def _name_download(name: str) -> str:
    """Return the header with which a browser shows the file, and saves it under this name (RFC 6266)."""
    return f'inline; filename="{name}"' if name.isascii() else f"inline; filename*=utf-8''{quote(name)}"


@dataclass(frozen=True)
class StoredFile:
    """An object that looks like a finished file of a job."""

    key: str
    job_id: str
    bytes: int
    put_at: float


@dataclass(frozen=True)
class Bucket:
    """Finished files in S3."""

    name: str
    prefix: str = ""
    variables: Mapping[str, Secret] = field(default_factory=dict[str, Secret])
    """AWS's standard variables as far as they are set."""

    @cached_property
    def _store(self) -> S3Store:
        from obstore.store import S3Store

        names = {name: secret.reveal() for name, secret in self.variables.items()}
        config: Any = {name.lower(): text for name, text in names.items()}
        client: ClientConfig = {
            "allow_http": names.get("AWS_ENDPOINT_URL", "").startswith("http:"),
            "connect_timeout": timedelta(seconds=CONNECT_S),
            "timeout": timedelta(seconds=REQUEST_S),
        }
        retries: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=RETRY_S)}
        return S3Store(self.name, prefix=self.prefix or None, config=config, client_options=client, retry_config=retries)

    def upload(self, path: Path, key: str, *, media_type: str) -> None:
        """Put a file there unless it is there already, and compare its size. Raises StorageError; OSError where the file cannot be read."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        size = path.stat().st_size
        attributes: Any = {
            "Content-Type": media_type,
            "Content-Disposition": _name_download(path.name),
            "Cache-Control": "private, max-age=31536000, immutable",
        }
        with watch_s3("put"), _hide_words("The file cannot be put on S3"):
            if size <= MOST_AT_ONCE_BYTES:
                with suppress(AlreadyExistsError):  # the same bytes, from an earlier attempt
                    obstore.put(self._store, key, path, mode="create", attributes=attributes)
            elif not self._has(key):  # the parts of a larger file cannot be put on a condition; its key is that of these bytes
                obstore.put(self._store, key, path, attributes=attributes, chunk_size=CHUNK_BYTES, max_concurrency=4)
            there = obstore.head(self._store, key)["size"]
        if there != size:
            raise StorageError(f"The file on S3 has {there} bytes in place of {size}.")

    def _has(self, key: str) -> bool:
        import obstore

        try:
            obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        return True

    def fetch(self, key: str, into: Path, *, size: int, sha256: str) -> None:
        """Write the object into a new file. StorageError where it does not come or is not what was put, NotFinished where it is gone."""
        digest = hashlib.sha256()
        with into.open("xb") as file:
            for start in range(0, size, CHUNK_BYTES):
                chunk = self._read(key, start, min(start + CHUNK_BYTES, size))
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() != sha256:
            raise StorageError("The file on S3 is damaged: it is not what was put there.")

    def _read(self, key: str, start: int, end: int) -> bytes:
        import obstore

        with watch_s3("get"), _hide_words("The file cannot be fetched from S3"):
            try:
                return bytes(obstore.get_range(self._store, key, start=start, end=end))
            except FileNotFoundError:
                raise NotFinished("The file is not on S3 any more.") from None

    def sign(self, key: str, seconds: int) -> str | None:
        """Return an address at which anybody reads the object for so long, without asking S3. None for a store that is reached over plain
        http on another machine, as inside of a cluster: no browser gets there."""
        import obstore

        endpoint = self.variables.get("AWS_ENDPOINT_URL")
        if endpoint is not None and not is_reached_by_browsers(endpoint.reveal()):
            return None
        with _hide_words("No link to the file can be made"):
            return obstore.sign(self._store, "GET", key, timedelta(seconds=seconds))

    def delete(self, key: str) -> None:
        """Delete an object. Raises StorageError."""
        import obstore

        with watch_s3("delete"), _hide_words("The file cannot be deleted from S3"):
            obstore.delete(self._store, key)

    def list_files(self) -> Generator[StoredFile]:
        """Yield every finished file below the prefix, whoever put it there, and nothing else. Raises StorageError."""
        import obstore

        with _hide_words("The bucket cannot be listed"):
            pages: Any = obstore.list(self._store, prefix="v")  # pyright: ignore[reportUnknownMemberType] - of overloads for another library
            for page in pages:
                for found in page:
                    if (key := KEY.fullmatch(found["path"])) is not None:
                        yield StoredFile(found["path"], key[1], found["size"], found["last_modified"].timestamp())

    def check(self) -> None:
        """Put, read and delete a small object. Raises StorageError, which says what S3 does not do."""
        import obstore

        key, body = f"check/{secrets.token_hex(8)}", secrets.token_bytes(16)
        with _hide_words("Nothing can be put there"):
            obstore.put(self._store, key, body, mode="create")
        with _hide_words("What was put there cannot be read"):
            is_same = bytes(obstore.get(self._store, key).bytes()) == body
        with _hide_words("What was put there cannot be deleted"):
            obstore.delete(self._store, key)
        if not is_same:
            raise StorageError("What was put there is read back as something else.")


def is_reached_by_browsers(endpoint: str) -> bool:
    """Return whether a browser may be sent to an S3 store: over https, or on this very machine."""
    url = urlsplit(endpoint)
    return url.scheme == "https" or url.hostname in ("127.0.0.1", "localhost", "::1")


@contextmanager
def _hide_words(what: str) -> Generator[None]:
    """Turn an error of obstore, which is of many classes, into a StorageError without its words."""
    try:
        yield
    except SoraError:
        raise
    except Exception as error:
        raise StorageError(f"{what}: {CAUSES.get(type(error).__name__, NO_ANSWER)}.") from None
