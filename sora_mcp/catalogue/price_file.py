"""Read the user's own prices: TOML is checked here, rates go inside."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sora_mcp.catalogue.rules import allows, sizes_of, words
from sora_mcp.domain import Offer, OwnModel, Per, Rate, Rule, Scalar, Size
from sora_mcp.domain.broken_rule import quote_value
from sora_mcp.domain.money import Micros, ceil

TEXT = (str, "a text")
KINDS = {"size": TEXT, "ratio": TEXT, "resolution": TEXT, "seconds": (int, "a whole number"), "image": (bool, "true or false")}
FACTS = tuple(KINDS)
"""What a row of any model may be limited to, besides the model's own options."""
PERS: tuple[Per, ...] = ("second", "video")
DISCOUNT = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,4})?) ?%")


class BadPrices(Exception):
    """One sentence that says which row of the price file is wrong."""


class Row(BaseModel):
    """A price, and what it is limited to in `when` rows."""

    model_config = ConfigDict(extra="allow", strict=True)

    per_second: str | int | Decimal | None = None
    per_video: str | int | Decimal | None = None
    free: bool = False


class Named(BaseModel):
    """The facts in a row about a model that only the user knows."""

    model_config = ConfigDict(extra="ignore", strict=True)

    sizes: list[Annotated[str, Field(pattern=r"^[0-9A-Za-z:x. ]{1,40}$")]] = []
    seconds: list[Annotated[int, Field(ge=1, le=3600)]] = []
    image: bool = False
    form: bool = False


def read_models(text: str, sellers: Collection[str]) -> dict[str, OwnModel]:
    """Return the models that the user adds at vendors that allow it, by `vendor:model` as written."""
    return {name: _read_model(name, row) for name, row in _read_toml(text).items() if ":" in name and name.partition(":")[0] in sellers}


def read_prices(
    text: str, offers: Mapping[str, Offer], *, own: Collection[str] = (), listed: Collection[str] = ()
) -> dict[str, tuple[Rate, ...]]:
    """Return the rates by model id. BadPrices where a row is no price, or belongs to no model.

    Rows of `own` may name sizes and lengths. The models of the vendors in `listed` are not known before their list is fetched.
    """
    stripped = {name: {key: cell for key, cell in row.items() if key not in Named.model_fields} for name, row in _find_own_rows(text, own)}
    rows = {name.casefold(): stripped.get(name, row) for name, row in _read_toml(text).items()}
    strange = next((name for name in rows if name not in offers and name.partition(":")[0] not in listed), None)
    if strange is not None:
        raise BadPrices(f"no model is called {strange!r}; write it as vendor:model, in quotes.")
    return {name: _read_rates(name, row, offers.get(name)) for name, row in rows.items()}


def _find_own_rows(text: str, own: Collection[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, cast("dict[str, Any]", row)) for name, row in _read_toml(text).items() if name in own and isinstance(row, dict))


def _read_model(name: str, row: Any) -> OwnModel:
    model = name.partition(":")[2]
    try:
        text = Named.model_validate(row)
    except ValidationError:
        raise BadPrices(
            f'{name}: sizes are a list such as ["1280x720"], seconds such as [4, 8], image and form are true or false.'
        ) from None
    if not 0 < len(model) <= 200 or not model.isprintable() or " " in model:
        raise BadPrices(f"{name}: a model has a name of at most 200 characters, without blanks.")
    return OwnModel(tuple(dict.fromkeys(text.sizes)), tuple(sorted(set(text.seconds))), text.image, text.form)


def _read_toml(text: str) -> dict[str, Any]:
    """Return each row under its name as written. BadPrices for two that differ only in capitals: one would silently win."""
    try:
        rows = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise BadPrices(f"the price file is not TOML: {error}.") from None
    seen: dict[str, str] = {}
    for name in rows:
        if (first := seen.setdefault(name.casefold(), name)) != name:
            raise BadPrices(f"{quote_value(first)} and {quote_value(name)} are the same model: keep one of them.")
    return rows


def _read_rates(name: str, table: Any, offer: Offer | None) -> tuple[Rate, ...]:
    if not isinstance(table, dict) or not table:
        raise BadPrices(f"{name} must be a table with per_second, per_video or discount.")
    if "discount" in table:
        return _discount(name, cast("dict[str, Any]", table), offer)
    plain = {key: value for key, value in cast("dict[str, Any]", table).items() if key != "when"}
    rows = cast("dict[str, Any]", table).get("when", [])
    if not isinstance(rows, list):
        raise BadPrices(f"{name}: when must be a list of rows.")
    base = [_read_rate(name, plain, {})] if plain else []
    narrow = [_read_narrow_row(name, row, offer) for row in cast("list[Any]", rows)]
    _check_overlap(name, narrow)
    return (*base, *narrow)


def _discount(name: str, table: dict[str, Any], offer: Offer | None) -> tuple[Rate, ...]:
    """Return the catalogue's own rates, less so many percent."""
    text = DISCOUNT.fullmatch(str(table["discount"]))
    if len(table) > 1 or text is None or not 0 < Decimal(text[1]) < 100:
        raise BadPrices(f'{name}: a discount is a text such as "20%", and stands alone.')
    if offer is None or not offer.rates:
        raise BadPrices(f"{name}: no price is known here that a discount could be taken from; write per_second or per_video.")
    left = 1 - Decimal(text[1]) / 100
    return tuple(
        replace(row, **{name: ceil(getattr(row, name) * left) for name in ("micros", "picture", "fee", "least")}) for row in offer.rates
    )


def _check_overlap(name: str, rows: Sequence[Rate]) -> None:
    """Raise BadPrices for two rows that can both be true of one video while none is narrower than the other."""
    for one, other in combinations(rows, 2):
        both = {**one.when, **other.when}
        agree = {**other.when, **one.when} == both
        decided = any(len(row.when) > len(one.when) and row.when.items() <= both.items() for row in rows)
        if len(one.when) == len(other.when) and agree and not decided:
            raise BadPrices(f"{name}: rows for {_describe(one)} and for {_describe(other)} can both be true: add one that names all of it.")


def _describe(row: Rate) -> str:
    return " and ".join(f"{key} {value}" for key, value in row.when.items())


def _read_narrow_row(name: str, row: Any, offer: Offer | None) -> Rate:
    """Return a `when` row: cells that are no price are its conditions."""
    if not isinstance(row, dict):
        raise BadPrices(f"{name}: each row of when must be a table.")
    facts = (*FACTS, *(rule.param for rule in offer.options)) if offer else FACTS
    cells = cast("dict[str, Any]", row)
    when: dict[str, Scalar] = {key: value for key, value in cells.items() if key not in Row.model_fields}
    strange = [key for key in when if key not in facts]
    if strange or not when:
        raise BadPrices(f"{name}: a row of when needs a condition on one of {', '.join(facts)}.")
    texts = {name: value for name, value in when.items() if name in ("size", "resolution") and isinstance(value, str)}
    when |= {name: _match_spelling(value, name, offer) for name, value in texts.items()}
    for key, value in when.items():
        _check_condition(name, key, value, offer)
    return _read_rate(name, {key: value for key, value in cells.items() if key not in when}, when)


def _match_spelling(value: str, name: str, offer: Offer | None) -> str:
    """Return a size, or a resolution, as the offer has it: `480p` is meant by `480P` too."""
    plain = Size(value).text
    if name == "size":
        return plain
    sold = {size.resolution: size.plain_resolution for size in (sizes_of(offer) if offer else ()) if size.resolution}
    return value if value in sold else next((own for own, said in sold.items() if said == plain), value)


def _check_condition(name: str, key: str, value: object, offer: Offer | None) -> None:
    """Raise BadPrices for a value that the model never has: its row would never apply, and a cheaper one would be held."""
    if offer is None:
        kind, text = KINDS[key]
        fits = type(value) is kind
    else:
        rule = next(rule for rule in (*_own_facts(offer), *offer.options) if rule.param == key)
        fits, text = allows(rule, value), words(rule)
    if not fits:
        raise BadPrices(f"{name}: {key} must be {text} in a row of when, not {quote_value(value)}.")


def _own_facts(offer: Offer) -> Iterator[Rule]:
    """Yield what each of FACTS can be of this model."""
    sizes = sizes_of(offer)
    yield Rule("size", tuple(size.text for size in sizes))
    yield Rule("ratio", tuple(dict.fromkeys(size.ratio for size in sizes if size.ratio)))
    yield Rule("resolution", tuple(dict.fromkeys(size.resolution for size in sizes if size.resolution)))
    yield Rule("seconds", offer.seconds)
    yield Rule("image", (*((False,) if offer.text or offer.video else ()), *((True,) if offer.image else ())))


def _read_rate(name: str, table: dict[str, Any], when: Mapping[str, Scalar]) -> Rate:
    try:
        row = Row.model_validate(table)
    except ValidationError:
        raise BadPrices(f'{name}: per_second and per_video must be texts such as "0.30".') from None
    prices = {"second": row.per_second, "video": row.per_video}
    stated: tuple[Per, ...] = tuple(per for per in PERS if prices[per] is not None) or (PERS[1:] if row.free else ())
    if row.model_extra or len(stated) != 1:
        raise BadPrices(f"{name} must have one of per_second and per_video, or free = true.")
    return Rate(_read_amount(name, str(prices[stated[0]] or 0), free=row.free), stated[0], dict(when))


def _read_amount(name: str, amount: str, *, free: bool) -> Micros:
    """Return the amount. It is 0 only where the file says that it is free, so that a slip does not disarm the budget."""
    try:
        number = Decimal(amount)
    except ArithmeticError:
        raise BadPrices(f"{name} has a price that is not a number.") from None
    if not number.is_finite() or number < 0 or number > 10_000:
        raise BadPrices(f"{name} has an impossible price.")
    if number == 0 and not free:
        raise BadPrices(f"{name} costs 0: write free = true if that is meant.")
    return ceil(number * 1_000_000)
