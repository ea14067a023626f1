"""Rows I and R of the catalogue over stdio: whatever a client says, the process lives and answers the next one."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import pytest

from sora_mcp.domain.errors import BrokenRules
from tests.faults.servers import talking
from tests.played import Cdn, Muvi, played
from tests.played.rig import environment, rig
from tests.played.stdio import Chat, chat

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="made of POSIX's files")]
LINES: tuple[tuple[str, bytes], ...] = (
    ("R01 not JSON", b"hello\n"),
    ("R01 empty", b"\n\r\n   \n"),
    ("R01 CRLF", b'{"jsonrpc": "2.0", "id": 910, "method": "ping"}\r\n'),
    ("R01 BOM", b'\xef\xbb\xbf{"jsonrpc": "2.0", "id": 900, "method": "ping"}\n'),
    ("R01 invalid UTF-8", b'{"jsonrpc": "2.0", "id": 901, "method": "\xff\xfe"}\n'),
    ("R01 NUL", b"\x00\x00\x00\n"),
    ("R01 nesting", b"[" * 100_000 + b"\n"),
    (
        "R01 nested arguments",
        b'{"jsonrpc":"2.0","id":902,"method":"tools/call","params":{"name":"list_sizes","arguments":{"model":' + b"[" * 5000 + b"\n",
    ),
    ("R01 a surrogate", b'{"jsonrpc": "2.0", "id": 903, "method": "tools/call", "params": {"name": "\\ud800"}}\n'),
    ("R02 a batch", b'[{"jsonrpc": "2.0", "id": 904, "method": "ping"}]\n'),
    ("R02 a float as id", b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}\n'),
    ("R02 null as id", b'{"jsonrpc": "2.0", "id": null, "method": "ping"}\n'),
    ("R02 an id of 5,000 digits", b'{"jsonrpc": "2.0", "id": ' + b"9" * 5000 + b', "method": "ping"}\n'),
    ("R02 an unknown method", b'{"jsonrpc": "2.0", "id": 905, "method": "buy/everything"}\n'),
    ("R02 another jsonrpc", b'{"jsonrpc": "1.0", "id": 906, "method": "ping"}\n'),
    ("R02 a list of params", b'{"jsonrpc": "2.0", "id": 907, "method": "tools/call", "params": ["create_video"]}\n'),
    ("R02 no name", b'{"jsonrpc": "2.0", "id": 908, "method": "tools/call", "params": {"arguments": {"prompt": "a boat"}}}\n'),
    ("R02 an unknown notification", b'{"jsonrpc": "2.0", "method": "notifications/nothing"}\n'),
    ("R02 an answer that nobody waits for", b'{"jsonrpc": "2.0", "id": 909, "result": {}}\n'),
    ("R02 calling off what was never asked", b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}\n'),
)


@pytest.mark.fault("R01", "R02")
async def test_no_line_ends_the_process_or_is_answered_twice(tmp_path: Path) -> None:
    async with chat(environment(tmp_path, {}, ())) as spoken:
        dead = list[str]()
        for name, line in LINES:
            await spoken.write(line)
            if (await spoken.ask("ping")).get("result") != {}:
                dead.append(name)
        ids = [said["id"] for said in map(json.loads, spoken.said.splitlines()) if said.get("id") is not None]
        assert (dead, len(ids) - len(set(map(str, ids))), 910 in ids) == ([], 0, True)
        assert await spoken.leave() == 0


BEGINS = '{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":"create_video","arguments":{"prompt":'
UNREADABLE: tuple[tuple[str, str, int | str | None, str], ...] = (
    ("half a character at the end", BEGINS % 920 + r'"a boat \ud83d"}}}', 920, "half of a character"),
    ("half a character before a letter", BEGINS % 921 + r'"a \ud83d boat"}}}', 921, "half of a character"),
    ("the other half", BEGINS % 922 + r'"a \udea2 boat"}}}', 922, "half of a character"),
    ("300 levels", BEGINS % 923 + "[" * 300 + "]" * 300 + "}}}", 923, "levels"),
    ("5,000 digits", BEGINS % 924 + "9" * 5000 + "}}}", 924, "digits"),
    ("broken off", BEGINS % 925 + '"a boat', 925, "JSON"),
    ("a text as id", BEGINS % '"nine"' + r'"\ud83d"}}}', "nine", "half of a character"),
    ("the id last", r'{"method":"ping","params":{"x":"\ud83d","id":7},"id":926,"jsonrpc":"2.0"}', 926, "half of a character"),
    ("broken off behind an id inside", '{"method":"ping","params":{"x":1,"id":7}', None, ""),
    ("an id that is half a character", BEGINS % r'"\ud83d"' + '"a boat"}}}', None, ""),
    ("an id that is no number", BEGINS % "007" + '"a boat"}}}', None, ""),
    ("an id of 5,000 digits", BEGINS % ("9" * 5000) + '"a boat"}}}', None, ""),
    ("an answer", r'{"jsonrpc":"2.0","id":927,"result":{"x":"\ud83d"}}', None, ""),
    ("news", r'{"jsonrpc":"2.0","method":"notifications/x","params":{"x":"\ud83d"}}', None, ""),
)


async def refused(spoken: Chat, line: str, why: str) -> list[object]:
    """The id and code of each refusal of a line, and whether it says why; what else is asked is answered all the same."""
    before = len(spoken.said)
    await spoken.write(line.encode() + b"\n")
    assert (await spoken.ask("ping"))["result"] == {}
    *refusals, _ = map(json.loads, spoken.said[before:].splitlines())
    return [(said["id"], said["error"]["code"], why in said["error"]["message"]) for said in refusals]


async def test_what_cannot_be_read_is_refused_by_its_id_and_says_why(tmp_path: Path) -> None:
    async with chat(environment(tmp_path, {}, ())) as spoken:
        for name, line, id_, why in UNREADABLE:
            assert await refused(spoken, line, why) == ([] if id_ is None else [(id_, -32700, True)]), name
        assert await spoken.leave() == 0


MISSHAPEN: tuple[tuple[str, str, list[object], str], ...] = (
    ("a batch", '[{"jsonrpc":"2.0","id":930,"method":"ping"},{"jsonrpc":"2.0","id":"b","method":"tools/list"}]', [930, "b"], "own"),
    ("a batch with news", '[{"jsonrpc":"2.0","method":"notifications/x"},{"jsonrpc":"2.0","id":931,"method":"ping"}]', [931], "own"),
    ("a batch of answers", '[{"jsonrpc":"2.0","id":932,"result":{}}]', [], ""),
    ("an empty batch", "[]", [], ""),
    ("another revision of JSON-RPC", '{"jsonrpc":"1.0","id":933,"method":"ping"}', [933], "2.0"),
    ("no revision", '{"id":934,"method":"ping"}', [934], "2.0"),
    ("a list of params", '{"jsonrpc":"2.0","id":935,"method":"tools/call","params":["list_sizes"]}', [935], "params an object"),
    ("a method that is a number", '{"jsonrpc":"2.0","id":936,"method":7}', [936], "method a text"),
    ("an answer of another shape", '{"jsonrpc":"2.0","id":937,"error":"no"}', [], ""),
    ("a number", "7", [], ""),
)


async def test_a_request_in_another_shape_is_refused_so_that_nobody_waits_for_it(tmp_path: Path) -> None:
    async with chat(environment(tmp_path, {}, ())) as spoken:
        for name, line, ids, why in MISSHAPEN:
            assert await refused(spoken, line, why) == [(id_, -32600, True) for id_ in ids], name
        assert await spoken.leave() == 0


@pytest.mark.fault("S44", "R02")
async def test_the_same_id_twice_in_flight_buys_one_video(tmp_path: Path) -> None:
    wish = {"name": "create_video", "arguments": {"prompt": "a boat", "model": "muvi:sora-2", "seconds": 4}}
    line = json.dumps({"jsonrpc": "2.0", "id": 77, "method": "tools/call", "params": wish}).encode() + b"\n"
    async with talking(Muvi(walk=("completed",)), tmp_path) as (wire, spoken):
        await spoken.write(line * 2)
        assert (await spoken.ask("ping"))["result"] == {}
        while len(known := (await spoken.call("list_videos"))["videos"]) == 0:
            pass
        (job,) = known
        assert (await spoken.ended(job["job_id"]), len(wire.made)) == ("completed", 1)


def places(folder: Path) -> dict[str, str]:
    """Names of what is no picture that may be read, in and around the folder that may be read from."""
    allowed, outside = folder / "pictures", folder / "pictures-evil"
    allowed.mkdir()
    outside.mkdir()
    (outside / "secret.png").write_text("secret", "utf-8")
    (allowed / "link.png").symlink_to(outside / "secret.png")
    (allowed / "text.png").write_text("no picture", "utf-8")
    (allowed / "empty.png").touch()
    (allowed / "vector.png").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", "utf-8")
    os.link(outside / "secret.png", allowed / "hard.png")
    os.mkfifo(allowed / "pipe.png")
    with socket.socket(socket.AF_UNIX) as place:
        os.chdir(allowed)
        place.bind("socket.png")
    kinds = ("link", "hard", "text", "empty", "vector", "pipe", "socket", "missing")
    inside = (*(f"{kind}.png" for kind in kinds), "../pictures-evil/secret.png", ".")
    files = ("/etc/passwd", "~/.ssh/id_rsa", "//etc/passwd", "/proc/self/environ", "/dev/zero", "file:///etc/passwd")
    strange = (*files, "C:\\x.png", "\\\\host\\x.png", "\\\\.\\pipe\\x", "CON", "aux.png", "x" * 4097, "a\0b")
    base64 = ("image/png;base64,!!!!", "image/png,x", "image/png;base64," + "A" * 100, "text/html;base64,AAAA", "")
    data = (*(f"data:{rest}" for rest in base64), "javascript:alert(1)")
    hosts = ("127.0.0.1/x.png", "169.254.169.254/", "[::1]/x.png", "user@example.com/x.png", "localhost/x.png", "a\\b/x.png")
    urls = ("http://example.com/x.png", *(f"https://{host}" for host in hosts))
    return {name: str(allowed / name) for name in inside} | {name: name for name in (*strange, *data, *urls, "v_0123456789#last")}


@pytest.mark.fault("I01", "I06")
async def test_no_image_that_may_not_be_read_is_read_and_nothing_is_bought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    named = places(tmp_path)
    monkeypatch.chdir(tmp_path)
    async with (
        played(Muvi()) as wire,
        chat(environment(tmp_path, {"muvi": wire.address}, (wire.host,), IMAGE_DIRS=str(tmp_path / "pictures"))) as spoken,
    ):
        got = {
            name: (await spoken.call("create_video", prompt="a boat", model="sample:sample", image=image)).get("error", {}).get("code")
            for name, image in named.items()
        }
        assert {name: code for name, code in got.items() if code not in ("invalid_image", "not_found", "not_finished")} == {}
        assert (wire.accepted, (await spoken.call("list_videos"))["videos"]) == (0, [])


@pytest.mark.fault("C07", "C08", "C09", "C10", "C23", "I09", "I11")
async def test_no_argument_that_cannot_be_buys_anything(tmp_path: Path) -> None:
    wish = {"prompt": "a boat", "model": "muvi:sora-2", "seconds": 4}
    strange = (
        *({"prompt": prompt} for prompt in ("", "   ", "x" * 1_000_000, "nul\0", None, 7, ["a", "b"])),
        *({"seconds": seconds} for seconds in (0, -4, 5, 3600, 4.5, 1e-9, "4 s", True, [4, 8], 10**30, 1e400, float("nan"), float("-inf"))),
        *({"max_usd": most} for most in ("0.01", float("nan"), float("inf"), -1, "1e400", [], ["1", "2"])),
        *({"model": model} for model in ("muvi:sora-3", "muvi:sоra-2", "muvi:sora-2\r\nX: y", "x" * 10_000)),
        *({"size": size} for size in ("1x1", "1280x720\0", "-1x-1", "9" * 5000 + "x1", {})),
        *({name: 60} for name in ("durations", "durration", "n", "fps", "confirm", "per_video_usd", "webhook_url")),
        *({"options": options} for options in ({"n": 1000}, {"webhook": "https://evil.example"}, [1], {"audio": "yes"})),
        *({"quote": quote} for quote in (7, [])),
        *({"request_id": id_} for id_ in ("x" * 10_000, "\0", 7)),
    )
    async with talking(Muvi(), tmp_path) as (wire, spoken):
        took = list[object]()
        for change in strange:
            answer = await spoken.ask("tools/call", name="create_video", arguments={**wish, **change})
            said = answer.get("result", {})
            if "error" not in answer and not (said.get("isError") and said["structuredContent"]["error"]["charged"] == "no"):
                took.append(str(change)[:100])
        assert (took, wire.accepted, (await spoken.call("list_videos"))["videos"]) == ([], 0, [])


@pytest.mark.fault("I06")
async def test_i06_an_address_of_a_picture_is_never_asked_here(tmp_path: Path) -> None:
    public = "https://pictures.example.com/boat.png?token=1"
    async with played(Cdn()) as tripwire, rig(Muvi(), tmp_path) as at:
        for image in (
            f"https://{tripwire.host}/x.png",
            f"{tripwire.address}/x.png",
            f"https://localhost:{tripwire.port}/",
            "https://[::1]/",
        ):
            with pytest.raises(BrokenRules):
                await at.create(seconds=4, image=image)
        job = await at.until((await at.bought(seconds=4, image=public)).id, "completed")
        assert (job.state, [made.body["input"]["image_url"] for made in at.wire.made], tripwire.accepted) == ("completed", [public], 0)


@pytest.mark.fault("I11", "I12")
async def test_i12_a_job_that_is_guessed_is_not_there_and_always_in_the_same_words(tmp_path: Path) -> None:
    async with talking(Muvi(walk=("completed",)), tmp_path) as (_, spoken):
        real = (await spoken.call("create_video", prompt="a boat", model="muvi:sora-2", seconds=4))["job_id"]
        near = real[:-1] + ("0" if real[-1] != "0" else "1")
        for tool in ("get_video_status", "cancel_video"):
            told = {
                name: await spoken.call(tool, job_id=name) for name in (near, "v_0000000000", "job_1", "../x", "' OR 1=1 --", "v_\r\nX: y")
            }
            assert {said["error"]["code"] for said in told.values()} == {"not_found"}
            assert len({said["message"].replace(repr(name), "ID") for name, said in told.items()}) == 1


LONG = "0" * 1_000_000
LONG_CALLS: tuple[tuple[str, dict[str, object]], ...] = (
    *((tool, {"job_id": LONG}) for tool in ("get_video_status", "cancel_video", "view_video")),
    *((tool, {"model": LONG}) for tool in ("estimate_cost", "list_sizes")),
    *(("list_videos", {name: LONG}) for name in ("state", "cursor", "query")),
    *(("edit_video", change) for change in ({"inputs": [LONG], "action": "trim"}, {"inputs": ["x"], "action": LONG})),
    *(
        ("create_video", {"prompt": "a boat", name: LONG})
        for name in ("model", "size", "seconds", "image", "quote", "request_id", "max_usd")
    ),
    *(("create_video", {"prompt": "a boat", "options": options}) for options in ({LONG: 1}, {"audio": LONG}, {"audio": {LONG: [LONG]}})),
    ("create_video", {"prompt": LONG}),
    ("create_video", {"prompt": "a boat", LONG: LONG}),
    (LONG, {}),
)


@pytest.mark.fault("I09", "I12")
async def test_no_answer_repeats_a_million_characters(tmp_path: Path) -> None:
    async with chat(environment(tmp_path, {}, ())) as spoken:
        sizes = [len(json.dumps(await spoken.ask("tools/call", name=tool, arguments=given))) for tool, given in LONG_CALLS]
        assert max(sizes) < 4_000, sizes
