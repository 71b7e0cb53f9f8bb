"""Ways a message is typed, dressed or placed; what each must leave standing is for the tests.

Each change takes a message and what it may draw on, and gives the one or several messages that
come of it. All are pure: the same message gives the same result on every run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

_NEIGHBOURS = {
    "q": "wa", "w": "qe", "e": "wr", "r": "et", "t": "ry", "y": "tu", "u": "yi", "i": "uo",
    "o": "ip", "p": "ol", "a": "sq", "s": "ad", "d": "sf", "f": "dg", "g": "fh", "h": "gj",
    "j": "hk", "k": "jl", "l": "kp", "z": "xa", "x": "zc", "c": "xv", "v": "cb", "b": "vn",
    "n": "bm", "m": "nk",
}  # fmt: skip
_TEXT_SPEAK = {
    "you": "u", "your": "ur", "to": "2", "too": "2", "for": "4", "with": "wiv", "because": "cos",
    "and": "n", "are": "r", "tonight": "2nite", "before": "b4", "someone": "some1",
    "anyone": "ne1", "everyone": "every1", "people": "ppl", "about": "bout", "what": "wot",
    "dont": "dnt", "know": "kno", "something": "sumthin", "things": "fings", "right": "rite",
    "night": "nite", "school": "skl", "the": "da", "that": "dat",
    "please": "plz", "going": "goin", "boyfriend": "bf", "girlfriend": "gf", "tomorrow": "2moz",
    "great": "gr8", "mate": "m8", "mates": "m8s", "when": "wen",
    "cant": "cnt", "from": "frm", "says": "sez", "said": "sed", "was": "woz", "brother": "bro",
    "really": "rly",
}  # fmt: skip
_IN_FULL = {
    "i": "I", "im": "I'm", "ive": "I've", "ill": "I'll", "theyre": "they're", "theyll": "they'll",
    "dont": "don't", "cant": "can't", "wont": "won't", "couldnt": "couldn't", "wouldnt": "wouldn't",
    "hes": "he's", "shes": "she's", "its": "it's", "theres": "there's", "hed": "he'd",
}  # fmt: skip
_DIGITS = str.maketrans("aeio", "4310")
_LOOK_ALIKES = str.maketrans("aeocpxiy", "аеосрхіу")
_EMOJI = ("🙏", "❤️", "🥺", "✨", "😐", "🌧️")
_GREETINGS = (
    "hiya, hope its ok to message you. ",
    "hi my names alex and ive not used this before. ",
    "good evening, ",
    "alright? ",
)
_THANKS = (
    ". thanks for listening x",
    ", thank you so much for reading this",
    " cheers",
    ". ok thanks, thats all",
)
_ZERO_WIDTH = "\u200b"


@dataclass(frozen=True)
class Material:
    """What a change may draw on: the key word, the exchange, and harmless sentences."""

    key: str
    swap: tuple[str, str]
    filler: tuple[str, ...]


type Change = Callable[[str, Material], tuple[str, ...]]


def seeded(text: str | int) -> Random:
    """The same draws for the same seed; nothing here is secret."""
    return Random(text)  # noqa: S311


def typos(text: str, _: Material) -> tuple[str, ...]:
    """One slip in every word over four letters: a wrong key, one missed, or one twice."""
    draw = seeded(text)

    def slip(word: str) -> str:
        if len(word) <= 4:
            return word
        at = draw.randrange(1, len(word))
        wrong = draw.choice(_NEIGHBOURS[word[at].lower()])
        return word[:at] + draw.choice((wrong, "", word[at] * 2)) + word[at + 1 :]

    return (_each_word(text, slip),)


def swapped_neighbours(text: str, _: Material) -> tuple[str, ...]:
    """Two letters that stand side by side change places in every word over four letters."""
    draw = seeded(text)

    def swap(word: str) -> str:
        places = [i for i in range(1, len(word) - 1) if word[i] != word[i + 1]]
        if len(word) <= 4 or not places:
            return word
        at = draw.choice(places)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return (_each_word(text, swap),)


def dropped_vowels(text: str, _: Material) -> tuple[str, ...]:
    """A third of the words that can lose their inner vowels lose them."""
    return (_some_words(text, lambda word: word[0] + re.sub("[aeiou]", "", word[1:]), 4),)


def text_speak(text: str, _: Material) -> tuple[str, ...]:
    """Short forms for common words, and -in for -ing."""

    def short(word: str) -> str:
        return _TEXT_SPEAK.get(word) or re.sub("(?<=[a-z]{3})ing$", "in", word)

    return (_each_word(text, short),)


def capitals(text: str, _: Material) -> tuple[str, ...]:
    """All capitals."""
    return (text.upper(),)


def in_full(text: str, _: Material) -> tuple[str, ...]:
    """Capitals, apostrophes and a full stop, as school would have it."""
    proper = _each_word(text, lambda word: _IN_FULL.get(word, word))
    return (f"{proper[0].upper()}{proper[1:]}.",)


def no_punctuation(text: str, material: Material) -> tuple[str, ...]:
    """The same written in full, but with no marks at all."""
    return (re.sub(r"[^\w\s]", "", in_full(text, material)[0]),)


def stretched(text: str, _: Material) -> tuple[str, ...]:
    """A third of the words are drawn out on their last vowel."""
    return (_some_words(text, lambda word: re.sub("([aeiou])(?=[^aeiou]*$)", r"\1" * 4, word), 3),)


def digits_in_key(text: str, material: Material) -> tuple[str, ...]:
    """4, 3, 1 and 0 for a, e, i and o in the key word."""
    return (_in_key(text, material, lambda word: word.translate(_DIGITS)),)


def spaced_key(text: str, material: Material) -> tuple[str, ...]:
    """The key word with a space between its letters."""
    return (_in_key(text, material, " ".join),)


def asterisk_in_key(text: str, material: Material) -> tuple[str, ...]:
    """An asterisk for the first vowel after the first letter of the key word."""
    return (
        _in_key(text, material, lambda word: word[0] + re.sub("[aeiouy]", "*", word[1:], count=1)),
    )


def emoji_added(text: str, _: Material) -> tuple[str, ...]:
    """Three emoji that carry none of the meaning: one within, two at the end."""
    draw = seeded(text)
    words = text.split(" ")
    words.insert(draw.randrange(1, len(words)), draw.choice(_EMOJI))
    return (" ".join([*words, draw.choice(_EMOJI) + draw.choice(_EMOJI)]),)


def zero_width(text: str, _: Material) -> tuple[str, ...]:
    """An unseen character within every word."""
    return (_each_word(text, lambda word: word[:1] + _ZERO_WIDTH + word[1:]),)


def look_alikes(text: str, _: Material) -> tuple[str, ...]:
    """Cyrillic letters that look the same, in every word."""
    return (text.translate(_LOOK_ALIKES),)


def exchanged(text: str, material: Material) -> tuple[str, ...]:
    """Another person, name or place."""
    old, new = material.swap
    return (re.sub(rf"\b{old}\b", new, text, count=1),)


def greeted(text: str, _: Material) -> tuple[str, ...]:
    """Hello first."""
    return (seeded(text).choice(_GREETINGS) + text,)


def thanked(text: str, _: Material) -> tuple[str, ...]:
    """Thanks after."""
    return (text + seeded(text).choice(_THANKS),)


def buried_in_60_words(text: str, material: Material) -> tuple[str, ...]:
    """At the start, in the middle and at the end of the same 60 harmless words."""
    return _buried(text, material.filler, lambda said: len(said.split()) >= 60)


def buried_in_300_words(text: str, material: Material) -> tuple[str, ...]:
    """At the start, in the middle and at the end of the same 300 harmless words."""
    return _buried(text, material.filler, lambda said: len(said.split()) >= 300)


def buried_in_2000_characters(text: str, material: Material) -> tuple[str, ...]:
    """At the start, in the middle and at the end; 2,000 characters with the message."""
    return _buried(text, material.filler, lambda said: len(said) + len(text) >= 1900)


CHANGES: dict[str, Change] = {
    change.__name__: change
    for change in (
        typos,
        swapped_neighbours,
        dropped_vowels,
        text_speak,
        capitals,
        in_full,
        no_punctuation,
        stretched,
        digits_in_key,
        spaced_key,
        asterisk_in_key,
        emoji_added,
        zero_width,
        look_alikes,
        exchanged,
        greeted,
        thanked,
        buried_in_60_words,
        buried_in_300_words,
        buried_in_2000_characters,
    )
}


def _each_word(text: str, change: Callable[[str], str]) -> str:
    return re.sub("[a-z]+", lambda found: change(found[0]), text)


def _some_words(text: str, change: Callable[[str], str], least: int) -> str:
    """Changes a third of the words, of those with ``least`` letters that would be changed."""
    words = text.split(" ")
    able = [
        place
        for place, word in enumerate(words)
        if len(word) >= least and word.isalpha() and change(word) != word
    ]
    for place in seeded(text).sample(able, min(len(able), max(1, len(words) // 3))):
        words[place] = change(words[place])
    return " ".join(words)


def _in_key(text: str, material: Material, change: Callable[[str], str]) -> str:
    return re.sub(rf"\b{material.key}\b", lambda found: change(found[0]), text)


def _buried(text: str, filler: tuple[str, ...], enough: Callable[[str], bool]) -> tuple[str, ...]:
    said: list[str] = []
    for sentence in _endless(filler, seeded(text)):
        said.append(sentence)
        if enough(" ".join(said)):
            break
    told = f"{text}."
    half = len(said) // 2
    ways = ([told, *said], [*said[:half], told, *said[half:]], [*said, told])
    return tuple(" ".join(way) for way in ways)


def _endless(filler: tuple[str, ...], draw: Random) -> Iterator[str]:
    while True:
        yield from draw.sample(filler, len(filler))
