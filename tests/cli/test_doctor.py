"""What the doctor finds, and what it says is to be done."""

from __future__ import annotations

import socket
import sys
import threading
from datetime import date
from pathlib import Path

import pytest

from sora_mcp.cli.checks import Finding
from sora_mcp.cli.doctor import check_all
from sora_mcp.config.settings import Settings, load
from sora_mcp.domain.money import NO_LIMIT, usd
from sora_mcp.store import Store
from sora_mcp.store.records import Limits
from tests.waiting import PATIENCE_S

from ..stored import begun, no
from .conftest import Sora, own_line

LATER = 1_806_000_000.0
"""2027-03-25: more than 90 days after the prices were looked up."""
BEFORE = 1_700_000_000.0


def of(said: dict[str, str], *, now: float | None = None) -> dict[str, Finding]:
    """The findings by their first words."""
    settings: Settings = load(said, today=date(2026, 11, 21))
    return {finding.text.split(":")[0]: finding for finding in check_all(settings, now=now, offline=True)}


def test_a_sound_machine_has_nothing_to_fix(sora: Sora) -> None:
    code, out, _ = sora("doctor")
    caps, *_, last = out.splitlines()
    assert caps == "ok    caps: $5.00 a video, $10.00 a day, $100.00 a month; a person approves above $2.00 a call; days in UTC"
    assert (code, last) == (0, "Nothing to fix.")


def test_the_caps_are_those_in_force(said: dict[str, str]) -> None:
    settings = load(said, today=date(2026, 11, 21))
    store = Store(settings.database_url, settings.home)
    store.budgets.set.sync({"all": Limits(day=usd("7"), month=NO_LIMIT, confirm_above=NO_LIMIT)})
    store.close()
    caps = of(said)["caps"].text
    assert caps.startswith(
        "caps: $5.00 a video, $7.00 a day, no limit a month; no price needs a person's yes; days in UTC (by the budget of all"
    )


def test_keys_are_named_and_never_shown(sora: Sora, said: dict[str, str]) -> None:
    code, out, err = sora("doctor", MUVI_API_KEY="s3cr3t", SORA_MCP_MUVI_BASE_URL="http://127.0.0.1:9")
    assert code == 0
    assert "note  Muvi: has a key; the key was not tested. Muvi does not answer: 127.0.0.1 refuses the connection\n" in out
    assert "note  no key: " in out
    assert ", Pixazo (PIXAZO_API_KEY), " in out
    assert f"\n      -> setup says where keys are made, and stores one: {own_line(said, 'setup')}\n" in out
    assert "s3cr3t" not in out + err


def test_without_any_key_it_says_what_works(said: dict[str, str]) -> None:
    finding = of(said)["no vendor has a key, so every video is a free sample clip"]
    assert finding == Finding(
        "note",
        "no vendor has a key, so every video is a free sample clip",
        "setup says where keys are made, and stores one: sora-mcp setup",
    )
    assert "no key" not in of(said)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc, where nobody can make a folder")
def test_a_folder_that_cannot_be_written_has_to_be_fixed(sora: Sora) -> None:
    code, out, _ = sora("doctor", "--output-dir", "/proc/videos")
    assert (code, out.splitlines()[-1]) == (1, "1 to fix.")
    assert "fix   videos: /proc/videos is not writable (No such file or directory)\n" in out
    assert "      -> make it writable, or set SORA_MCP_OUTPUT_DIR to another folder\n" in out


def test_a_slip_in_a_settings_name_has_to_be_fixed(said: dict[str, str]) -> None:
    findings = list(check_all(load({**said, "SORA_MCP_DAYLY_USD": "1"}, today=date(2026, 11, 21))))
    slip = "'SORA_MCP_DAYLY_USD' is not a setting and has no effect: did you mean SORA_MCP_DAILY_USD?"
    assert Finding("fix", slip, "correct its name, or take it out") in findings


@pytest.mark.fault("R09")
def test_a_store_that_does_not_open_has_to_be_fixed(said: dict[str, str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "sora.db").write_bytes(b"this is no database" * 100)
    assert of(said)["store"].verdict == "fix"


def test_images_are_looked_for_where_the_settings_say(said: dict[str, str], tmp_path: Path) -> None:
    said["SORA_MCP_IMAGE_DIRS"] = str(tmp_path)
    assert of(said)["images"] == Finding("ok", f"images: {tmp_path}")
    said["SORA_MCP_IMAGE_DIRS"] = str(tmp_path / "gone")
    assert of(said)["images"] == Finding(
        "fix", f"images: {tmp_path / 'gone'} is not a folder", "create it, or remove it from SORA_MCP_IMAGE_DIRS"
    )


def test_jobs_under_way_and_money_in_doubt_are_named(said: dict[str, str], store: Store) -> None:
    store.outcomes.mark_unclear.sync(begun(store), "t", no("unknown"))
    begun(store)
    settings = load(said, today=date(2026, 11, 21))
    lines = [finding.text for finding in check_all(settings) if finding.text.startswith("store: ") and "folder" not in finding.text]
    assert lines[1:] == [
        "store: opens; 1 job running (finish them: sora-mcp watch)",
        "store: $1.00 was perhaps charged, for 1 job, and counts as spent",
    ]


def test_a_clock_before_the_prices_were_known_or_apart_from_the_file_systems_has_to_be_set(said: dict[str, str]) -> None:
    assert of(said, now=BEFORE)["clock"].verdict == "fix"
    assert of(said, now=LATER)["clock"].todo == "set the clocks: budgets use calendar days"


def test_old_prices_are_noted(said: dict[str, str]) -> None:
    finding = of(said, now=LATER)["prices"]
    assert (finding.verdict, finding.text.endswith("were checked more than 90 days ago")) == ("note", True)


def test_each_client_that_is_here_is_looked_at(said: dict[str, str], tmp_path: Path) -> None:
    for name in (".cursor", ".codex"):
        (tmp_path / name).mkdir()
    (tmp_path / ".cursor" / "mcp.json").write_text('{"mcpServers": {"sora": {"command": "/gone/sora-mcp"}}}')
    (tmp_path / ".codex" / "config.toml").write_text("no toml")
    found = of(said)
    assert found["Cursor"] == Finding("fix", "Cursor: starts '/gone/sora-mcp', which is not a program on this machine", "sora-mcp setup")
    assert (found["Codex"].verdict, found["Codex"].text) == ("note", f"Codex: {tmp_path / '.codex' / 'config.toml'} cannot be read")
    (tmp_path / ".cursor" / "mcp.json").write_text("{}")
    assert of(said)["Cursor"] == Finding("note", "Cursor: does not have this server", "sora-mcp setup")
    (tmp_path / ".cursor" / "mcp.json").write_text('{"mcpServers": {"sora": {"command": "sh"}}}')
    assert of(said)["Cursor"] == Finding("ok", "Cursor: starts sh")


def test_lists_and_models_that_are_gone_are_noted(said: dict[str, str], store: Store) -> None:
    keyed = said | {"OPENROUTER_API_KEY": "k"}
    assert of(keyed)["list of OpenRouter"].text == "list of OpenRouter: never fetched"
    row = {"id": "a/b", "supported_durations": [5], "supported_resolutions": ["720p"], "pricing_skus": {"duration_seconds": "1"}}
    store.vendor_lists.save.sync("openrouter", {"data": [row]})
    store.vendor_lists.mark_gone.sync("muvi:wan-2.6", "model_retired")
    assert of(keyed)["list of OpenRouter"].text == "list of OpenRouter: 1 models, 0 hours old"
    assert of(keyed)["gone"].text.startswith("gone: muvi:wan-2.6, according to its vendor on ")


def test_all_keys_are_tested_at_once(said: dict[str, str]) -> None:
    """The vendors answer when the last of them was asked: one after the other, each would wait out its limit."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        vendors = [vendor for vendor in load(said, today=date(2026, 11, 21)).catalogue.vendors if vendor.keys and vendor.check][:3]
        for vendor in vendors:
            said |= {vendor.keys[0]: "k", f"SORA_MCP_{vendor.name.upper()}_BASE_URL": address}

        def answer() -> None:
            asked = [listening.accept()[0] for _ in vendors]
            for connection in asked:
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            listening.close()  # who asks for a balance next is refused at once

        (thread := threading.Thread(target=answer, daemon=True)).start()
        found = list(check_all(load(said, today=date(2026, 11, 21))))
        thread.join(PATIENCE_S)
    assert sum(finding.text.endswith("accepts the key") for finding in found) == len(vendors) == 3
