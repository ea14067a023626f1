"""Our own pages as HTML: every text is escaped, nothing is loaded from elsewhere, and nothing needs a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from secrets import token_urlsafe
from typing import TypeVar
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sora_mcp.server.approval_question import Question

R = TypeVar("R", bound=Response)
MOST_BODY = 4000
MOST_PICTURE = 16_000_000
"""Characters of a picture that the page shows."""
TEMPLATE = Path(__file__).with_name("approval.html")


def render_question(question: Question, word: str) -> str:
    """Return the question as HTML. Every text is escaped; nothing is loaded, and nothing needs a script."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{_render_fact(name, value)}</dd>" for name, value in _list_facts(question))
    return f"""<h1>{escape(question.title)}</h1>
<dl>{rows}</dl>
<h2 id="prompt">Prompt</h2>
<p class="words" dir="auto" role="region" tabindex="0" aria-labelledby="prompt">{escape(question.whole_prompt)}</p>
{"".join(_render_pictures(question))}<form method="post">
<input type="hidden" name="word" value="{escape(word)}">
<button class="yes" name="answer" value="yes">{escape(question.label)}</button>
<button name="answer" value="no">No, do not buy it</button>
</form>
<p class="dim">{escape(question.terms)}</p>"""


def _list_facts(question: Question) -> list[tuple[str, str]]:
    source = [("Source", question.source)] if question.source else []
    return [*question.facts, *source, ("Left today", question.left)]


def _render_fact(name: str, value: str) -> str:
    """Return a fact; of the price, what it comes to is larger than what it rests on; an address may break at its slashes."""
    if name == "Source":
        return re.sub(r"(?<=\w)/(?=\w)", "/<wbr>", escape(value))
    found = re.match(r"\S*\d", value) if name == "Price" else None
    return f"<strong>{escape(found[0])}</strong>{escape(value[found.end() :])}" if found else escape(value)


def _render_pictures(question: Question) -> Iterator[str]:
    """Yield the very pictures that are sent. One at an address is only named: to load it would tell its host."""
    for name, picture in question.pictures:
        if not picture.is_url and len(picture.uri) <= MOST_PICTURE:
            yield f'<h2>{escape(name)}</h2>\n<img src="{escape(picture.uri)}" alt="{escape(name)} that is sent">\n'


def build_page(title: str, sentence: str = "", *, body: str = "", status: int = 200) -> Response:
    """Return a whole page: a heading with a sentence, or `body`."""
    nonce = token_urlsafe(16)
    body = body or f'<h1>{escape(title)}</h1>\n<p role="status">{escape(sentence)}</p>'
    text = TEMPLATE.read_text("utf-8").replace("{{title}}", escape(title)).replace("{{nonce}}", nonce).replace("{{body}}", body)
    return HTMLResponse(text, status, headers=_headers(f"style-src 'nonce-{nonce}'; img-src data:; form-action 'self'; "))


def refuse_plainly(status: int, why: str) -> Response:
    """Return a line of text, for whoever is not at one of our pages."""
    return Response(why, status, headers=_headers(""), media_type="text/plain")


def _headers(allowed: str) -> dict[str, str]:
    """Return headers that keep the page to itself. With `no-referrer` a browser would send the form with `Origin: null`."""
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": f"default-src 'none'; {allowed}base-uri 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def keep_private(response: R) -> R:
    """Return the response with headers that keep it out of every cache, and its address away from where it leads."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def is_from(request: Request, origin: str) -> bool:
    """Return whether a form was sent by a page of this very origin. Browsers say so, and no page can make them say another."""
    return request.headers.get("origin") == origin and request.headers.get("sec-fetch-site", "same-origin") == "same-origin"


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a short form, the last of each name."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BODY:
            return {}
    return {name: values[-1] for name, values in parse_qs(body.decode("latin-1")).items()}
