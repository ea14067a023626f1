"""The same table for what comes after the paid call: questions, downloads, and where a file is said to be."""

from __future__ import annotations

import json
from typing import Any

from sora_mcp.domain.errors import LinkDead, NotSent, SoraError, UntrustedURL
from tests.faults.submit_rows import HTML, Row
from tests.played.muvi import FAILED as MUVI_FAILED

FAILED = json.dumps({"jobId": "job_0000000189ab4cde8f0123456789abcd", "status": "failed", "error": MUVI_FAILED})
"""Muvi's word that its first job failed: to be believed only when it comes as Muvi writes it."""
MANY_KEYS = "".join(map(', "{}": 0'.format, range(10**3))) * 10**3 + "}"
OLD, FAR = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"


def answer(id_: str, fault: str, times: int = 1, **args: Any) -> Row:
    """A fault of so many answers to a question, of which none ends the job."""
    return Row(id_, fault, args, "completed", "yes", on="status", times=times)


STATUS: tuple[Row, ...] = (
    *(answer(f"{id_} {status} once", "instead", status=status, text="?") for id_, status in (("Q13", 401), ("Q14", 404), ("Q17", 500))),
    answer("Q17 503 once", "instead", status=503, text="?"),
    answer("Q16 429 with a second", "instead", status=429, headers={"Retry-After": "1"}),
    answer("Q17 close", "close"),
    answer("Q17 reset", "reset"),
    answer("Q08 a login page", "instead", **HTML),
    answer("Q09 a word nobody documented", "mended", **{"with": {"status": "dreaming"}}),
    answer("Q12 another job's answer", "mended", **{"with": {"jobId": "job_other", "status": "failed"}}),
    answer("Q04 a bomb", "bomb"),
    answer("Q17 short body", "short_body"),
    answer("Q01 lone surrogate", "instead", text='{"jobId": "\\ud800", "status": "\\ud800"}'),
    answer("Q05 deep nesting", "instead", text="[" * 100_000),
    answer("Q06 5,000 digits", "instead", text='{"jobId": ' + "9" * 5_000 + "}"),
    answer("Q04 a million keys", "instead", text=FAILED[:-1] + MANY_KEYS),
    *(
        answer(f"Q07 a cost of {cost}", "instead", text=FAILED[:-1] + f', "costMicroCents": {cost}}}')
        for cost in ("NaN", "Infinity", "-Infinity")
    ),
    *(answer(f"Q07 a cost of {cost!r}", "mended", **{"with": {"costMicroCents": cost}}) for cost in (-1, "free", True, [], 10**30)),
    *(
        answer(f"Q08 {name}", "instead", hex=content.hex())
        for name, content in (
            ("UTF-16", FAILED.encode("utf-16")),
            ("latin-1", FAILED.replace("failed", "\xe9").encode("latin-1")),
            ("two states", FAILED.replace('"status"', '"status": "pending", "status"').encode()),
            ("trailing garbage", f"{FAILED} and more".encode()),
            ("two documents", (FAILED * 2).encode()),
            ("JSON in HTML", f"<html>{FAILED}</html>".encode()),
            ("a list", f"[{FAILED}]".encode()),
            ("a text", json.dumps(FAILED).encode()),
        )
    ),
    *(
        answer(f"Q09 {status!r} as status", "mended", 3, **{"with": {"status": status}})
        for status in ("FAILED", "失败", None, 7, ["failed"], {"failed": True}, "")
    ),
    answer("Q16 a storm of 429", "instead", 2, status=429),
    answer("Q17 500 again and again", "instead", 2, status=500),
    *(
        answer(f"Q21 a clock of {year}", "mended", 3, headers={"Date": date}, **{"with": times})
        for year, date, times in (
            (1970, OLD, {"createdAt": "1970-01-01T00:00:00Z", "expiresAt": "1970-01-01T00:00:01Z"}),
            (9999, FAR, {"createdAt": "9999-12-31T23:59:59Z", "expiresAt": 10**18}),
        )
    ),
    answer("Q08 another charset is named", "mended", headers={"Content-Type": "text/html; charset=utf-16"}),
    answer("Q19 redirect", "hop", to="TRIPWIRE/x"),
)


def once(id_: str, fault: str, **args: Any) -> Row:
    """A fault of one download: the next one brings the file."""
    return Row(f"{id_}, once", fault, args, "completed", "yes", on="media")


def always(id_: str, fault: str, state: str = "failed", **args: Any) -> Row:
    """A fault of every download: it ends, and the money stays spent."""
    return Row(f"{id_}, always", fault, args, state, "yes", on="media", times=-1, code="result_invalid")


def kept(id_: str, fault: str, **args: Any) -> Row:
    """Bytes of an unknown kind that every download brings: they are kept, and the job's note says what they are."""
    return Row(f"{id_}, always", fault, args, "completed", "yes", on="media", times=-1)


JSON_FILE = {"status": 200, "json": {"message": "not a video"}}
FTYP = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom".hex()
DOWNLOAD: tuple[Row, ...] = (
    once("D04 redirect to another path", "hop", to="/files/other.mp4"),
    always("D04 redirect to a tripwire", "hop", to="TRIPWIRE/x.mp4"),
    always("D04 redirect to half a bracket", "hop", to="http://[::1/x.mp4"),
    once("D07 a bomb", "bomb"),
    kept("D07 a bomb", "bomb", mib=8),
    kept("D07 brotli", "bomb", encoding="br", mib=1),
    kept("D07 zstd", "bomb", encoding="zstd", mib=1),
    always("D08 a terabyte is promised", "endless", length=10**12),
    once("D08 promises less than it sends", "long_body"),
    once("D08 promises more than it sends", "short_body"),
    once("D09 slow", "drip", body=True, every_s=0.0),
    once("D10 a page", "instead", **HTML),
    always("D10 a page", "instead", **HTML),
    once("D10 JSON", "instead", **JSON_FILE),
    always("D10 JSON", "instead", **JSON_FILE),
    once("D11 nothing", "instead", text=""),
    always("D11 nothing", "instead", text=""),
    always("D11 a header and a script", "instead", hex=FTYP + b"<script>alert(1)</script>".hex()),
    always("D11 cut off", "instead", hex=FTYP + b"\x00\x00\x10\x00moov\x00\x00".hex()),
    *(once(f"D12 {status}", "instead", status=status) for status in (403, 410)),
    *(always(f"D12 {status}", "instead", "expired", status=status) for status in (403, 410)),
    *(once(f"D13 {status}", "instead", status=status) for status in (204, 416, 503)),
    once("D13 close", "close"),
    once("D13 reset in the middle", "reset"),
    once("D13 garbage", "old_http"),
    once(
        "D14 a file name",
        "mended_headers",
        headers={"Content-Disposition": 'attachment; filename="../../.bashrc\\0CON"', "Content-Type": "text/x-shellscript"},
    ),
)
# What a file's host may answer, and what a download makes of it; what a job makes of that, the rows above say.
HOST: tuple[tuple[str, dict[str, Any], type[SoraError]], ...] = (
    *((f"D12 {status}", {"status": status}, LinkDead) for status in (400, 401, 403, 404, 405, 410, 422, 451)),
    ("D13 416", {"status": 416}, LinkDead),
    *((f"D13 {status}", {"status": status}, NotSent) for status in (204, 206, 408, 425, 429, 500, 503)),
    ("D13 304", {"status": 304}, UntrustedURL),
    *(
        (f"D04 redirect to {to[:20]}", {"status": 302, "headers": {"Location": to}}, UntrustedURL)
        for to in (
            *("TRIPWIRE/x.mp4", "http://198.51.100.7/x.mp4", "file:///etc/passwd", "data:video/mp4;base64,AAAA"),
            *("https://127.0.0.1:99999/x.mp4", "http://[::1/x.mp4", "/v.mp4"),
        )
    ),
    ("D04 redirect without an address", {"status": 302}, UntrustedURL),
)

# What the vendor may say where the file is: nobody may be asked there.
LINKS: tuple[tuple[str, str], ...] = (
    ("D01 plain http", "http://198.51.100.7/v.mp4"),
    ("D01 plain http by name", "http://cdn.muvi.video/v.mp4"),
    *(
        (f"D02 {host}", f"https://{host}/v.mp4")
        for host in (
            *("127.0.0.1", "127.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "0"),
            *("2130706433", "0x7f.1", "0177.0.0.1", "0x7f000001", "①②⑦.⓪.⓪.①", "127。0。0。1", "168.63.129.16", "192.0.0.9", "224.0.0.1"),
            *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[::127.0.0.1]"),
            *("[fd00:ec2::254]", "[fe80::1]", "[fe80::1%25eth0]", "[fec0::1]", "localhost", "localhost.", "ｌocalhost"),
        )
    ),
    ("D02 another port", "https://127.0.0.1:PORT/v.mp4"),
    ("D02 another port, plain", "http://127.0.0.1:PORT/v.mp4"),
    ("D02 another port of localhost", "http://localhost:PORT/v.mp4"),
    ("D05 a user", "https://cdn.muvi.video@127.0.0.1:PORT/v.mp4"),
    ("D05 a user of the trusted host", "http://TRUSTED@127.0.0.1:PORT/v.mp4"),
    ("D05 a backslash", "http://TRUSTED\\@127.0.0.1:PORT/v.mp4"),
    ("D05 a hash", "http://127.0.0.1:PORT#@TRUSTED/v.mp4"),
    ("D05 a tab", "http://127.0.0\t.1:PORT/v.mp4"),
    ("D05 a line end", "http://TRUSTED/v.mp4\r\nHost: x"),
    ("D05 9,000 characters", "http://TRUSTED/" + "v" * 9000),
    ("D05 a bad port", "https://127.0.0.1:99999/v.mp4"),
    ("D05 half a bracket", "https://[::1/v.mp4"),
)
INLINE = {"D06 a data: URI that holds no video": "data:video/mp4;base64,bm8gdmlkZW8="}
# Nor is this an answer: the job stays with the vendor, and is asked for again.
NO_LINKS: tuple[tuple[str, str], ...] = (
    ("D05 one slash", "https:/127.0.0.1:PORT/v.mp4"),
    *((f"D06 {link.partition(':')[0]}", link) for link in ("file:///etc/passwd", "ftp://127.0.0.1/v.mp4", "gopher://127.0.0.1/v.mp4")),
    ("D06 javascript", "javascript:alert(1)"),
)
