"""The forms that helpers fill in, read and checked from data/desk/record.yml.

What a helper answered on one is `answers`; where it is kept is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from safeguarding.signals import SignalKind

Place = tuple[str | int, ...]
"""Where something stands in a file: ("record", 1, "fields", 0)."""

SAFE_CONTACT: Final = "safe_contact"
TALK: Final = "talk"
BROKEN: Final = "broken"
VIEWS: Final = ("agree", "disagree", "questions")
NEVER: Final = ("test", "prank", "hoax")
"""Words by which no contact may be called: who tries us out is a young person (issue 5)."""
DANGER: Final = 2
"""Signals below this level are no sign of danger."""

# What the desk itself looks for, by form: the field, its kind and the choices it needs.
_NEEDED: Final[Mapping[str, tuple[tuple[str, str, tuple[str, ...]], ...]]] = {
    "record": (
        ("contact", "one", ()),
        ("categories", "categories", ()),
        ("indicators", "signals", ()),
        ("confidentiality", "one", ("kept", BROKEN)),
        ("wellbeing", "one", (TALK,)),
    ),
    "breaking": (("reason", "long", ()), ("ground", "one", ())),
}
_PROBLEMS: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "string_type": "must be text: put it in quotes",
    "string_pattern_mismatch": "must be small letters, digits and _",
    "string_too_short": "is empty",
    "too_short": "is empty",
    "string_too_long": "is too long",
    "literal_error": "must be one, many, text, long, categories or signals",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
}


class FormBroken(Exception):
    """data/desk/record.yml is wrong; the message is one sentence with the file and the line."""


Identity = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
Label = Annotated[str, Field(min_length=1, max_length=160)]
Help = Annotated[str, Field(max_length=300)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(_Part):
    """One answer to choose; with a `short` one nothing else is required."""

    id: Identity
    label: Label
    short: bool = False


class Question(_Part):
    """One field of a form; `longest` in characters, of those that are written."""

    id: Identity
    label: Label
    kind: Literal["one", "many", "text", "long", "categories", "signals"]
    help: Help = ""
    required: bool = False
    choices: tuple[Choice, ...] = ()
    longest: Annotated[int, Field(ge=1, le=4000)] | None = None

    @property
    def at_most(self) -> int:
        """The most characters that are kept of it."""
        return self.longest or (600 if self.kind == "long" else 120)

    @property
    def written(self) -> bool:
        """Whether it is answered in words, not by choosing."""
        return self.kind in {"text", "long"}

    @property
    def several(self) -> bool:
        """Whether more than one answer can be chosen."""
        return self.kind in {"many", "categories", "signals"}


class Section(_Part):
    """Fields under one title, in their order."""

    id: Identity
    title: Label
    help: Help = ""
    fields: Annotated[tuple[Question, ...], Field(min_length=1)]


class Category(_Part):
    """The upper of the two levels of categories, with those under it."""

    id: Identity
    label: Label
    parts: Annotated[tuple[Choice, ...], Field(min_length=1)]

    def chosen(self, answer: Sequence[str]) -> list[str]:
        """Those of an answer's categories that are under this one."""
        return [one for one in answer if one.startswith(f"{self.id}.")]


class Breaking(_Part):
    """What is asked when confidentiality is broken, and what a second person may answer."""

    decision: Section
    sharing: Section
    views: tuple[Choice, ...]


class SignalChoice(Choice):
    """A danger signal to tick."""

    id: str
    level: int


class Forms(_Part):
    """Every form of the desk. `signals` are not in the file: the danger signals, gravest first."""

    record: Annotated[tuple[Section, ...], Field(min_length=1)]
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    breaking: Breaking
    signals: tuple[SignalChoice, ...] = ()

    @classmethod
    def load(cls, path: Path, signals: Mapping[str, SignalKind]) -> Self:
        """Reads the file; `signals` by id. Raises FormBroken naming the file and the line."""
        try:
            root = yaml.compose(path.read_text("utf-8"), yaml.SafeLoader)
            data = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
        except (OSError, UnicodeDecodeError):
            raise FormBroken(f"{path} cannot be read.") from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f", line {mark.line + 1}" if mark else ""
            raise FormBroken(f"{path}{line}: this is not YAML.") from None
        if isinstance(data, dict) and "signals" in data:
            raise FormBroken(f"{path}: signals are not written here.")
        for place, problem in _twice(root, ()):
            raise FormBroken(f"{path}, line {_line(root, place)}: {problem}.")
        try:
            forms = cls.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            name = first["loc"][-1] if first["loc"] else "the file"
            problem = _PROBLEMS.get(first["type"], "is not as it should be")
            place = tuple(first["loc"])
            raise FormBroken(f"{path}, line {_line(root, place)}: {name} {problem}.") from None
        for place, problem in _mistakes(forms):
            raise FormBroken(f"{path}, line {_line(root, place)}: {problem}.")
        return forms.model_copy(update={"signals": _choices(signals)})

    def choices_of(self, question: Question) -> tuple[Choice, ...]:
        """What can be chosen: of categories, each with both levels ("home.hurt")."""
        if question.kind == "categories":
            return tuple(
                Choice.model_construct(id=f"{upper.id}.{part.id}", label=part.label, short=False)
                for upper in self.categories
                for part in upper.parts
            )
        return self.signals if question.kind == "signals" else question.choices

    def label_of(self, question: Question, chosen: str) -> str:
        """The words of an answer; of a category with its upper level, of an old one its id."""
        label = next((c.label for c in self.choices_of(question) if c.id == chosen), chosen)
        if question.kind == "categories":
            upper = next((u.label for u in self.categories if chosen.startswith(f"{u.id}.")), "")
            return f"{upper}: {label}" if upper else label
        return label

    def of_record(self, name: str) -> Question:
        """The field of that id in the record; the file was checked to have it."""
        return next(
            field for section in self.record for field in section.fields if field.id == name
        )


def _choices(signals: Mapping[str, SignalKind]) -> tuple[SignalChoice, ...]:
    dangers = [(key, kind) for key, kind in signals.items() if kind.level >= DANGER]
    dangers.sort(key=lambda pair: -pair[1].level)
    return tuple(
        SignalChoice(id=key, label=kind.name[:1].upper() + kind.name[1:], level=kind.level)
        for key, kind in dangers
    )


def _mistakes(forms: Forms) -> Iterator[tuple[Place, str]]:
    """What is wrong although each part by itself is right."""
    if forms.record[0].id != SAFE_CONTACT:
        yield ("record", 0), f"the first section must be {SAFE_CONTACT}"
    record: list[tuple[Place, Section]] = [
        (("record", number), section) for number, section in enumerate(forms.record)
    ]
    breaking: list[tuple[Place, Section]] = [
        (("breaking", "decision"), forms.breaking.decision),
        (("breaking", "sharing"), forms.breaking.sharing),
    ]
    yield from _mistakes_of("record", record)
    yield from _mistakes_of("breaking", breaking)
    yield from _same(("categories",), forms.categories)
    for number, category in enumerate(forms.categories):
        yield from _same(("categories", number, "parts"), category.parts)
    yield from _same(("breaking", "views"), forms.breaking.views)
    if {view.id for view in forms.breaking.views} != set(VIEWS):
        yield ("breaking", "views"), f"views must be {', '.join(VIEWS)}"


def _mistakes_of(name: str, sections: list[tuple[Place, Section]]) -> Iterator[tuple[Place, str]]:
    found: dict[str, tuple[Place, Question]] = {}
    for place, section in sections:
        for number, field in enumerate(section.fields):
            here = (*place, "fields", number)
            if field.id in found:
                yield here, f"the field {field.id} is there twice"
            found[field.id] = here, field
            yield from _mistakes_in(here, field)
    for key, kind, needed in _NEEDED[name]:
        if key not in found:
            yield sections[0][0], f"the field {key} is missing"
            return
        here, field = found[key]
        if field.kind != kind:
            yield here, f"the field {key} must be of the kind {kind}"
        for choice in set(needed) - {choice.id for choice in field.choices}:
            yield here, f"the field {key} needs the choice {choice}"


def _mistakes_in(here: Place, field: Question) -> Iterator[tuple[Place, str]]:
    chooses = field.kind in {"one", "many"}
    if chooses and not field.choices:
        yield here, f"the field {field.id} needs choices"
    if not chooses and field.choices:
        yield here, f"the field {field.id} takes no choices"
    yield from _same((*here, "choices"), field.choices)
    for number, choice in enumerate(field.choices):
        if field.id == "contact" and any(word in choice.label.lower().split() for word in NEVER):
            yield (*here, "choices", number), "a contact is never called a test"


def _same(place: Place, parts: Sequence[Choice | Category]) -> Iterator[tuple[Place, str]]:
    seen: set[str] = set()
    for number, part in enumerate(parts):
        if part.id in seen:
            yield (*place, number), f"{part.id} is there twice"
        seen.add(part.id)


def _twice(node: yaml.Node | None, place: Place) -> Iterator[tuple[Place, str]]:
    """Names that stand twice in one part, which YAML itself lets pass."""
    for name, below in _below(node):
        yield from _twice(below, (*place, name))
    if isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                yield (*place, name), f"{name} is there twice"


def _below(node: yaml.Node | None) -> Iterator[tuple[str | int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, value) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from enumerate(node.value)


def _line(root: yaml.Node | None, place: Place) -> int:
    """The line of the deepest part of `place` that the file has, counted from 1."""
    node: Any = root
    for name in place:
        inside = [below for key, below in _below(node) if key == name]
        if not inside:
            break
        node = inside[-1]
    return node.start_mark.line + 1 if node is not None else 1
