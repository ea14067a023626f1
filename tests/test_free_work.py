"""Free work is bounded too, for each principal: sample clips and edits."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sora_mcp.config.settings import load
from sora_mcp.domain import VideoRequest
from sora_mcp.domain.errors import TooManyAtOnce
from sora_mcp.jobs.edit import MOST_EDITS
from sora_mcp.jobs.purchase import MOST_FREE_LIVE
from sora_mcp.jobs.runtime import open_service
from sora_mcp.media.edit.edits import EditRequest

from .media.clips import a_clip


async def test_one_more_free_clip_or_edit_than_one_may_have_at_once_is_refused(tmp_path: Path) -> None:
    said = {"SORA_MCP_HOME": str(tmp_path / "home"), "SORA_MCP_OUTPUT_DIR": str(tmp_path / "videos")}
    settings = load(said, today=date(2026, 11, 21), config=tmp_path / "config.toml")
    async with open_service(settings, work=False) as service:
        for number in range(MOST_FREE_LIVE):
            await service.create(VideoRequest(f"kite {number}"), principal="ben")
        with pytest.raises(TooManyAtOnce):
            await service.create(VideoRequest("one more kite"), principal="ben")
        assert (await service.create(VideoRequest("kite 0"), principal="ben")).deduplicated
        assert not (await service.create(VideoRequest("kite 0"), principal="anna")).deduplicated
        clip = a_clip(service.settings.output_dir / "a.mp4", colours=("red",))
        for number in range(MOST_EDITS):
            edit = EditRequest((str(clip),), "frame", {"start": number / 10})
            assert (await service.edit(edit, principal="local")).state == "running"
        with pytest.raises(TooManyAtOnce):
            await service.edit(EditRequest((str(clip),), "gif"), principal="local")
        assert (await service.edit(edit, principal="local")).deduplicated
