"""What this server sends and reads, against the libraries of those who sell.

It sends no field, word or number that a library's types do not have, and reads every state and failure that they have.
A vendor's oracle is a program in `programs` with the vendor's name (`runway_oracle.py`), whose first lines say which packages it needs.
Its `find_errors` says what is wrong with a call; its `list_replies` makes every reply that the library knows. `-rP` shows the figures.
"""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from sora_mcp.catalogue.rules import check, quote
from sora_mcp.domain import Failed, Order, OwnModel, Reply, Vendor
from sora_mcp.vendors.reading import read
from sora_mcp.vendors.refusals import read_refusal
from tests.clients.environments import CACHE, NotToBeHad, make_node, make_python
from tests.legal import list_requests
from tests.oracles.programs.prices import PREFIXES
from tests.stories import facts, listed

pytestmark = [pytest.mark.oracles, pytest.mark.timeout(900)]
PROGRAMS = Path(__file__).parent / "programs"
ORACLES = {path.stem.removesuffix("_oracle"): path.read_text("utf-8") for path in sorted(PROGRAMS.glob("*_oracle.py"))}
WRITERS = [name for name, text in ORACLES.items() if "def find_errors" in text]
READERS = [name for name, text in ORACLES.items() if "def list_replies" in text]
OWN = OwnModel(image=True)
"""What the price file says of a model of a vendor that sells only such."""
TODAY = date(2026, 11, 30)
PATIENCE_S = 600
FAR = 0.01
"""How much two prices may differ."""
UNCLEAR = (408, 409, 499)
"""Refusals that leave open whether the order was taken; so does every 5xx."""


@pytest.mark.parametrize("name", WRITERS)
def test_every_legal_order_is_one_that_the_vendors_library_can_write(name: str) -> None:
    orders, calls = [], []
    for vendor, order in _list_orders(name):
        call = vendor.submit(order)
        orders.append(order)
        calls.append({"path": call.path, "body": call.body})
    assert calls, f"{name} sells nothing"
    answers = _ask(f"{name}_oracle", "orders", calls)
    checked = [(order.offer.id, found) for order, found in zip(orders, answers, strict=True) if found is not None]
    errors = Counter(f"{offer}: {error}" for offer, found in checked for error in found)
    print(f"{name}: {len(checked)} of {len(calls)} orders, {len({offer for offer, _ in checked})} offers, {errors.total()} errors")
    assert not errors, "\n".join(f"{count} x {error}" for error, count in errors.most_common(40))


@pytest.mark.parametrize("name", WRITERS)
def test_an_oracle_tells_a_field_that_its_vendor_does_not_know(name: str) -> None:
    firsts = [vendor.submit(order) for vendor, order in _list_orders(name, most=1)]
    calls = [{"path": call.path, "body": {**(call.body or {}), **more}} for call in firsts for more in ({}, {"sparkle": 1})]
    answers = _ask(f"{name}_oracle", "orders", calls)
    known = [(right, wrong) for right, wrong in zip(answers[::2], answers[1::2], strict=True) if right is not None]
    assert known and all((right, len(wrong)) == ([], 1) and "sparkle" in wrong[0] for right, wrong in known)


@pytest.mark.parametrize("name", READERS)
def test_every_reply_that_the_vendors_library_knows_is_read(name: str) -> None:
    vendor, order = next(_list_orders(name))
    call, job = vendor.submit(order), facts(name)["readings"]["pending"]["id"]
    assert vendor.ask is not None, name
    asked, meanings, unknown = vendor.ask(job, call), Counter[str](), []
    for told in _ask(f"{name}_oracle", "replies", job):
        is_error = told["status"] >= 400
        reply = Reply(call if is_error else asked, told["status"], told["body"])
        meaning = read_refusal(vendor, reply) if is_error else read(vendor, reply)
        meanings[meaning.code if isinstance(meaning, Failed) else type(meaning).__name__] += 1
        if meaning is None and not (is_error and (told["status"] in UNCLEAR or told["status"] >= 500)):
            unknown.append(f"{told['status']} {told['body']}")
    print(f"{name}: {meanings.total()} replies, {len(unknown)} unknown: {dict(meanings)}")
    assert meanings and not unknown, "\n".join(unknown[:40])


def test_litellm_would_send_the_same_order() -> None:
    """Compare orders in 16:9 and by nothing but words, a length, a size and a first frame: LiteLLM has no fields for more."""
    orders = {(order.offer.id, order.size.text, order.seconds, order.image): (vendor, order) for vendor, order in _list_plain_orders()}
    told = _ask("second_opinion", "orders", [_describe(vendor, order) for vendor, order in orders.values()])
    differences, compared = Counter[str](), Counter[str]()
    for (vendor, order), theirs in zip(orders.values(), told, strict=True):
        if theirs is None:
            continue
        compared[vendor.name] += 1
        call = vendor.submit(order)
        ours, body = {"path": call.path, **(call.body or {})}, {"path": theirs["path"], **theirs["body"]}
        differences.update(
            f"{order.offer.id}: {name}: {ours.get(name)!r}, LiteLLM {value!r}" for name, value in body.items() if ours.get(name) != value
        )
    print(f"second opinion: {dict(compared)} orders, {differences.total()} differences")
    assert compared and not differences, "\n".join(f"{count} x {one}" for one, count in differences.most_common(40))


def test_prices_are_those_of_a_public_map() -> None:
    """Print what differs: which of the two is right, only the vendor's page can tell."""
    rows = {_name_row(vendor, order): order for vendor, order in _list_orders(*PREFIXES) if not order.pictures or not order.offer.text}
    told = _ask(
        "prices",
        "orders",
        [{"vendor": vendor, "slug": order.slug, "resolution": order.size.resolution} for (vendor, _), order in rows.items()],
    )
    known = [(name, order, *said) for ((_, name), order), said in zip(rows.items(), told, strict=True) if said[0] is not None]
    far = []
    for name, order, price, page in known:
        ours = (quote(order, today=TODAY).micros or 0) / 1_000_000 / order.seconds
        if abs(ours - price) > FAR * price:
            far.append(f"{name}, {order.seconds} s: ${ours:.4g}/s by {order.offer.source}, ${price:.4g}/s in the map by {page}")
    print(
        f"{len(known)} prices of {len({order.offer.id for _, order, *_ in known})} offers, {len(far)} differ by more than {FAR:.0%}",
        *far,
        sep="\n",
    )
    assert known


def _list_orders(*names: str, most: int | None = None) -> Iterator[tuple[Vendor, Order]]:
    """Yield the legal orders of vendors, at most so many of each offer."""
    for vendor in listed():
        own = (replace(vendor.own("sora-2", OWN), vendor=vendor.name),) if vendor.own is not None and not vendor.offers else ()
        for offer in (*vendor.offers, *own) if vendor.name in names else ():
            if offer.ended is None:
                yield from ((vendor, check(request, offer, today=TODAY)) for request in islice(list_requests(offer), most))


def _list_plain_orders() -> Iterator[tuple[Vendor, Order]]:
    for vendor, order in _list_orders("runway", "minimax", "byteplus", "fal"):
        if order.size.ratio == "16:9" and order.clip is None and not {"last_image", "references"} & set(order.options):
            yield vendor, order


def _describe(vendor: Vendor, order: Order) -> dict[str, Any]:
    pixels, image = order.size.text if order.size.pixels else None, order.image.uri if order.image else None
    facts = {"pixels": pixels, "resolution": order.size.resolution, "seconds": order.seconds, "image": image}
    return {"vendor": vendor.name, "slug": order.slug, "prompt": order.prompt, **facts}


def _name_row(vendor: Vendor, order: Order) -> tuple[str, str]:
    """Return the vendor, and what a price may depend on besides the length. The longest order of a row stands for it."""
    sound = {True: " with sound", False: " silent"}.get(order.options.get("audio"), "")
    return vendor.name, f"{order.offer.id} {order.size.resolution}{sound}"


def _ask(name: str, about: str, given: Any) -> list[Any]:
    """Return what a program answers about orders or replies, in an environment of its own. Skip where that cannot be had."""
    file = PROGRAMS / f"{name}.py"
    python, node = _read_packages(file)
    folder = CACHE.parent / "oracles" / name
    try:
        made = make_python(name, python, folder)
        cwd = make_node(name, node, folder.with_name(f"{name}_node")).folder if node else None
    except NotToBeHad as error:
        pytest.skip(str(error))
    command = [made.program, file, about]
    done = subprocess.run(command, cwd=cwd, input=json.dumps(given), capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def _read_packages(file: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the first lines of a program name, as PEP 723 says, from PyPI and from npm."""
    block = re.search(r"(?ms)^# /// script$\n(.*?)^# ///$", file.read_text("utf-8"))
    assert block is not None, file
    told = tomllib.loads(re.sub(r"(?m)^# ?", "", block[1]))
    return tuple(told["dependencies"]), tuple(told.get("tool", {}).get("npm", {}).get("dependencies", ()))
