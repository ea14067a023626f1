"""Find the offers that a written name means, by its words or by its letters, and those that it nearly means."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from sora_mcp.catalogue.name_parsing import MOST_NAME, correct, drop_makers, is_by_makers, is_version, read_words, split_name, squeeze
from sora_mcp.domain import Offer
from sora_mcp.vendors.model_makers import BRANDS

NEAR = 3
"""How many names are offered in place of one that nobody sells."""


@dataclass(frozen=True, eq=False)
class ModelNames:
    """The names of all offers, and of the vendors. A name of more than MOST_NAME characters means none of them."""

    offers: tuple[Offer, ...]
    vendors: frozenset[str]

    @functools.cached_property
    def _by_letters(self) -> Mapping[str, tuple[Offer, ...]]:
        found = dict[str, tuple[Offer, ...]]()
        for offer in self.offers:
            for letters in dict.fromkeys((squeeze(offer.id), squeeze(offer.model))):
                found[letters] = (*found.get(letters, ()), offer)
        return found

    @functools.cached_property
    def _words(self) -> frozenset[str]:
        """Every word of a model's name but for versions."""
        return frozenset(word for offer in self.offers for word in read_words(offer.model) if not is_version(word))

    def find_same_letters(self, name: str) -> tuple[Offer, ...]:
        """Return the offers whose id or model has the letters and digits of the name."""
        return self._by_letters.get(squeeze(name), ()) if len(name) <= MOST_NAME else ()

    def find_same_words(self, name: str) -> tuple[Offer, ...]:
        """Return the offers whose model has the words of the name and no others, of the vendor that it names."""
        words, sellers = self._read(name)
        wanted = drop_makers(words)
        named = [(offer, read_words(offer.model)) for offer in self.offers if words and offer.vendor in sellers]
        return tuple(offer for offer, own in named if drop_makers(own) == wanted and is_by_makers(own, words))

    def match(self, name: str, offers: Iterable[Offer]) -> tuple[Offer, ...]:
        """Return those of the offers whose models have all words of the name, and are of the maker that it names."""
        words, sellers = self._read(name)
        joined = frozenset((squeeze(name),))  # `happy horse`
        wanted = joined if joined <= self._words else words - BRANDS.keys()
        named = [(offer, read_words(offer.model)) for offer in offers if words and offer.vendor in sellers]
        return tuple(offer for offer, own in named if wanted <= own and is_by_makers(own, words))

    def find_near(self, name: str, *, is_living: Callable[[Offer], bool]) -> tuple[Offer, ...]:
        """Return the offers of the family whose word is written almost like one of the name's: those that have the most of its words, the
        living ones if there are any. Without a family, the likest."""
        if len(name) > MOST_NAME:
            return ()  # the comparison takes time in proportion to the name, and no model has one as long
        words = drop_makers(self._read(name)[0])
        meant = correct(frozenset(word for word in words if not is_version(word)), self._words)
        family = [offer for offer in self.offers if meant & {name_brand(offer.model), split_name(offer.model)[0]}]
        versions = tuple(word for word in words if is_version(word))

        def count(offer: Offer) -> tuple[bool, bool, int]:
            own = read_words(offer.model)
            has_version = any(word == version or word.startswith(f"{version}.") for word in own for version in versions)
            return is_living(offer), has_version, len(meant & own)

        most = max(map(count, family), default=None)
        return tuple(offer for offer in family if count(offer) == most) or self._find_like(name)

    def _read(self, name: str) -> tuple[frozenset[str], Collection[str]]:
        """Return the words of a name without that of a vendor, and the vendors that it leaves; the maker of a model leaves all of them."""
        read = read_words(name) if len(name) <= MOST_NAME else frozenset[str]()
        words = frozenset(part for word in read for part in self._split_joined(word))
        known = words & self.vendors - self._words
        sellers = frozenset(word for word in known if not BRANDS.get(word, frozenset()) & words)
        return (words, self.vendors) if sellers == words else (words - sellers, sellers or self.vendors)

    def _split_joined(self, word: str) -> tuple[str, ...]:
        """Return the two words of models that are written as one, such as `seedancepro`; any other word as it is."""
        if word in self._words or word in self.vendors or word in BRANDS:
            return (word,)
        cuts = ((word[:end], word[end:]) for end in range(2, len(word) - 1))
        return next((parts for parts in cuts if self._words.issuperset(parts)), (word,))

    def _find_like(self, name: str) -> tuple[Offer, ...]:
        """Return the offers whose id or model is written almost like this, the likest first."""
        words = {text: offer for offer in reversed(self.offers) for text in (offer.id, offer.model)}
        likest = difflib.get_close_matches(name.strip().casefold(), words, n=6, cutoff=0.5)
        return tuple({words[text].id: words[text] for text in likest}.values())[:NEAR]


def name_brand(name: str) -> str:
    """Return the word that the family of a model is known by, of its id or any other name: `kling`, `veo`; empty without a word."""
    words = split_name(name.rpartition(":")[2][:MOST_NAME].casefold())
    return next((word for word in words if word not in BRANDS), next(iter(words), ""))
