"""The user's own prices."""

from __future__ import annotations

import pytest

from sora_mcp.domain import Offer, OwnModel, Rate
from sora_mcp.money import usd
from sora_mcp.pricefile import BadPrices, read_models, read_prices
from sora_mcp.vendors import compatible, mulerun, muvi

OFFERS: dict[str, Offer] = {f"{vendor.name}:{offer.model}": offer for vendor in (mulerun.VENDOR, muvi.VENDOR) for offer in vendor.offers}


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


def test_nothing_costs_nothing_by_a_slip_but_it_may_be_said() -> None:
    assert read_prices('["muvi:sora-2"]\nfree = true', OFFERS) == {"muvi:sora-2": (Rate(usd("0"), "video"),)}
    assert read_prices('["muvi:sora-2"]\nper_second = "0"\nfree = true', OFFERS) == {"muvi:sora-2": (Rate(usd("0"), "second"),)}
    with pytest.raises(BadPrices, match=r"costs 0: write free = true"):
        read_prices('["muvi:sora-2"]\nper_second = "0"', OFFERS)


def test_an_empty_file_changes_no_price() -> None:
    assert read_prices("", OFFERS) == {}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[", "not TOML"),
        ('["muvi:sora-2"]\n["muvi:sora-2"]', "not TOML"),
        ('["muvi:sora-3"]\nper_second = "1"', "no model is called 'muvi:sora-3'"),
        ('["muvi:sora-2"]', "must be a table"),
        ('"muvi:sora-2" = "0.30"', "must be a table"),
        ('["muvi:sora-2"]\nper_second = "free"', "no number"),
        ('["muvi:sora-2"]\nper_second = true', "must be texts"),
        ('["muvi:sora-2"]\nper_second = nan', "must be texts"),
        ('["muvi:sora-2"]\nper_second = "NaN"', "cannot be"),
        ('["muvi:sora-2"]\nper_second = "inf"', "cannot be"),
        ('["muvi:sora-2"]\nper_second = "-1"', "cannot be"),
        ('["muvi:sora-2"]\nper_second = "10001"', "cannot be"),
        ('["muvi:sora-2"]\nper_second = "1"\nper_video = "1"', "one of per_second and per_video"),
        ('["muvi:sora-2"]\nper_minute = "1"', "one of per_second and per_video"),
        ('["muvi:sora-2"]\nwhen = 3', "a list of rows"),
        ('["muvi:sora-2"]\nwhen = ["1792x1024"]', "must be a table"),
        ('["muvi:sora-2"]\nwhen = [{ per_second = "1" }]', "needs a condition on one of size"),
        ('["muvi:sora-2"]\nwhen = [{ colour = "red", per_second = "1" }]', "needs a condition on one of size"),
        ('["muvi:sora-2"]\nwhen = [{ size = "1792x1024", per_second = "1" }]', "has no size '1792x1024'"),
    ],
)
def test_a_row_that_is_no_price_is_named(text: str, complaint: str) -> None:
    with pytest.raises(BadPrices, match=complaint):
        read_prices(text, OFFERS)


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
    offers = {name.casefold(): compatible.own(name.partition(":")[2], said) for name, said in own.items()}
    assert read_prices(OWN, offers, own=own) == {
        "compatible:my-model": (Rate(usd("0.10"), "second"), Rate(usd("0.20"), "second", {"size": "9:16"})),
        "compatible:plain": (Rate(usd("1"), "video"),),
    }


@pytest.mark.parametrize(
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


def test_a_model_that_only_a_vendors_list_knows_may_have_a_price() -> None:
    text = '["openrouter:veo-3.1-fast"]\nper_second = "0.07"\nwhen = [{ resolution = "4k", per_second = "0.20" }]'

    rates = (Rate(usd("0.07"), "second"), Rate(usd("0.20"), "second", {"resolution": "4k"}))
    assert read_prices(text, OFFERS, listed=["openrouter"]) == {"openrouter:veo-3.1-fast": rates}
    with pytest.raises(BadPrices, match=r"no model is called 'openrouter:veo-3\.1-fast'"):
        read_prices(text, OFFERS)
