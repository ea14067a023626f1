"""What list_sizes says of `all`: the families of models, a line each."""

from __future__ import annotations

import json
from typing import Any

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.rules import quote
from sora_mcp.domain import Pause
from sora_mcp.server import families_view, models_view, offers_view
from sora_mcp.vendors import EVERY
from tests.each import each

from .counter import TODAY

EVERY_VENDOR = [vendor.name for vendor in EVERY]
KEYS = {"none": [], "one": ["muvi"], "makers": ["minimax", "kling"], "all": EVERY_VENDOR}


def list_families(*keyed: str) -> dict[str, Any]:
    return dict(families_view.list_families(Catalogue(keyed=frozenset(keyed)), today=TODAY))


@each("keyed", list(KEYS.values()), ids=list(KEYS))
def test_all_models_are_told_in_few_words(keyed: list[str]) -> None:
    assert len(json.dumps(list_families(*keyed), ensure_ascii=False).encode()) <= 1_500 * 3.6


@each("keyed", list(KEYS.values()), ids=list(KEYS))
def test_each_living_model_is_in_the_list_of_a_family_that_is_named(keyed: list[str]) -> None:
    catalogue = Catalogue(keyed=frozenset(keyed))
    names = [row["family"] for row in list_families(*keyed)["offers"]]
    listed = [offer.id for name in names for offer in catalogue.find_all_named(name) if catalogue.is_living(offer)]
    assert sorted(listed) == sorted(offer.id for offer in catalogue.offers if catalogue.is_living(offer))


def test_a_family_has_its_least_price_with_a_key_and_with_another() -> None:
    lines = list_families("muvi")["message"].splitlines()
    (veo,) = [line for line in lines if line.startswith("veo: ")]
    assert veo.startswith(
        "veo: 4 models, from $0.80 on muvi:veo-3.1 (4 s, without sound, 720p), with another key from $0.12 on fal:veo-3.1-lite"
    )
    assert "; at muvi; no key: " in veo
    assert lines[0].startswith("Families of models, cheapest first, those without a key here last")
    assert lines[-1].startswith('Next: list_sizes(model="')


def test_a_family_that_has_no_price_at_the_vendor_with_a_key_says_so() -> None:
    lines = list_families("aimlapi")["message"].splitlines()
    (h3,) = [line for line in lines if line.startswith("minimax-h3: ")]
    assert h3.startswith("minimax-h3: with another key from $0.25 on fal:minimax-h3 (5 s, 480p); at aimlapi (no price); no key: ")


def test_without_a_key_no_family_is_marked_as_one_without() -> None:
    first, *lines = list_families()["message"].splitlines()
    assert first == "None of these but the sample can be bought yet: no key is here, and one is enough."
    assert not any("no key" in line for line in lines)


def test_a_paused_model_is_not_the_cheapest_that_can_be_bought() -> None:
    keyed = frozenset({"muvi"})
    cheapest = "muvi:hailuo-2.3-standard"
    paused = Catalogue(keyed=keyed, pauses=(Pause(cheapest, 0.0, "It cost more.", "v_1"),))
    assert f"on {cheapest}" in list_families("muvi")["message"]
    assert f"from $0.21 on {cheapest}" not in families_view.list_families(paused, today=TODAY)["message"]
    assert offers_view.describe_model(cheapest, paused, today=TODAY)["message"].startswith(
        f"{cheapest} (paused, as it charged more than quoted)\n"
    )
    assert (
        f"{cheapest}: 6 or 10 s, 768p, from $0.21, paused"
        in models_view.list_models(paused.find_family("hailuo"), paused, today=TODAY)["message"]
    )


def test_the_least_price_of_a_model_is_that_of_a_clip() -> None:
    for offer in Catalogue().offers:
        if offer.video is None and (found := offers_view.find_least(offer, today=TODAY)) is not None:
            assert (quote(found[0], today=TODAY).micros, found[0].offer) == (found[1], offer), offer.id
