"""Tells which language a message is in, and finds level 4 phrases in ten of them; what is then
said is left to policy."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from language.normalise import Reading
from language.textspeak import TextSpeak
from safeguarding.assessment import Signal
from safeguarding.errors import SafeguardingError
from safeguarding.foreign import STOP, Hit, Phrase, PhraseBook, Word, words_of
from safeguarding.template import TemplateError
from safeguarding.written import load_table

ENGLISH, OTHER = "en", "other"
CODES = ("pl", "ro", "ur", "pa", "ar", "cy", "sq", "vi", "fr", "es")
WORDINGS = ("not_read", "not_read_again", "tap", "lines")
_IN_DANGER = 4
_FEW_LETTERS = 4
_NAMED = 4  # a word alone names its language from this many letters on
_FOUR, _SIX = 4, 6  # words; below that nothing is said of a language that is not listed
_HARDLY, _NONE = 0.15, 0.01  # share of English words in what is no English
_SURE = 0.9  # a phrase of a fixed list stands word for word in the message
_GURMUKHI, _ARABIC = "GURMUKHI", "ARABIC"
_URDU_LETTERS = frozenset("ٹڈڑںےہھۓۂ")
_NEITHER_LETTERS = frozenset("ەڕڵۆێښډړېځڅټګۍژ")
_PERSIAN_LETTERS = frozenset("پچگکی")
_OF_ONE = {
    **dict.fromkeys("łąęśźż", "pl"),
    **dict.fromkeys("șțăş", "ro"),
    **dict.fromkeys("đơư", "vi"),
    **dict.fromkeys("ŵŷ", "cy"),
    **dict.fromkeys("ñ¿¡", "es"),
    "œ": "fr",
    "ë": "sq",
}
_VIETNAMESE_MARKS = frozenset("\u0309\u031b\u0323")


@dataclass(frozen=True)
class Language:
    """One file: its English name, its small words, what is said in it, its phrases."""

    code: str
    name: str
    words: frozenset[str]
    wording: Mapping[str, str]
    phrases: tuple[Phrase, ...]

    @classmethod
    def load(cls, file: Path, signals: Mapping[str, int]) -> Self:
        """``signals``: level by id. Raises ``SafeguardingError`` with file and line."""
        code = file.stem
        said: dict[str, str] = {}
        phrases: list[Phrase] = []
        allowed = {"name", "words", *(WORDINGS if code in CODES else ())}
        for line, row in load_table(file):
            if len(row) != 1:
                raise SafeguardingError.at(file, line, "one name with its text was expected")
            ((key, text),) = row.items()
            if signals.get(key) == _IN_DANGER and code in CODES:
                try:
                    phrases.append(Phrase.parse(code, key, text))
                except TemplateError as error:
                    raise SafeguardingError.at(file, line, str(error)) from None
            elif key not in allowed or key in said:
                problem = "is there twice" if key in said else "is not a level 4 signal or a text"
                raise SafeguardingError.at(file, line, f"{key} {problem}")
            else:
                said[key] = text
        for key in sorted(allowed - said.keys()):
            raise SafeguardingError.at(file, None, f"{key} is missing")
        words = frozenset(word.text for word in words_of(said.pop("words"))) - {STOP}
        return cls(code, said.pop("name"), words, said, tuple(phrases))


@dataclass(frozen=True)
class Heard:
    """The language of a message ("en", a code or "other") and the signals of its phrases."""

    language: str
    signals: tuple[Signal, ...]

    @property
    def read(self) -> bool:
        """Whether it is English; anything else counts as not read, never as safe."""
        return self.language == ENGLISH


class Languages:
    """All languages of data/safeguarding/languages."""

    def __init__(self, languages: Sequence[Language], further_english: frozenset[str]) -> None:
        """``further_english``: words of the English patterns, as normalised."""
        by_code = {language.code: language for language in languages}
        speak = TextSpeak.default()
        more = " ".join([*further_english, *speak.words, *speak.plain])
        self._english = by_code.pop(ENGLISH).words | {word.text for word in words_of(more)}
        self._words = {
            code: language.words.union(
                *(phrase.words - self._english for phrase in language.phrases)
            )
            for code, language in by_code.items()
        }
        self._book = PhraseBook([phrase for each in languages for phrase in each.phrases])
        self.by_code = {code: by_code[code] for code in CODES}

    @classmethod
    def load(
        cls, folder: Path, signals: Mapping[str, int], english: frozenset[str] = frozenset()
    ) -> Self:
        """Loads data/safeguarding/languages. Raises ``SafeguardingError`` with file and line."""
        codes = (ENGLISH, OTHER, *CODES)
        return cls([Language.load(folder / f"{code}.yml", signals) for code in codes], english)

    @property
    def names(self) -> dict[str, str]:
        """What each of them is called in English, by code."""
        return {code: language.name for code, language in self.by_code.items()}

    def hear(self, reading: Reading) -> Heard:
        """The language of a message, and what its phrases say; never raises."""
        words = words_of(reading.original)
        language = self._language(reading, words)
        texts = [word.text for word in words]
        hits = self._book.find(texts)
        if language == ENGLISH:
            hits = [hit for hit in hits if self._clearly(texts, hit)]
        if hits:
            counted = Counter(hit.language for hit in hits)
            if language not in counted:
                language = counted.most_common(1)[0][0]
        signals = {
            hit.signal: Signal(
                hit.signal,
                _IN_DANGER,
                _SURE,
                _quoted(reading.original, words[hit.start].start, words[hit.end - 1].end),
            )
            for hit in sorted(hits, key=lambda hit: hit.language == language)
        }
        return Heard(language, tuple(signals.values()))

    def _clearly(self, texts: list[str], hit: Hit) -> bool:
        """Whether a phrase counts among English: "me suit" may be what it seems."""
        foreign = sum(text not in self._english for text in texts[hit.start : hit.end])
        return foreign >= 2 or (hit.end - hit.start) * 2 > len(texts)

    def _language(self, reading: Reading, words: list[Word]) -> str:
        original = reading.original
        script = _other_script(original)
        if script:
            behind = [word for word in map(_plain, reading.text.split()) if len(word) > 1]
            english = sum(len(word) for word in behind if word in self._english)
            if english * 2 > sum(map(str.isalpha, original)):
                return ENGLISH  # look-alike letters: normalising found English behind them
            return self._of_script(script, original, {word.text for word in words})
        return self._of_latin(original, words)

    def _of_script(self, script: str, original: str, words: set[str]) -> str:
        if script == _GURMUKHI:
            return "pa"
        letters = set(original)
        if script != _ARABIC or letters & _NEITHER_LETTERS:
            return OTHER
        urdu, arabic = (len(words & self._words[code]) for code in ("ur", "ar"))
        if letters & _URDU_LETTERS:
            return "ur"
        if letters & _PERSIAN_LETTERS and urdu <= arabic:
            return OTHER
        return "ur" if urdu > arabic else "ar"

    def _of_latin(self, original: str, words: list[Word]) -> str:
        plain = [word for word in words if len(word.text) > 1 and not word.text.isdigit()]
        texts = [word.text for word in plain]
        if not texts:
            return ENGLISH
        known = [text in self._english for text in texts]
        marks = Counter(
            language
            for word, is_english in zip(plain, known, strict=True)
            if not is_english
            for language in _marked(original[word.start : word.end])
        )
        best, most, english_then = ENGLISH, 0.0, 0.0
        for code, small in self._words.items():
            own = sum(t in small and not k for t, k in zip(texts, known, strict=True))
            shared = sum(t in small and k for t, k in zip(texts, known, strict=True))
            unknown = len(texts) - sum(known) - own if own >= 2 else 0
            score = own + (shared + unknown) / 2 + marks[code]
            english = sum(known) - shared / 2
            if self._enough(own + marks[code], score, english, texts) and score > most:
                best, most, english_then = code, score, english
        if most > english_then:
            return best
        if len(texts) >= 3 and not any(known):
            of_any = Counter(
                code for code, small in self._words.items() for text in texts if text in small
            )
            if of_any:
                return of_any.most_common(1)[0][0]
        strange = sum(known) / len(texts) < (_HARDLY if len(texts) >= _SIX else _NONE)
        if len(texts) >= _FOUR and strange and _spelled(texts):
            return OTHER
        return ENGLISH

    def _enough(self, own: int, score: float, english: float, texts: list[str]) -> bool:
        if len(texts) < 3:
            return own == len(texts) and any(len(text) >= _NAMED for text in texts)
        return own >= 2 and score > english


def _spelled(texts: list[str]) -> bool:
    """Whether most words have vowels; English with the vowels left out is not another language."""
    return sum(bool(set(text) & set("aeiou")) for text in texts) * 2 > len(texts)


def _plain(word: str) -> str:
    folded = words_of(word)
    return folded[0].text if folded else word


def _marked(word: str) -> set[str]:
    """The languages whose own letters are in a word."""
    found = {_OF_ONE[letter] for letter in word.lower() if letter in _OF_ONE}
    if _VIETNAMESE_MARKS & set(unicodedata.normalize("NFD", word)):
        found.add("vi")
    return found


def _other_script(original: str) -> str | None:
    """The script of most letters, in Unicode's word, if it is not Latin."""
    letters = [character for character in original if character.isalpha()]
    if len(letters) < _FEW_LETTERS and not (letters and all(ord(c) > 0x24F for c in letters)):
        return None
    other = [c for c in letters if ord(c) > 0x24F and not _is_latin(c)]
    if len(other) * 2 <= len(letters):
        return None
    scripts = Counter(unicodedata.name(c, "?").split()[0] for c in other)
    return scripts.most_common(1)[0][0]


def _is_latin(character: str) -> bool:
    return all(
        ord(part) < 0x250 or unicodedata.category(part) == "Mn"
        for part in unicodedata.normalize("NFKD", character)
    )


def _quoted(original: str, start: int, end: int) -> str:
    return original[start:end].encode("utf-8", "replace").decode("utf-8").strip()
