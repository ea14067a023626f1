"""A person with a browser: it keeps cookies, follows redirects from one host to another, and sends forms as browsers do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx2

from tests.waiting import PATIENCE_S

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


@dataclass
class Seen:
    """A page as it arrived."""

    address: str
    response: httpx2.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return unescape(self.response.text)

    @property
    def title(self) -> str:
        found = re.search(r"<h1>(.*?)</h1>", self.text)
        return found[1] if found else self.text

    def read_field(self, name: str) -> str:
        """Return the value of a hidden field; empty where there is none."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        return found[1] if found else ""


@dataclass
class Person:
    """`public` is the address that people use, `at` the socket behind it; every other address is asked as it is."""

    public: str
    at: str
    cookies: dict[str, str] = field(default_factory=dict[str, str])
    went: list[str] = field(default_factory=list[str])
    """Every address that was asked for."""

    @property
    def has_session(self) -> bool:
        return bool(self.cookies.get("__Host-sora") or self.cookies.get("sora"))

    async def open(self, address: str, **headers: str) -> Seen:
        """Go to an address, and wherever it leads."""
        return await self._follow("GET", urljoin(self.public, address), {"Accept": HTML, "Sec-Fetch-Site": "none"} | headers)

    async def send(self, address: str, fields: dict[str, str], **headers: str) -> Seen:
        """Send a form from a page of this very address."""
        own = {"Origin": self.public, "Sec-Fetch-Site": "same-origin", "Accept": HTML}
        return await self._follow("POST", urljoin(self.public, address), own | headers, fields)

    async def answer(self, page: Seen, said: str, **headers: str) -> Seen:
        """Press one of the two buttons of a question."""
        return await self.send(page.address, {"word": page.read_field("word"), "answer": said}, **headers)

    async def _follow(self, method: str, address: str, headers: dict[str, str], fields: dict[str, str] | None = None) -> Seen:
        async with httpx2.AsyncClient(timeout=PATIENCE_S, verify=False) as web:
            for _ in range(10):
                self.went.append(address)
                is_ours = address.startswith(self.public)
                place = self.at + address.removeprefix(self.public) if is_ours else address
                own = {"Host": urlsplit(self.public).netloc, "Cookie": self._join_cookies()} if is_ours else {}
                response = await web.request(method, place, headers=headers | own, data=fields)
                if is_ours:
                    self._keep_cookies(response)
                if not response.is_redirect:
                    return Seen(address, response)
                method, fields, address = "GET", None, urljoin(address, response.headers["location"])
        raise AssertionError(f"redirected on and on: {self.went}")

    def _join_cookies(self) -> str:
        return "; ".join(f"{name}={text}" for name, text in self.cookies.items())

    def _keep_cookies(self, response: httpx2.Response) -> None:
        """Keep what a browser would: a `__Host-` cookie is Secure, of this very host, and for every path."""
        for line in response.headers.get_list("set-cookie"):
            name, _, text = line.partition("=")
            text, *attributes = text.split("; ")
            if name.startswith("__Host-"):
                assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(attributes), line
                assert not any(attribute.startswith("Domain") for attribute in attributes), line
            self.cookies[name] = text
