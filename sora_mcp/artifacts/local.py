"""Keep finished files in a local folder: names, atomic placement, and a JSON sidecar for each file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from sora_mcp.domain import Artifact, Job
from sora_mcp.domain.errors import StorageError, UnwritableFile
from sora_mcp.domain.money import as_number
from sora_mcp.domain.private_folder import make_private_folder
from sora_mcp.domain.prompt_words import MOST_WORD_BYTES
from sora_mcp.domain.text import escape_hidden, sanitize
from sora_mcp.vendors import sample

FIRST_WORDS, LAST_WORDS = 4, 4
"""Words of a longer prompt in a file name: what clips have in common stands first in it, and what tells them apart often last."""
MOST_SLUG, MOST_SLUG_BYTES = 60, 84
"""Of the words in a file name: with day, time, number, take, job id and ending, it stays below 143 bytes, which every file system takes."""
MOST_FIRST, MOST_FIRST_BYTES = 30, 42
"""Of that for the first words, where there are last ones."""
MOST_READ = 500
"""Characters of a prompt from which its words are taken."""
JOINERS = "\u200c\u200d"
"""Zero-width characters within the words of some scripts."""
LATIN_MARKS = re.compile(r"([0-9a-z])[\u0300-\u036f\ufe00-\ufe0f\u20d0-\u20ff]+")
"""Accents that are no part of a letter of their own, and styles of a character, behind a letter or digit in ASCII."""
MOST_SIDECAR_BYTES = 1 << 20
FILE_NAME = re.compile(r".*_(v_[0-9a-z]{10})(-\d{1,2})?\.[a-z0-9]{2,4}", re.IGNORECASE | re.DOTALL)
"""Matches names that `build_name` and `_number_names` produce; group 1 is the job id."""


def build_name(job: Job, zone: tzinfo, ending: str = "mp4") -> str:
    """Return a name such as `2026-11-20_1405_a-paper-boat_take-1-of-2_v_0123456789.mp4`: day and time of creation in `zone`, words of the
    prompt, which of several takes it is, and job id. What the sample vendor made is called a sample: it shows nothing of the prompt."""
    made, kind = datetime.fromtimestamp(job.created_at, zone), job.vendor if job.vendor == sample.VENDOR.name else ""
    words = filter(None, (kind, _fit_encoding(slugify(job.prompt)), job.which_take.replace(" ", "-")))
    return f"{made:%Y-%m-%d_%H%M}_{'_'.join(words)}_{job.id}.{ending}"


def _fit_encoding(slug: str) -> str:
    """Return the slug, without the letters that this file system's encoding lacks, as under LANG=C."""
    try:
        os.fsencode(slug)
    except UnicodeEncodeError:
        plain = slug.encode("ascii", "ignore").decode()
        return "--".join(filter(None, ("-".join(filter(None, part.split("-"))) for part in plain.split("--")))) or "video"
    return slug


def slugify(prompt: str) -> str:
    """Return the prompt's words in lower case, joined by hyphens: letters and digits of any script, without Latin accents. Of a longer
    prompt the first and the last words, with two hyphens between them.

    At most MOST_SLUG characters and MOST_SLUG_BYTES; `video` for a prompt without letters and digits.
    """
    half = MOST_READ // 2
    words = _list_words(prompt if len(prompt) <= MOST_READ else f"{prompt[: half - 1]} {prompt[-half:]}")
    name, most = "-".join(words), FIRST_WORDS + LAST_WORDS
    if len(words) <= most and len(name) <= MOST_SLUG and len(name.encode()) <= MOST_SLUG_BYTES:
        return name or "video"
    first = _keep_words("-".join(words[:FIRST_WORDS]), MOST_FIRST, MOST_FIRST_BYTES)
    last = _keep_words("-".join(words[-LAST_WORDS:])[::-1], MOST_SLUG - MOST_FIRST - 2, MOST_SLUG_BYTES - MOST_FIRST_BYTES - 2)[::-1]
    while last and _is_mark(last[0]):
        last = last[1:]
    return f"{first}--{last}"


def _list_words(text: str) -> list[str]:
    """Return the words of a text in lower case, of letters and digits alone."""
    composed = unicodedata.normalize("NFC", sanitize(text, MOST_READ) or "")
    kept = LATIN_MARKS.sub(r"\1", "".join(_reduce_letter(char) for char in composed).lower())
    return [word for word in kept.split() if not _is_mark(word[0])]


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


def _keep_words(text: str, most: int, most_bytes: int) -> str:
    """Return as many whole words as have room; of a sentence in a script without blanks, the beginning."""
    cut = text[:most].encode()[:most_bytes].decode(errors="ignore")
    if cut == text:
        return text
    whole = cut if text[len(cut)] == "-" else cut.rpartition("-")[0]
    word = text[len(whole) :].lstrip("-").partition("-")[0]
    return whole if whole and len(word.encode()) <= MOST_WORD_BYTES else cut.strip("-")


def _reduce_letter(char: str) -> str:
    """Return a letter or digit, in ASCII where it is a Latin one; a mark as it is; a blank for all else."""
    kind = unicodedata.category(char)
    if kind[0] == "M" or char in JOINERS:
        return "" if char in JOINERS else char
    plain = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    if plain:
        return "".join(letter if letter.isalnum() else " " for letter in plain)
    return char if kind[0] in "LN" else " "


def read_job_id(name: str) -> str | None:
    """Return the job id in the name of a finished file or its sidecar; None for any other name."""
    named = FILE_NAME.fullmatch(name)
    return None if named is None else named[1]


def ensure_folder(folder: Path) -> None:
    """Create the folder, mode 0700, when it is missing. Raises StorageError when no file can be written into it."""
    try:
        make_private_folder(folder)
        why = "" if os.access(folder, os.W_OK | os.X_OK) else "no permission"
    except OSError as error:
        why = error.strerror or "not a folder"
    if why:
        raise StorageError(f"Finished files cannot be written into {folder} ({why}): mend that, or let the user set SORA_MCP_OUTPUT_DIR.")


def prepare_part(job: Job, folder: Path) -> Path:
    """Return the temporary path for the current lease of the job, with what an earlier lease holder downloaded of it.

    A slow former lease holder that still writes is noticed: the finished file's sha256 is compared with what was received.
    Raises StorageError when the folder cannot be written.
    """
    ensure_folder(folder)
    part = folder / f".{job.id}.{job.fence}.part"
    earlier = max(folder.glob(f".{job.id}.*.part"), key=lambda path: path.stat().st_mtime, default=part)
    if earlier != part:
        with contextlib.suppress(OSError):
            os.replace(earlier, part)
            os.replace(f"{earlier}.etag", f"{part}.etag")
    return part


def keep(part: Path, job: Job, *, sha256: str, zone: tzinfo, ending: str = "mp4") -> Path:
    """Move the checked file to its final name, write the sidecar, sync both to disk, and return the path.

    Never overwrites another file and never follows a link; a taken name gets a number. Raises StorageError.
    """
    try:
        _close_to_others(part)
        for name in _number_names(build_name(job, zone, ending)):
            final = part.parent / name
            if _claim_name(part, final, sha256):
                _write_sidecar(job, final, sha256)
                _sync_folder(part.parent)
                return final
    except OSError as error:
        raise UnwritableFile(part.parent, error) from error
    raise StorageError(f"{part.parent} has too many files of that name.")


def find_kept(job: Job, folder: Path) -> tuple[Path, str] | None:
    """Return path and sha256 of the file that an earlier lease holder of this job finished, or None.

    The sidecar must name the job, and the file's bytes must match its sha256.
    """
    for sidecar in sorted(folder.glob(f"*_{job.id}*.json")):
        try:
            name, sha256 = _read_sidecar(sidecar, job)
            if name is not None and has_sha256(final := folder / name, sha256):
                return final, sha256
        except OSError:
            continue  # an unreadable file is not ours
    return None


def is_own_file(artifact: Artifact) -> bool:
    """Return whether a regular file lies on this disk where the record says. Blocks."""
    path = Path(artifact.path)
    try:
        return path.is_absolute() and stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def read_file(path: Path) -> bytes:
    """Return the whole file; a link is not followed. OSError where it cannot be read."""
    with open(path, "rb", opener=open_itself) as file:
        return file.read()


def open_itself(path: str, flags: int) -> int:
    """Open a file without following a link that was put there meanwhile, nor waiting for a pipe. Windows has neither flag."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def remove_file(artifact: Artifact) -> bool:
    """Delete the finished file, with its sidecar and poster. Return whether it was here. Other bytes in its place are somebody's own and
    stay. Raises OSError. Blocks."""
    path = Path(artifact.path)
    if not is_own_file(artifact) or not has_sha256(path, artifact.sha256):
        return False
    path.unlink()
    for beside in (".json", ".jpg"):
        with contextlib.suppress(FileNotFoundError):
            path.with_suffix(beside).unlink()
    return True


def _close_to_others(part: Path) -> None:
    """Make the file readable by the user only: what a media library wrote has the mode of the process."""
    if hasattr(os, "fchmod"):
        descriptor = os.open(part, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        try:
            with contextlib.suppress(OSError):  # a file system without modes
                os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)


def remove_parts(folder: Path, job: Job) -> None:
    """Delete temporary files that earlier lease holders of this job left."""
    for part in folder.glob(f".{job.id}.*.part*"):
        with contextlib.suppress(OSError):
            part.unlink()


def _number_names(name: str) -> Iterator[str]:
    stem, _, ending = name.rpartition(".")
    yield name
    yield from (f"{stem}-{number}.{ending}" for number in range(2, 100))


def _claim_name(part: Path, final: Path, sha256: str) -> bool:
    """Move `part` to `final` unless that name is taken. Return whether `final` now has these bytes, also from before a crash."""
    try:
        os.link(part, final, follow_symlinks=False)
    except FileExistsError:
        return has_sha256(final, sha256)
    except (NotImplementedError, PermissionError, OSError):
        # A file system without hard links. Only this job uses the name, so a check followed by a rename is safe.
        if os.path.lexists(final):
            return has_sha256(final, sha256)
        os.rename(part, final)
        return True
    part.unlink()
    return True


def has_sha256(path: Path, sha256: str) -> bool:
    """Return whether `path` is a regular file, not a link, with this sha256. Raises OSError when it cannot be read."""
    if path.is_symlink() or not path.is_file():
        return False
    return hash_file(path) == sha256


def hash_file(path: Path) -> str:
    """Return the sha256 of a file. Raises OSError when it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_sidecar(job: Job, final: Path, sha256: str) -> None:
    """Write the `.json` sidecar: what made the file and what it cost."""
    fields = {
        "job_id": job.id,
        "prompt": job.prompt,
        "model": job.model,
        "size": job.size,
        "seconds": job.seconds,
        "options": dict(job.extras),
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
    sidecar = final.with_suffix(".json")
    descriptor = os.open(sidecar, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(escape_hidden(json.dumps(fields, ensure_ascii=False, indent=2)))
        file.flush()
        os.fsync(file.fileno())


def _read_sidecar(sidecar: Path, job: Job) -> tuple[str | None, str]:
    """Return file name and sha256 that a sidecar states; None for one of another job or file. Raises OSError when it cannot be read."""
    if sidecar.is_symlink() or not sidecar.is_file() or sidecar.stat().st_size > MOST_SIDECAR_BYTES:
        return None, ""
    try:
        fields = json.loads(sidecar.read_bytes())
    except (ValueError, RecursionError):
        return None, ""
    match fields:
        case {"job_id": job.id, "file": str(name), "sha256": str(sha256)} if Path(name).name == name and Path(name).stem == sidecar.stem:
            return name, sha256
        case _:
            return None, ""


def _sync_folder(folder: Path) -> None:
    """Sync the directory entry, so that a new name survives a power cut. Windows neither has nor needs this call."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def describe_file(path: Path, size: int, sha256: str, *, duration_s: float | None, width: int | None, height: int | None) -> Artifact:
    """Return the artifact record of a file on disk; the length is rounded to milliseconds."""
    return Artifact(str(path), size, sha256, None if duration_s is None else round(duration_s, 3), width, height)
