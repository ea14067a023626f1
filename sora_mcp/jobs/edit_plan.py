"""Keep what a worker needs to make an edit. It waits in the store in the place of a paid call, so that any process can make it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from sora_mcp.domain import Call
from sora_mcp.media.edit.edits import Edit

PATH = "edit"


@dataclass(frozen=True)
class EditPlan:
    """An edit, and the sha256 of each of its files as they were when it was asked for: the clips, then the sound."""

    edit: Edit
    hashes: tuple[str, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """The files, in the order of the hashes."""
        return (*self.edit.paths, *(() if self.edit.sound is None else (self.edit.sound,)))

    def to_call(self) -> Call:
        """Return the plan as the store keeps it. It is never sent."""
        known = {field.name: getattr(self.edit, field.name) for field in fields(Edit)}
        sound = None if self.edit.sound is None else str(self.edit.sound)
        return Call("POST", PATH, {**known, "paths": [str(path) for path in self.edit.paths], "sound": sound, "hashes": list(self.hashes)})


def read_plan(call: Call | None) -> EditPlan:
    """Return the plan that `to_call` wrote. Raises ValueError for anything else."""
    if call is None or call.path != PATH or call.body is None:
        raise ValueError("no plan of an edit")
    body = dict(call.body)
    hashes, sound = tuple(body.pop("hashes")), body.pop("sound")
    paths, continues = (tuple(body.pop(name)) for name in ("paths", "continues"))
    return EditPlan(Edit(paths=tuple(map(Path, paths)), sound=Path(sound) if sound else None, continues=continues, **body), hashes)
