"""Reads a message as a person would, however it is typed; what it means is left to others."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from language.textspeak import TextSpeak

_MARK = re.compile(r"[.!?\n]+|[a-z0-9£$@&](?:[a-z0-9£$@*'!|#]*[a-z0-9£$@])?")
_SPACED = re.compile(r"(?<![a-z0-9'])[a-z](?:([ .\-_*])[a-z])(?:\1[a-z])*(?![a-z0-9'])")
_STRETCH = re.compile(r"([a-z])\1{2,}")
_LEET_SHAPE = re.compile(r"(?=.*[a-z])(?=.*[0134578@$])[a-z0-9@$]{3,}")
_PLAIN_NUMBER = re.compile(r"[£$]?\d+[a-z]{0,4}|[a-z]{1,3}\d+")
_DROPPED_G = re.compile(r"[a-z]{2,}[^aeu]in")
_BEGUN = re.compile(r"[^aeiou0-9]{1,2}")  # what no sentence ends with: an "!" behind it is an i
_SHORT_LEET = re.compile(r"0[fhknr]|[dgnst]0")
_LEET = str.maketrans("0134578@$", "oieastbas")
_BARS = str.maketrans("!|", "il")
_ONE_WORD = 4
_APOSTROPHES = "'’‘`´ʼ′＇"

Span = tuple[int, int]


@dataclass(frozen=True)
class Reading:
    """A message as read.

    ``text`` is lower-case words and sentence marks (``.`` and ``?``) with one space between them;
    contractions and text-speak are written out, so it holds no apostrophe. ``offsets`` has one
    ``(start, end)`` for each character of ``text``: the characters of ``original`` it stands for.
    """

    original: str
    text: str
    offsets: tuple[Span, ...]

    def quote(self, start: int, end: int) -> str:
        """The original words behind ``text[start:end]``, safe to encode as UTF-8."""
        if start >= end or not self.offsets:
            return ""
        first = self.offsets[start][0]
        last = self.offsets[min(end, len(self.offsets)) - 1][1]
        words = self.original[first:last]
        return words.encode("utf-8", "replace").decode("utf-8").strip()


def read(text: str) -> Reading:
    """Reads any string, lone surrogates included; never raises. Linear in its length."""
    folded, spans = _fold(text)
    speak = TextSpeak.default()
    pieces = _pieces(folded, speak)
    words: list[str] = []
    offsets: list[Span] = []
    for number, (piece, start, end) in enumerate(pieces):
        following = pieces[number + 1][0] if number + 1 < len(pieces) else ""
        for word in _write_out(piece, following, speak):
            whole = (spans[start][0], spans[end - 1][1])
            if words:
                offsets.append((whole[0], whole[0]))
            words.append(word)
            if word == folded[start:end]:
                offsets.extend(spans[start:end])
            else:
                offsets.extend([whole] * len(word))
    return Reading(text, " ".join(words), tuple(offsets))


def _fold(text: str) -> tuple[str, list[Span]]:
    """Plain lower-case letters, and for each the span of the original it came from."""
    if text.isascii():
        lowered = text.lower().replace("\r", " ").replace("\0", " ")
        return lowered, [(i, i + 1) for i in range(len(lowered))]
    letters: list[str] = []
    spans: list[Span] = []
    for index, character in enumerate(text):
        plain = _plain(character)
        if not plain and spans:
            spans[-1] = (spans[-1][0], index + 1)
        letters.append(plain)
        spans.extend([(index, index + 1)] * len(plain))
    return "".join(letters), spans


@lru_cache(maxsize=2048)
def _plain(character: str) -> str:
    """One character folded: a plain letter, a named emoji, a space, or nothing."""
    if character in _APOSTROPHES:
        return "'"
    category = unicodedata.category(character)
    if category in {"Cs", "Cc", "Co", "Cn", "Zs", "Zl", "Zp"}:
        return "\n" if character in "\n\u2028\u2029\x85" else " "
    speak = TextSpeak.default()
    if category in {"Mn", "Me", "Cf"}:
        return ""
    if character in speak.emoji:
        return f" {speak.emoji[character]} "
    kept = []
    for part in unicodedata.normalize("NFKD", character.lower()):
        if unicodedata.category(part) in {"Mn", "Me", "Cf"}:
            continue
        kept.append(speak.letters.get(part, part))
    return "".join(kept).lower() or " "


def _pieces(folded: str, speak: TextSpeak) -> list[tuple[str, int, int]]:
    """Words and sentence marks with their place in the folded text; spelled-out words joined."""
    joined: dict[int, tuple[int, list[str]]] = {}
    runs = [(run, _spelled_out(run.group(), speak)) for run in _SPACED.finditer(folded)]
    if any(words and max(map(len, words)) >= 3 for _, words in runs):
        for run, words in runs:
            if words and max(map(len, words)) >= 2:
                joined[run.start()] = (run.end(), words)
    pieces: list[tuple[str, int, int]] = []
    position = 0
    for start in [*sorted(joined), len(folded)]:
        for found in _MARK.finditer(folded, position, start):
            pieces.append((found.group(), found.start(), found.end()))
        if start in joined:
            position, words = joined[start]
            pieces.extend((word, start, position) for word in words)
    return pieces


def _spelled_out(run: str, speak: TextSpeak) -> list[str]:
    """The words behind spaced letters; four or more that make no known words are one word."""
    letters = "".join(filter(str.isalpha, run))
    words = speak.split(letters)
    if words or len(letters) < _ONE_WORD:
        return words
    return ["i", letters[1:]] if letters[0] == "i" else [letters]


def _write_out(piece: str, following: str, speak: TextSpeak) -> list[str]:
    """The canonical words for one piece of the message."""
    if not piece[0].isalnum() and piece[0] not in "£$@&":
        return ["?"] if "?" in piece else ["."]
    if piece in {"2", "4"}:
        number = following in speak.counted or not following[:1].isalpha()
        return [piece] if number else [{"2": "to", "4": "for"}[piece]]
    if piece in speak.words:
        return speak.words[piece]
    if "'" in piece:
        return _contraction(piece, speak)
    if any(mark in piece for mark in "*!|#"):
        return _unmasked(piece, speak)
    return _respelled(piece, speak)


def _unmasked(piece: str, speak: TextSpeak) -> list[str]:
    hidden = speak.unmask(piece)
    if hidden is not None:
        return speak.words.get(hidden, [hidden])
    parts = [part for part in re.split(r"[!|]+", re.sub(r"[*#]+", "", piece)) if part]
    known = [part in speak.plain or part in speak.words or part.isdigit() for part in parts]
    if parts and not all(known) and _BEGUN.fullmatch(parts[0]):  # "k!ll", not "omg!hlp"
        return _respelled(re.sub(r"[*#]+", "", piece).translate(_BARS), speak)
    return [word for part in parts for word in _write_out(part, "", speak)]


def _respelled(piece: str, speak: TextSpeak) -> list[str]:
    """Without stretched letters, digits for letters and a dropped g."""
    plain = speak.unstretch(piece) if _STRETCH.search(piece) else piece
    leet = _LEET_SHAPE.fullmatch(plain) and not _PLAIN_NUMBER.fullmatch(plain)
    if leet or _SHORT_LEET.fullmatch(plain):
        plain = plain.translate(_LEET)
    if _DROPPED_G.fullmatch(plain) and len(plain) >= 5 and plain not in speak.ends_in_in:
        plain += "g"
    return speak.words.get(plain) or speak.split_known(plain) or [plain]


def _contraction(piece: str, speak: TextSpeak) -> list[str]:
    """Writes out ``he'll``, ``isn't``, ``mum's``; an unknown ending only loses its apostrophe."""
    stem, _, ending = piece.rpartition("'")
    stem = stem.replace("'", "")
    if piece.endswith("n't"):
        stem = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}.get(stem[:-1], stem[:-1])
        return [stem, "not"]
    if ending == "s" and stem not in speak.takes_is:
        return [stem + "s"]
    full = {"ll": "will", "re": "are", "ve": "have", "d": "would", "m": "am", "s": "is"}.get(ending)
    if full is None:
        plain = stem + ending
        return speak.words.get(plain, [plain])
    return [*speak.words.get(stem, [stem]), full]
