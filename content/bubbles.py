"""Length, reading grade and tone of every bubble (topics.md, "Reading and length rules")."""

from __future__ import annotations

import re
from collections.abc import Iterator

import textstat  # type: ignore[import-untyped]

from content.faults import Fault
from content.project import Project, Reply
from helpline.facts import NAMED, FactsError

MOST_WORDS, LONGEST_SENTENCE, MEAN_SENTENCE, GRADE, MOST_BUTTONS = 45, 18, 11.0, 5.0, 4
LONGEST_TITLE = 26  # characters: what a phone shows in one line
_SENTENCE_END = re.compile(r"(?<=[.?!])[\"”]?\s+")
_NUMBER = re.compile(r"\b(?:999|101|111|116 \d{3}|0\d[\d ]{6,}\d|\d{5})\b")
_SLOT = re.compile(r"\{([a-z_]+)\}")
_PLAIN_NUMBER = re.compile(r"\d[\d ]*\d")


def check(project: Project) -> Iterator[Fault]:
    """Yields what is wrong with each bubble alone."""
    filled_by_forms = {
        slot
        for form in (project.domain.get("forms") or {}).values()
        for slot in form["required_slots"]
    }
    for reply in project.replies:
        for problem in problems(project, reply):
            yield Fault(reply.where, f"{reply.name}: {problem}")
        for slot in _SLOT.findall(reply.text):
            if slot not in filled_by_forms:
                yield Fault(reply.where, f"{reply.name}: nothing fills {{{slot}}}.")


def problems(project: Project, reply: Reply) -> Iterator[str]:
    """What is wrong with how one bubble is written, a sentence each."""
    if not reply.text:
        yield "it has no text."
        return
    for number in _NUMBER.findall(reply.text):
        yield f'"{number}" is typed; name the fact instead, such as [S21 phone].'
    try:
        said = project.said(reply)
    except FactsError as error:
        yield str(error)
        return
    yield from _length(said)
    yield from _tone(project, NAMED.sub("", reply.text))
    if len(reply.buttons) > MOST_BUTTONS:
        yield f"{len(reply.buttons)} buttons; at most {MOST_BUTTONS}."
    for button in reply.buttons:
        if not 0 < len(button.title) <= LONGEST_TITLE:
            yield f'the button "{button.title}" is longer than {LONGEST_TITLE} letters.'


def _length(said: str) -> Iterator[str]:
    parts = sentences(said)
    lengths = [len(part.split()) for part in parts]
    words = sum(lengths)
    if words > MOST_WORDS:
        yield f"{words} words; at most {MOST_WORDS}."
    if max(lengths) > LONGEST_SENTENCE:
        yield f"a sentence of {max(lengths)} words; at most {LONGEST_SENTENCE}."
    if words / len(parts) > MEAN_SENTENCE:
        yield f"{words / len(parts):.1f} words a sentence; at most {MEAN_SENTENCE:.0f} on average."
    grade = reading_grade(said)
    if grade > GRADE:
        yield f"reading grade {grade:.1f}; at most {GRADE:.0f}. Use shorter words and sentences."
    if sum(part.rstrip('"”').endswith("?") for part in parts) > 1:
        yield "more than one question."


def _tone(project: Project, written: str) -> Iterator[str]:
    for avoided in project.avoided:
        found = avoided.pattern.search(written)
        if found:
            yield f'do not write "{found[0]}": {avoided.instead}'


def sentences(text: str) -> list[str]:
    """The sentences of a text; a full stop inside an address or a number ends none."""
    return [part for part in _SENTENCE_END.split(text.strip()) if part]


def reading_grade(text: str) -> float:
    """Flesch–Kincaid school grade (Kincaid and others, 1975): sentences ours, syllables textstat's.

    textstat leaves out sentences of one or two words, which would make a plain text look hard. A
    telephone number counts as one short word: it is tapped, not read.
    """
    plain = _PLAIN_NUMBER.sub("9", re.sub(r"\S+\.\w+/?\S*", "site", text))
    words = plain.split()
    syllables = sum(max(1, int(textstat.syllable_count(word))) for word in words)
    return 0.39 * len(words) / len(sentences(plain)) + 11.8 * syllables / len(words) - 15.59
