"""Finished files: their names, their place, and the note beside each."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from sora_mcp.domain import Artifact, Job
from sora_mcp.domain.errors import StorageError
from sora_mcp.domain.money import as_number
from sora_mcp.security.text import vendor_text

WORDS = 5
MOST_NOTE = 1 << 20
MADE = re.compile(r".*_(v_[0-9a-z]{10})(-\d{1,2})?\.[a-z0-9]{2,4}", re.IGNORECASE | re.DOTALL)
"""How `file_name` and `_names` end a name."""


def file_name(job: Job, zone: tzinfo, ending: str = "mp4") -> str:
    """`2026-11-20_a-paper-boat_v_0123456789.mp4`: the day, words of the prompt, the job."""
    day = datetime.fromtimestamp(job.created_at, zone).date()
    return f"{day}_{slug(job.prompt)}_{job.id}.{ending}"


def slug(prompt: str) -> str:
    """The first words as `[a-z0-9-]{1,60}`; `video` where a script leaves none."""
    plain = unicodedata.normalize("NFKD", vendor_text(prompt) or "").encode("ascii", "ignore").decode().casefold()
    return "-".join(re.findall(r"[a-z0-9]+", plain)[:WORDS])[:60].strip("-") or "video"


def job_of(name: str) -> str | None:
    """The job that a finished file is named after, or a file beside it; None for any other name."""
    named = MADE.fullmatch(name)
    return None if named is None else named[1]


def ready(folder: Path) -> None:
    """Makes the folder where it is missing. StorageError where no file can be written into it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        why = "" if os.access(folder, os.W_OK | os.X_OK) else "no permission"
    except OSError as error:
        why = error.strerror or "not a folder"
    if why:
        raise StorageError(f"Finished files cannot be written into {folder} ({why}): mend that, or let the user set SORA_MCP_OUTPUT_DIR.")


def part_of(job: Job, folder: Path) -> Path:
    """Where this claim of the job writes: a slow predecessor has a file of its own."""
    ready(folder)
    return folder / f".{job.id}.{job.fence}.part"


def keep(part: Path, job: Job, *, sha256: str, zone: tzinfo, ending: str = "mp4") -> Path:
    """The checked file under its final name, the note beside it, both on the disk for good. Nothing is ever overwritten or followed."""
    try:
        for name in _names(file_name(job, zone, ending)):
            final = part.parent / name
            if _claimed(part, final, sha256):
                _note(job, final, sha256)
                _settle_folder(part.parent)
                return final
    except OSError as error:
        raise StorageError(f"The file cannot be written into {part.parent}.") from error
    raise StorageError(f"{part.parent} has too many files of that name.")


def kept(job: Job, folder: Path, zone: tzinfo) -> tuple[Path, str] | None:
    """The file that an earlier claim of this job left whole, and its sha256, by the note beside it; None where there is none."""
    for name in _names(file_name(job, zone)):
        final = folder / name
        try:
            if not os.path.lexists(final):
                return None
            sha256 = _noted(final, job)
            if sha256 is not None and is_still(final, sha256):
                return final, sha256
        except OSError:
            continue  # one that cannot be read is nobody's
    return None


def sweep(folder: Path, job: Job) -> None:
    """Removes what earlier claims of this job left."""
    for part in folder.glob(f".{job.id}.*.part"):
        with contextlib.suppress(OSError):
            part.unlink()


def _names(name: str) -> Iterator[str]:
    stem, _, ending = name.rpartition(".")
    yield name
    yield from (f"{stem}-{number}.{ending}" for number in range(2, 100))


def _claimed(part: Path, final: Path, sha256: str) -> bool:
    """Whether `final` is now this file. It may be from before a crash; it may be somebody else's."""
    try:
        os.link(part, final, follow_symlinks=False)
    except FileExistsError:
        return is_still(final, sha256)
    except (NotImplementedError, PermissionError, OSError):
        # A file system without hard links: the name is ours by its job id, so a check and a rename do.
        if os.path.lexists(final):
            return is_still(final, sha256)
        os.rename(part, final)
        return True
    part.unlink()
    return True


def is_still(path: Path, sha256: str) -> bool:
    """Whether there is a file itself, no link, and with these bytes. OSError where it cannot be read."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _note(job: Job, final: Path, sha256: str) -> None:
    """The `.json` beside the video: what made it, and what it cost."""
    note = {
        "job_id": job.id,
        "prompt": job.prompt,
        "model": job.model,
        "size": job.size,
        "seconds": job.seconds,
        "options": dict(job.options),
        "usd": as_number(job.price),
        "usd_is": job.price_is,
        "price_source": job.source,
        "price_checked": job.checked.isoformat(),
        "created_at": datetime.fromtimestamp(job.created_at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "vendor_id": job.vendor_id,
        "parents": list(job.parents),
        "sha256": sha256,
        "file": final.name,
    }
    beside = final.with_suffix(".json")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        json.dump(note, file, ensure_ascii=False, indent=2)
        file.flush()
        os.fsync(file.fileno())


def _noted(final: Path, job: Job) -> str | None:
    """The sha256 of this job's file as its note has it; None where the note is not ours. OSError where it cannot be read."""
    beside = final.with_suffix(".json")
    if beside.is_symlink() or not beside.is_file() or beside.stat().st_size > MOST_NOTE:
        return None
    try:
        note = json.loads(beside.read_bytes())
    except (ValueError, RecursionError):
        return None
    match note:
        case {"job_id": job.id, "file": final.name, "sha256": str(sha256)}:
            return sha256
        case _:
            return None


def _settle_folder(folder: Path) -> None:
    """The new names survive a power cut. Windows has no such call, and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def measured(path: Path, size: int, sha256: str, *, duration_s: float | None, width: int, height: int) -> Artifact:
    """The file on disk as the store keeps it."""
    return Artifact(str(path), size, sha256, None if duration_s is None else round(duration_s, 3), width, height)
