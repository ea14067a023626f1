"""Which offer a name or a wish means, and who has a key."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from sora_mcp.catalogue.advice import Limits, advise
from sora_mcp.catalogue.catalogue import SAMPLE, Catalogue, apply_prices, count_broken_rules, rank_orders, set_addresses
from sora_mcp.catalogue.name_parsing import read_words
from sora_mcp.catalogue.planner import can_animate, find, plan
from sora_mcp.domain import Image, Offer, Pause, Rate, VideoRequest
from sora_mcp.domain.errors import BrokenRules, MissingKey, ModelRetired, PriceUnknown, Refused, UnknownModel
from sora_mcp.domain.money import usd
from sora_mcp.vendors import EVERY
from tests.each import each

TODAY = date(2026, 11, 21)
FOX = VideoRequest("a fox")
NO_KEY = Catalogue()
ALL_KEYS = Catalogue(keyed=frozenset(vendor.name for vendor in EVERY if vendor.keys))
SELLERS = [vendor for vendor in EVERY if any(offer.model == "veo-3.1-fast" for offer in vendor.offers)]
OTHERS = [f"{vendor.name}:veo-3.1-fast" for vendor in SELLERS if vendor.name != "muvi"]


def ids(choices: tuple[Offer, ...]) -> list[str]:
    return [offer.id for offer in choices]


def chosen(name: str | None, request: VideoRequest = FOX, *keyed: str) -> str:
    return find(replace(request, model=name), Catalogue(keyed=frozenset(keyed)), today=TODAY)[0].id


def test_the_seeds_offers_have_their_ids() -> None:
    sora = sorted(offer.id for offer in NO_KEY.offers if offer.model in ("sora-2-pro", "sora-2"))
    assert sora == [
        *(f"{name}:{model}" for name in ("aimlapi", "mulerun", "muvi") for model in ("sora-2", "sora-2-pro")),
        "pixazo:sora-2-pro",
    ]


@pytest.mark.fault("C10")
def test_a_full_id_is_one_offer_in_any_case() -> None:
    found = NO_KEY.get(" Muvi:Sora-2-Pro ")
    assert found is not None
    assert (found.id, found.vendor, found.model, NO_KEY.get_vendor(found).title) == ("muvi:sora-2-pro", "muvi", "sora-2-pro", "Muvi")


def test_a_bare_model_means_every_vendor_that_sells_it_and_no_full_id() -> None:
    assert NO_KEY.get("sora-2-pro") is None
    assert ids(NO_KEY.find_named("SORA-2-pro")) == ["muvi:sora-2-pro", "mulerun:sora-2-pro", "aimlapi:sora-2-pro", "pixazo:sora-2-pro"]


def test_a_name_of_no_model_is_answered_with_the_nearest_one_or_with_the_way_to_all() -> None:
    with pytest.raises(UnknownModel, match=r"No vendor sells 'Veo 3'\. Did you mean .*veo-3\.1"):
        NO_KEY.find_named("Veo 3")
    with pytest.raises(UnknownModel, match=r"No vendor sells '%%%'\. list_sizes\(model=\"all\"\) lists the families of models\."):
        NO_KEY.find_named("%%%")


@each("name", ["sora", "Sora 2", "sora2-pro"])
def test_a_name_that_is_nearly_that_of_an_ended_model_is_answered_with_its_end(name: str) -> None:
    with pytest.raises(UnknownModel, match=r"OpenAI ended Sora 2 on 2026-09-24\. list_sizes") as caught:
        NO_KEY.find_named(name)
    fixes = advise(caught.value, replace(FOX, model=name), ALL_KEYS, Limits(usd("9"), None, lambda price: False), today=TODAY)
    assert fixes
    assert not any("sora" in str(fix.value) for fix in fixes)


SPOKEN = {
    "veo-3.1": ("veo 3.1", "Veo_3.1", "veo-3-1", "VEO3.1", "google veo 3.1", "Google DeepMind Veo 3.1"),
    "kling-3.0-pro": ("kling 3.0 pro", "Kling v3 Pro", "kling pro 3.0", "KlingAI 3 pro", "kuaishou kling-3.0 pro"),
    "seedance-2.0": ("seedance 2", "Seedance 2.0", "bytedance seedance 2.0", "seedance2"),
    "seedance-2.0-fast": ("Seedance 2.0 fast", "seedance 2 fast", "seedance-2-fast"),
    "gen4.5": ("gen 4.5", "Runway Gen-4.5", "gen-4-5"),
    "happyhorse-1.1": ("happy horse 1.1", "HappyHorse v1.1"),
}


@each(("model", "name"), [(model, name) for model, names in SPOKEN.items() for name in names])
def test_a_name_is_read_as_people_write_it(model: str, name: str) -> None:
    found = {offer.model for offer in ALL_KEYS.find_named(name)}
    assert model in found, found
    assert len({read_words(one) - {"v"} for one in found}) == 1, found


@each(
    ("name", "keys", "found"),
    [
        ("fal kling 3 pro", "fal muvi", ["fal:kling-3.0-pro"]),
        ("muvi veo 3.1", "fal", ["muvi:veo-3.1"]),  # named with its vendor: its key is missing, and no other vendor is taken
        ("runway kling 3.0 pro", "fal", ["runway:kling-3.0-pro"]),
        ("Kling 3", "fal muvi", []),  # a family, of which these vendors sell three or four
        ("Kling 3", "replicate", ["mulerun:kling-v3", "replicate:kling-3.0", "kling:kling-3.0"]),
        ("kling 2.1 pro", "fal muvi", ["fal:kling-2.1-pro"]),
        ("sora 2", "muvi", []),  # an ended one is bought by its own name only
        ("veo", "muvi", []),
        ("talking people", "muvi", []),
    ],
)
def test_a_name_with_its_vendor_is_one_offer_and_a_name_of_several_models_is_none(name: str, keys: str, found: list[str]) -> None:
    assert ids(Catalogue(keyed=frozenset(keys.split())).find_offers(name)) == found


@each(
    ("name", "models"),
    [
        ("kling 3", {"kling-3.0-pro", "kling-3.0-standard", "kling-v3-omni"}),
        ("veo fast", {"veo-3.1-fast"}),
        ("happy horse", {"happyhorse-1.0", "happyhorse-1.1"}),
        ("openai", set[str]()),
        ("bytedance", {"seedance-2.0", "seedance-1.5-pro"}),
        ("Talking People", {"kling-3.0-pro", "kling-v3"}),
        ("best_look", {"veo-3.1", "seedance-2.0"}),
        ("drafts", {"veo-3.1-fast", "seedance-2.0-fast"}),
        ("longest", {"wan-3.0", "seedance-2.5"}),
        ("edit", {"aleph2", "wan-2.7-edit"}),
    ],
)
def test_a_family_is_meant_by_its_words_by_its_maker_or_by_a_label_of_a_list(name: str, models: set[str]) -> None:
    found = {offer.model for offer in ALL_KEYS.find_family(name)}
    assert models <= found and bool(models) == bool(found), found


@each(("name", "label"), [("talking peeple", "talking people"), ("best lok", "best look"), ("longst", "longest"), ("Draft s", "drafts")])
def test_a_misspelled_label_is_answered_with_the_one_that_may_be_meant(name: str, label: str) -> None:
    with pytest.raises(UnknownModel, match=f"Did you mean '{label}'") as caught:
        ALL_KEYS.find_named(name)
    assert [(fix.argument, fix.value) for fix in caught.value.fixes] == [("model", label)]


@each(
    ("name", "begins"),
    [
        ("klign 3", "kling-3.0"),
        ("Veo 3", "veo-3.1"),
        ("sedance 2 fast", "seedance-2.0-fast"),
        ("kling 9", "kling-"),
        ("hailou", "hailuo-"),
        ("minmax", "minimax-"),
    ],
)
def test_a_misspelled_name_is_answered_with_models_of_the_family_that_was_meant(name: str, begins: str) -> None:
    here = Catalogue(keyed=frozenset({"fal", "muvi"}))
    with pytest.raises(UnknownModel) as caught:
        here.find_named(name)
    fixes = advise(caught.value, replace(FOX, model=name), here, Limits(usd("9"), None, lambda price: False), today=TODAY)
    assert fixes and all(str(fix.value).partition(":")[2].startswith(begins.partition("-")[0]) for fix in fixes), fixes


def test_of_a_name_of_several_models_those_that_make_videos_come_before_those_that_change_or_continue_one() -> None:
    with pytest.raises(UnknownModel, match="choose muvi:kling-o3-pro, muvi:kling-o3-std or muvi:kling-o3-standard"):
        replace(Catalogue(), keyed=frozenset(("muvi",))).find_named("o3")


def test_in_place_of_a_model_without_a_key_others_of_its_family_come_first() -> None:
    here, request = Catalogue(keyed=frozenset({"fal", "muvi"})), replace(FOX, model="kling-3.0")
    with pytest.raises(MissingKey) as caught:
        plan(request, here, today=TODAY)
    fixes = advise(caught.value, request, here, Limits(usd("9"), None, lambda price: False), today=TODAY)
    assert fixes and all("kling" in str(fix.value) and "3" in str(fix.value) for fix in fixes), fixes


LONG, FIVE = VideoRequest("a fox " * 200), VideoRequest("a fox", seconds=5)
CHEAPEST = "muvi:hailuo-2.3-standard"


@each(
    ("name", "request_", "keys", "offer"),
    [
        ("pixazo:veo-3.1", FOX, "", "pixazo:veo-3.1"),  # named in full, with or without a key
        ("pixazo:sora-2-pro", FOX, "pixazo", "pixazo:sora-2-pro"),
        ("sora-2-pro", FOX, "muvi pixazo mulerun aimlapi", "muvi:sora-2-pro"),  # the cheapest vendor with a key
        ("sora-2-pro", FOX, "pixazo mulerun", "pixazo:sora-2-pro"),
        ("sora-2", FOX, "mulerun aimlapi", "aimlapi:sora-2"),  # MuleRun states no price
        ("sora-2-pro", LONG, "muvi pixazo", "pixazo:sora-2-pro"),  # Muvi does not take it
        ("sora-2-pro", FIVE, "pixazo muvi", "muvi:sora-2-pro"),  # nobody takes it: the first one says why
        ("muvi:sora-2", FOX, "muvi", "muvi:sora-2"),  # one that ended is sent where it is named and has a key
        ("sora-2", FOX, "aimlapi", "aimlapi:sora-2"),
        (None, FOX, "muvi pixazo aimlapi mulerun", CHEAPEST),  # nothing named: the cheapest living model
        (None, VideoRequest("a fox", seconds=6), "muvi", CHEAPEST),
        (None, VideoRequest("a fox", size="16:9 4k"), "muvi", "muvi:veo-3.1"),
    ],
)
def test_a_name_chooses_the_cheapest_offer_that_takes_the_request_and_has_a_key(
    name: str | None, request_: VideoRequest, keys: str, offer: str
) -> None:
    assert chosen(name, request_, *keys.split()) == offer


@each(("keys", "nearest"), [(("muvi",), "muvi:kling-3.0-pro"), (("aimlapi",), "aimlapi:veo-3.1-fast")])
def test_a_picture_that_nobody_takes_is_refused_at_a_model_that_takes_pictures(keys: tuple[str, ...], nearest: str) -> None:
    frame = Image("data:image/gif;base64,AAAA", "image/gif", 512, 512, 3)
    with pytest.raises(BrokenRules) as caught:
        plan(VideoRequest("a fox", image=frame), Catalogue(keyed=frozenset(keys)), today=TODAY)
    assert caught.value.subject == nearest


def test_a_bare_model_without_any_key_names_the_keys_of_all_its_vendors_cheapest_first() -> None:
    with pytest.raises(MissingKey) as caught:
        chosen("veo-3.1-fast")
    assert caught.value.message == (
        "No key for AI/ML API, fal, Runway, Replicate, Muvi, WaveSpeed or MuleRun. The user gets one, such as AI/ML API's at "
        "https://aimlapi.com/app/keys, runs `sora-mcp setup aimlapi` in a terminal and restarts the chat app. "
        f"Free: model='{SAMPLE}', drawn."
    )


@each("model", ["muvi:sora-2", "pixazo:sora-2-pro", "sora-2"])
def test_nobody_is_sent_to_buy_a_key_for_a_model_that_ended(model: str) -> None:
    with pytest.raises(ModelRetired) as caught:
        chosen(model, FOX, "xai")
    assert caught.value.message.startswith("OpenAI ended Sora 2 on 2026-09-24: a key for ")
    assert "sora-mcp setup" not in caught.value.message


def test_one_vendor_names_one_key() -> None:
    assert NO_KEY.describe_missing_key(NO_KEY.find_named("pixazo:sora-2-pro")) == (
        "No key for Pixazo. The user gets one at https://api-console.pixazo.ai/api_keys, runs `sora-mcp setup pixazo` in a terminal and "
        "restarts the chat app."
    )


def test_a_model_without_a_price_asks_for_its_key_first() -> None:
    hailuo = VideoRequest("a fox", "aimlapi:hailuo-02")
    with pytest.raises(MissingKey, match="No key for AI/ML API"):
        plan(hailuo, Catalogue(keyed=frozenset(("runway",))), today=TODAY)
    with pytest.raises(PriceUnknown, match="has no published price"):
        plan(hailuo, Catalogue(keyed=frozenset(("aimlapi",))), today=TODAY)


def test_a_resolution_that_is_a_model_of_its_own_is_found_by_its_size() -> None:
    catalogue = Catalogue(keyed=frozenset(("fal",)))
    kling = [offer for offer in catalogue.offers if offer.model in ("kling-3.0-standard", "kling-3.0-pro", "kling-3.0-4k")]
    for size in ("4K", "9:16 4K"):
        (found,) = rank_orders([offer for offer in kling if offer.vendor == "fal"], replace(FOX, size=size, seconds=5), today=TODAY)
        assert (found[0].offer.id, found[0].size.resolution) == ("fal:kling-3.0-4k", "4k")


def test_the_sample_needs_no_key() -> None:
    assert [offer.id for offer in NO_KEY.offers if NO_KEY.is_usable(offer)] == [SAMPLE]
    assert all(ALL_KEYS.is_usable(offer) for offer in ALL_KEYS.offers)


@each(
    ("keys", "paused", "model", "kind", "says"),
    [
        (
            ("mulerun",),
            (),
            None,
            PriceUnknown,
            "No model is left to choose: mulerun:kling-v3, mulerun:happyhorse-1.0, mulerun:kling-v3-omni and 5 more "
            "have no published price; "
            "mulerun:sora-2-pro and mulerun:sora-2 ended on 2026-09-24. The user can name prices in a file: SORA_MCP_PRICES.",
        ),
        (
            ("aimlapi",),
            ("aimlapi:veo-3.1-fast",),
            None,
            PriceUnknown,
            "No model is left to choose: aimlapi:veo-3.1-fast is paused because it charged more than quoted; "
            "aimlapi:seedance-2.0, aimlapi:seedance-2.5, aimlapi:happyhorse-1.1 and 37 more have no published price; "
            "aimlapi:sora-2-pro and aimlapi:sora-2 ended on 2026-09-24. "
            "Only the user can go on with a paused one: `sora-mcp resume aimlapi:veo-3.1-fast` in a terminal.",
        ),
        (
            ("muvi",),
            ("muvi:veo-3.1-fast",),
            "veo-3.1-fast",
            PriceUnknown,
            "No model is left to choose: muvi:veo-3.1-fast is paused because it charged more than quoted; "
            f"{', '.join(OTHERS[:3])} and {len(OTHERS) - 3} more have no key. "
            "Only the user can go on with a paused one: `sora-mcp resume muvi:veo-3.1-fast` in a terminal.",
        ),
        (("mulerun",), (), "sora-2", ModelRetired, None),
    ],
)
def test_what_has_no_price_is_paused_or_ended_is_never_chosen_and_each_reason_is_said(
    keys: tuple[str, ...], paused: tuple[str, ...], model: str | None, kind: type[Refused], says: str | None
) -> None:
    with pytest.raises(kind) as refused:
        find(
            replace(FOX, model=model),
            Catalogue(
                keyed=frozenset(keys),
                pauses=tuple(Pause(model, 0, "it cost $2.00 where $1.00 was quoted", "v_0123456789") for model in paused),
            ),
            today=TODAY,
        )
    assert says in (None, refused.value.message)


def test_where_no_living_model_takes_the_request_the_one_that_breaks_the_fewest_rules_says_why() -> None:
    request = VideoRequest("a fox", size="21:9 720p", seconds=3)
    assert chosen(None, request, "muvi") == "muvi:kling-text2video-v3"
    broken = {offer.id: count_broken_rules(offer, request, today=TODAY) for offer in NO_KEY.find_named("kling-v3")}
    assert broken == {"mulerun:kling-v3": 1}
    assert count_broken_rules(NO_KEY.find_named("mulerun:kling-v3")[0], FOX, today=TODAY) == 0


def test_without_a_key_no_living_model_is_chosen() -> None:
    with pytest.raises(ModelRetired, match="No model is left to choose"):
        chosen(None, FOX, "nobody")


@each(
    ("keys", "sides", "can"),
    [(("aimlapi",), (720, 1280), True), (("aimlapi",), (1000, 1000), False), (("pixazo",), (1280, 720), False), ((), (720, 1280), True)],
)
def test_a_clip_is_continued_only_where_a_model_with_a_key_and_a_price_takes_its_last_frame(
    keys: tuple[str, ...], sides: tuple[int, int], can: bool
) -> None:
    frame = Image("data:image/png;base64,", "image/png", *sides, 1)
    assert can_animate(frame, Catalogue(keyed=frozenset(keys)), today=TODAY) is can


def test_where_no_model_has_the_shape_of_a_file_one_that_takes_files_says_so() -> None:
    request = VideoRequest("a fox", image=Image("data:image/png;base64,", "image/png", 1000, 1000, 3))
    assert chosen(None, request, "aimlapi") == "aimlapi:veo-3.1-fast"


def test_offers_that_do_not_take_the_request_are_left_out_of_a_comparison() -> None:
    fits = rank_orders(ALL_KEYS.offers, VideoRequest("a fox", size="1792x1024", seconds=12), today=TODAY)
    assert [(order.offer.id, price.micros) for order, price in fits if order.offer.id != SAMPLE] == [
        ("muvi:sora-2-pro", 6_012_000),
        ("pixazo:sora-2-pro", 7_500_000),
    ]


def test_the_users_own_prices_stand_in_place_of_ours() -> None:
    mine = {"mulerun:sora-2-pro": (Rate(usd("0.30"), "second"),)}
    catalogue = Catalogue(apply_prices(EVERY, mine, checked=date(2026, 11, 1)), frozenset({"mulerun"}))
    [(_, price)] = rank_orders(catalogue.find_named("mulerun:sora-2-pro"), FOX, today=TODAY)
    assert (price.micros, price.source, price.checked, price.confidence) == (
        1_200_000,
        "your price file",
        date(2026, 11, 1),
        "configured",
    )
    assert catalogue.find_named("muvi:sora-2") == NO_KEY.find_named("muvi:sora-2")


def test_a_vendor_can_live_at_another_address() -> None:
    moved = set_addresses(EVERY, {"muvi": "http://127.0.0.1:9"})
    assert {vendor.name: vendor.base_url for vendor in moved} == {
        **{vendor.name: vendor.base_url for vendor in EVERY},
        "muvi": "http://127.0.0.1:9",
    }
