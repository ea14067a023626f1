"""The user's own prices."""

from __future__ import annotations

import json
from datetime import date

import pytest

from sora_mcp.catalogue.catalogue import Catalogue
from sora_mcp.catalogue.price_file import BadPrices, read_models, read_prices
from sora_mcp.catalogue.rules import check, rate_of
from sora_mcp.domain import Offer, OwnModel, Rate, VideoRequest
from sora_mcp.domain.money import usd
from sora_mcp.vendors import EVERY as VENDORS
from sora_mcp.vendors import compatible, mulerun, muvi
from tests.each import each
from tests.nouns import name_inputs

OFFERS: dict[str, Offer] = {f"{vendor.name}:{offer.model}": offer for vendor in (mulerun.VENDOR, muvi.VENDOR) for offer in vendor.offers}

EVERY: dict[str, Offer] = {offer.id: offer for offer in Catalogue(VENDORS).offers}


def test_prices_are_read_per_second_per_video_and_by_condition() -> None:
    text = """
        ["mulerun:sora-2-pro"]
        per_second = "0.30"
        when = [{ size = "1792x1024", per_second = "0.50" }, { size = "1024x1792", seconds = 12, per_video = 6 }]

        ["mulerun:sora-2"]
        per_video = 0.40

        ["muvi:veo-3.1-fast"]
        when = [{ audio = true, per_second = "0.000001" }]
    """

    assert read_prices(text, OFFERS) == {
        "mulerun:sora-2-pro": (
            Rate(usd("0.30"), "second"),
            Rate(usd("0.50"), "second", {"size": "1792x1024"}),
            Rate(usd("6"), "video", {"size": "1024x1792", "seconds": 12}),
        ),
        "mulerun:sora-2": (Rate(usd("0.40"), "video"),),
        "muvi:veo-3.1-fast": (Rate(usd("0.000001"), "second", {"audio": True}),),
    }


@pytest.mark.fault("C12")
def test_nothing_costs_nothing_by_a_slip_but_it_may_be_said() -> None:
    assert read_prices('["muvi:sora-2"]\nfree = true', OFFERS) == {"muvi:sora-2": (Rate(usd("0"), "video"),)}
    assert read_prices('["muvi:sora-2"]\nper_second = "0"\nfree = true', OFFERS) == {"muvi:sora-2": (Rate(usd("0"), "second"),)}
    with pytest.raises(BadPrices, match=r"costs 0: write free = true"):
        read_prices('["muvi:sora-2"]\nper_second = "0"', OFFERS)


@pytest.mark.fault("C12")
def test_an_empty_file_changes_no_price() -> None:
    assert read_prices("", OFFERS) == {}


@pytest.mark.fault("C12")
@each(
    ("text", "complaint"),
    [
        ("[", "not TOML"),
        ('["muvi:sora-2"]\n["muvi:sora-2"]', "not TOML"),
        ('["muvi:sora-3"]\nper_second = "1"', "no model is called 'muvi:sora-3'"),
        ('["muvi:sora-2"]', "must be a table"),
        ('"muvi:sora-2" = "0.30"', "must be a table"),
        ('["muvi:sora-2"]\nper_second = "free"', "not a number"),
        ('["muvi:sora-2"]\nper_second = true', "must be texts"),
        ('["muvi:sora-2"]\nper_second = nan', "must be texts"),
        ('["muvi:sora-2"]\nper_second = "NaN"', "impossible price"),
        ('["muvi:sora-2"]\nper_second = "inf"', "impossible price"),
        ('["muvi:sora-2"]\nper_second = "-1"', "impossible price"),
        ('["muvi:sora-2"]\nper_second = "10001"', "impossible price"),
        ('["muvi:sora-2"]\nper_second = "1"\nper_video = "1"', "one of per_second and per_video"),
        ('["muvi:sora-2"]\nper_minute = "1"', "one of per_second and per_video"),
        ('["muvi:sora-2"]\nwhen = 3', "a list of rows"),
        ('["muvi:sora-2"]\nwhen = ["1792x1024"]', "must be a table"),
        ('["muvi:sora-2"]\nwhen = [{ per_second = "1" }]', "needs a condition on one of size"),
        ('["muvi:sora-2"]\nwhen = [{ colour = "red", per_second = "1" }]', "needs a condition on one of size"),
        (
            '["muvi:sora-2"]\nwhen = [{ size = "1792x1024", per_second = "1" }]',
            "size must be 1280x720 or 720x1280 in a row of when, not '1792x1024'",
        ),
        *(
            (
                f'["muvi:veo-3.1-fast"]\nper_second = "1"\nwhen = [{{ audio = true, {key} = {value}, per_second = "2" }}]',
                f"{key} must be {said}",
            )
            for key, value, said in (
                ("seconds", "[4, 8]", r"4, 6 or 8 in a row of when, not \[4, 8\]"),
                ("seconds", "5", "4, 6 or 8 in a row of when, not 5"),
                ("seconds", '"8"', "4, 6 or 8 in a row of when, not '8'"),
                ("seconds", "8.0", "4, 6 or 8 in a row of when, not Decimal"),
                ("seconds", "true", "4, 6 or 8 in a row of when, not True"),
                ("resolution", '"1080i"', "720p, 1080p or 4k in a row of when, not '1080i'"),
                ("resolution", '["1080p", "4k"]', "720p, 1080p or 4k in a row of when"),
                ("resolution", "{ is = 1 }", "720p, 1080p or 4k in a row of when"),
                ("ratio", '"1:1"', "16:9 or 9:16 in a row of when, not '1:1'"),
                ("size", '"720p"', ".* in a row of when, not '720p'"),
                ("image", '"yes"', "false or true in a row of when, not 'yes'"),
                ("image", "1", "false or true in a row of when, not 1"),
                ("seed", '"7"', "a whole number from 0 to [0-9]+ in a row of when, not '7'"),
                ("seed", "1979-05-27", "a whole number from 0 to [0-9]+ in a row of when"),
            )
        ),
        *(
            (f'["muvi:sora-2"]\ndiscount = {said}', 'a discount is a text such as "20%"')
            for said in ("0.2", '"20"', '"0%"', '"100%"', '"-5%"', '"20%"\nper_second = "1"')
        ),
        ('["mulerun:sora-2"]\ndiscount = "20%"', "no price is known here that a discount could be taken from"),
        (
            '["muvi:veo-3.1-fast"]\nper_second = "1"\nwhen = [{ audio = true, per_second = "2" }, { seconds = 8, per_second = "3" }]',
            "rows for audio True and for seconds 8 can both be true: add one that names all of it",
        ),
        (
            '["muvi:sora-2"]\nwhen = [{ seconds = 4, per_second = "2" }, { seconds = 4, per_second = "3" }]',
            "rows for seconds 4 and for seconds 4 can both be true",
        ),
        ('["muvi:veo-3.1-fast"]\nwhen = [{ audio = "on", per_second = "2" }]', "audio must be true or false in a row of when, not 'on'"),
    ],
)
def test_a_row_that_is_no_price_is_named(text: str, complaint: str) -> None:
    with pytest.raises(BadPrices, match=complaint):
        read_prices(text, OFFERS)


@each(
    ("one", "other"),
    [("muvi:sora-2", "MUVI:SORA-2"), ("compatible:My-Model", "compatible:my-model"), ("openrouter:Who/x", "OpenRouter:who/x")],
)
def test_a_model_has_one_row_in_whatever_letters(one: str, other: str) -> None:
    text = f'["{one}"]\nper_second = "0.05"\n\n["{other}"]\nper_second = "5"\n'
    for read in (lambda: read_models(text, ["compatible"]), lambda: read_prices(text, OFFERS, own=[one], listed=["openrouter"])):
        with pytest.raises(BadPrices) as caught:
            read()
        assert str(caught.value) == f"{one!r} and {other!r} are the same model: keep one of them."


OWN = """
    ["compatible:My-Model"]
    per_second = "0.10"
    sizes = ["1280x720", "9:16"]
    seconds = [8, 4]
    image = true
    when = [{ size = "9:16", per_second = "0.20" }]

    ["compatible:plain"]
    per_video = "1"
"""


def test_a_user_names_models_with_their_sizes_lengths_and_prices() -> None:
    assert read_models(OWN, ["compatible"]) == {
        "compatible:My-Model": OwnModel(("1280x720", "9:16"), (4, 8), image=True),
        "compatible:plain": OwnModel(),
    }


def test_prices_of_ones_own_models_stand_in_the_same_rows() -> None:
    own = read_models(OWN, ["compatible"])
    offers = {name.casefold(): compatible.make_offer(name.partition(":")[2], said) for name, said in own.items()}
    assert read_prices(OWN, offers, own=own) == {
        "compatible:my-model": (Rate(usd("0.10"), "second"), Rate(usd("0.20"), "second", {"size": "9:16"})),
        "compatible:plain": (Rate(usd("1"), "video"),),
    }


@each(
    ("row", "said"),
    [
        ('["compatible:a"]\nsizes = "1280x720"', "compatible:a: sizes are a list"),
        ('["compatible:a"]\nseconds = [0]', "compatible:a: sizes are a list"),
        ('["compatible:a"]\nsizes = ["<b>"]', "compatible:a: sizes are a list"),
        ('["compatible:a"]\nimage = 1', "compatible:a: sizes are a list"),
        ('["compatible:a b"]', "compatible:a b: a model has a name"),
        ('["compatible:"]', "compatible:: a model has a name"),
    ],
)
def test_a_model_that_cannot_be_is_refused_by_its_name(row: str, said: str) -> None:
    with pytest.raises(BadPrices, match=said):
        read_models(row, ["compatible"])


def test_only_ones_own_models_may_have_sizes() -> None:
    with pytest.raises(BadPrices, match="muvi:sora-2 must have one of"):
        read_prices('["muvi:sora-2"]\nper_second = "1"\nsizes = ["1280x720"]', OFFERS)


@each("value", ['["4k"]', "4", "true", "{ is = 1 }"])
def test_a_condition_of_such_a_model_is_one_value_of_its_kind(value: str) -> None:
    with pytest.raises(BadPrices, match="openrouter:x: resolution must be a text in a row of when, not "):
        read_prices(f'["openrouter:x"]\nwhen = [{{ resolution = {value}, per_second = "1" }}]', OFFERS, listed=["openrouter"])


@each("condition", ['size = "1x1"', 'ratio = "16:9"', 'resolution = "720p"', "seconds = 7", "image = false"])
def test_what_a_list_may_yet_hold_is_taken(condition: str) -> None:
    text = f'["openrouter:x"]\nwhen = [{{ {condition}, per_second = "1" }}]'
    assert [len(rate.when) for rate in read_prices(text, OFFERS, listed=["openrouter"])["openrouter:x"]] == [1]


def test_a_condition_that_the_model_can_meet_is_taken_whatever_it_is_on() -> None:
    for name, offer in EVERY.items():
        order = check(VideoRequest("a", **name_inputs(offer)), offer, today=date(2026, 11, 20))
        facts = {key: value for key, value in order.facts.items() if value is not None}
        cells = ", ".join(f"{key} = {json.dumps(value)}" for key, value in facts.items())
        rates = read_prices(f'["{name}"]\nwhen = [{{ {cells}, per_second = "1" }}]', EVERY)[name]
        assert (rates, rate_of(order.facts, rates, today=date(2026, 11, 20))) == ((Rate(usd("1"), "second", facts),), rates[0]), name


def test_a_resolution_is_taken_as_people_write_it() -> None:
    for condition, when in (('resolution = "480p"', {"resolution": "480P"}), ('size = "16:9 768P"', {"size": "16:9 768p"})):
        rates = read_prices(f'["fal:minimax-h3"]\nwhen = [{{ {condition}, per_second = "1" }}]', EVERY)["fal:minimax-h3"]
        assert [dict(rate.when) for rate in rates] == [when]


def test_a_model_that_only_a_vendors_list_knows_may_have_a_price() -> None:
    text = '["openrouter:veo-3.1-fast"]\nper_second = "0.07"\nwhen = [{ resolution = "4k", per_second = "0.20" }]'

    rates = (Rate(usd("0.07"), "second"), Rate(usd("0.20"), "second", {"resolution": "4k"}))
    assert read_prices(text, OFFERS, listed=["openrouter"]) == {"openrouter:veo-3.1-fast": rates}
    with pytest.raises(BadPrices, match=r"no model is called 'openrouter:veo-3\.1-fast'"):
        read_prices(text, OFFERS)


def test_rows_that_overlap_are_fine_where_a_narrower_one_decides() -> None:
    rows = ["audio = true, per_second = '2'", "seconds = 8, per_second = '3'", "audio = true, seconds = 8, per_second = '4'"]
    text = f'["muvi:veo-3.1-fast"]\nper_second = "1"\nwhen = [{", ".join(f"{{ {row} }}" for row in rows)}]'
    assert len(read_prices(text, OFFERS)["muvi:veo-3.1-fast"]) == 4


def test_a_discount_is_taken_from_every_rate_of_the_catalogue() -> None:
    rates = read_prices('["muvi:sora-2-pro"]\ndiscount = "20%"', OFFERS)["muvi:sora-2-pro"]
    assert [rate.micros for rate in rates] == [rate.micros * 4 // 5 for rate in OFFERS["muvi:sora-2-pro"].rates]
    assert [rate.when for rate in rates] == [rate.when for rate in OFFERS["muvi:sora-2-pro"].rates]


def test_a_discount_that_does_not_come_out_even_is_rounded_up() -> None:
    [rate] = read_prices('["muvi:sora-2"]\ndiscount = "33.3333%"', OFFERS)["muvi:sora-2"]
    assert rate.micros == 66_667
