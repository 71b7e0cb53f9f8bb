"""Finds the phrase patterns of data/safeguarding; what a find means is left to context."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from safeguarding.template import Part, Phrases
from safeguarding.written import Line, load_groups, load_lines

_NEAR = 25
_MOST_FINDS = 12
_UNKNOWN = "_"
_RANGE = re.compile(r"#(\d+)-(\d+)(?: (.+))?")
_BOUNDARIES = frozenset({".", "?"})
_CALLS = frozenset(
    {"please", "help", "me", "now", "oh", "god", "hi", "hello", "hey", "quick", "just"}
)
_AROUND_ALONE = _BOUNDARIES | _CALLS


@dataclass(frozen=True)
class Find:
    """A pattern found: words ``start`` to ``end`` (exclusive) of the message.

    ``reach`` is that of its line: how far off a look-alike speaks against a find.
    ``sure``: it counts whatever the model holds.
    """

    name: str
    look_alike: bool
    level: int | None
    start: int
    end: int
    gaps: tuple[tuple[int, int], ...]
    reach: int = 0
    sure: bool = False


@dataclass(frozen=True)
class _Rule:
    line: Line
    parts: tuple[tuple[tuple[int, int], ...], ...]
    anchors: frozenset[int]


_Places = dict[int, dict[int, list[int]]]


class Patterns:
    """All patterns of a folder, ready to be looked for.

    Literal phrases go through spaCy's PhraseMatcher, on a bare vocabulary (the features of
    ``spacy.blank`` cost most of the load and are not used); steps and gaps are put together
    from its finds. Words no pattern knows are replaced before spaCy sees them, so its store of
    strings never grows and never holds what a young person wrote.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        """Compiles the lines; see ``load``."""
        self._vocab = Vocab()
        self._anchors: dict[Phrases, int] = {}
        self._rules = [self._compile(line, parts) for line in lines for parts in line.ways]
        self._ranges: list[tuple[int, int, list[str], int]] = []
        self._owners: dict[int, list[int]] = {}
        by_phrase: dict[str, list[int]] = {}
        for phrases, anchor in self._anchors.items():
            for phrase in phrases:
                numbers = _RANGE.fullmatch(phrase)
                if numbers:
                    tail = (numbers[3] or "").split()
                    self._ranges.append((int(numbers[1]), int(numbers[2]), tail, anchor))
                else:
                    by_phrase.setdefault(phrase, []).append(anchor)
        self._matcher = PhraseMatcher(self._vocab, attr="ORTH")
        self.words = frozenset(word for phrase in by_phrase for word in phrase.split())
        for phrase, anchors in by_phrase.items():
            self._owners[self._vocab.strings.add(phrase)] = anchors
            self._matcher.add(phrase, [self._doc(phrase.split())])
        self.phrases = len(by_phrase)
        self.lines = len(lines)

    @classmethod
    def load(cls, folder: Path, signals: Mapping[str, int]) -> Patterns:
        """Reads groups.yml, context.yml and patterns/*.yml. Raises ``SafeguardingError``."""
        groups = load_groups(folder / "groups.yml")
        lines = load_lines(folder / "context.yml", groups, None)
        for file in sorted((folder / "patterns").glob("*.yml")):
            lines.extend(load_lines(file, groups, signals))
        return cls(lines)

    def find(self, words: Sequence[str]) -> list[Find]:
        """Every find in a message of normalised words, at most a dozen of each pattern."""
        places = self._places(words)
        if not places:
            return []
        present = places.keys()
        ends = [i for i, word in enumerate(words) if word in _BOUNDARIES]
        finds: list[Find] = []
        for rule in self._rules:
            if rule.anchors <= present:
                for number, (start, end, gaps) in enumerate(_spans(rule, places, ends)):
                    if number == _MOST_FINDS:
                        break
                    line = rule.line
                    if line.alone and not _alone(words, start, end):
                        continue
                    about = (line.name, line.look_alike, line.level)
                    finds.append(Find(*about, start, end, gaps, line.reach, line.sure))
        return finds

    def _compile(self, line: Line, parts: tuple[Part, ...]) -> _Rule:
        steps = tuple(
            tuple(
                (self._anchors.setdefault(step.phrases, len(self._anchors)), step.gap)
                for step in part
            )
            for part in parts
        )
        return _Rule(line, steps, frozenset(anchor for part in steps for anchor, _ in part))

    def _doc(self, words: Sequence[str]) -> Doc:
        return Doc(self._vocab, words=list(words))

    def _places(self, words: Sequence[str]) -> _Places:
        places: _Places = {}
        known = [word if word in self.words else _UNKNOWN for word in words]
        for key, start, end in self._matcher(self._doc(known)):
            for anchor in self._owners[key]:
                places.setdefault(anchor, {}).setdefault(start, []).append(end)
        for index, word in enumerate(words):
            if word.isdigit() and len(word) < 5:
                for low, high, tail, anchor in self._ranges:
                    end = index + 1 + len(tail)
                    if low <= int(word) <= high and list(words[index + 1 : end]) == tail:
                        places.setdefault(anchor, {}).setdefault(index, []).append(end)
        return places


def _alone(words: Sequence[str], start: int, end: int) -> bool:
    """Whether nothing but sentence marks and calling out stands around these words."""
    return _AROUND_ALONE.issuperset(words[:start]) and _AROUND_ALONE.issuperset(words[end:])


_Gaps = tuple[tuple[int, int], ...]


def _spans(rule: _Rule, places: _Places, ends: list[int]) -> Iterator[tuple[int, int, _Gaps]]:
    first = _part_spans(rule.parts[0], places, ends)
    if len(rule.parts) == 1:
        yield from first
        return
    rest = [list(_part_spans(part, places, ends)) for part in rule.parts[1:]]
    for start, end, gaps in first:
        low, high = start, end
        for others in rest:
            near = [o for o in others if o[0] - high <= _NEAR and low - o[1] <= _NEAR]
            near = [o for o in near if o[1] <= low or o[0] >= high]
            if not near:
                break
            closest = min(near, key=lambda o: max(o[0] - high, low - o[1]))
            low, high = min(low, closest[0]), max(high, closest[1])
        else:
            yield low, high, gaps


def _part_spans(
    steps: tuple[tuple[int, int], ...], places: _Places, ends: list[int]
) -> Iterator[tuple[int, int, _Gaps]]:
    for start, finishes in places[steps[0][0]].items():
        for finish in finishes:
            found = _follow(steps, 1, finish, places, ends)
            if found is not None:
                yield start, found[0], found[1]


def _follow(
    steps: tuple[tuple[int, int], ...], step: int, end: int, places: _Places, ends: list[int]
) -> tuple[int, _Gaps] | None:
    if step == len(steps):
        return end, ()
    anchor, gap = steps[step]
    where = places[anchor]
    next_mark = bisect.bisect_left(ends, end)
    limit = ends[next_mark] if next_mark < len(ends) else end + gap
    for start in range(end, min(end + gap, limit) + 1):
        for finish in where.get(start, ()):
            found = _follow(steps, step + 1, finish, places, ends)
            if found is not None:
                skipped = ((end, start),) if start > end else ()
                return found[0], skipped + found[1]
    return None
