"""Reads the YAML files of data/safeguarding with line numbers; finding is left to patterns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from safeguarding.errors import SafeguardingError
from safeguarding.template import Part, Phrases, TemplateError, parse, phrases

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NEAR = 12
_OVERLAP = -1
_KEYS = {"says": 0, "look_alikes": _NEAR, "same_words": _OVERLAP}


@dataclass(frozen=True)
class Line:
    """One pattern: the signal or marker it shows, or the look-alike that speaks against it.

    A look-alike speaks against finds at most ``reach`` words away; -1 means that they share a
    word. ``alone``: it counts only where it is the whole message. ``sure``: it counts
    whatever the model holds, as what is alone does.
    """

    name: str
    look_alike: bool
    reach: int
    alone: bool
    sure: bool
    level: int | None
    ways: tuple[tuple[Part, ...], ...]


def load_groups(file: Path) -> dict[str, Phrases]:
    """The named groups of groups.yml; a group may use those above it."""
    groups: dict[str, Phrases] = {}
    for name, node in _mapping(file, _root(file)):
        found: set[str] = set()
        for item in _sequence(file, node):
            try:
                found |= phrases(_scalar(file, item), groups)
            except TemplateError as error:
                raise _error(file, item, str(error)) from None
        if name.value in groups:
            raise _error(file, name, f"the group {name.value} is there twice")
        groups[name.value] = frozenset(found)
    return groups


def load_lines(
    file: Path, groups: Mapping[str, Phrases], signals: Mapping[str, int] | None
) -> list[Line]:
    """The patterns of one file.

    With ``signals`` (id to level) the keys must be signals; without, they are names of markers.
    Raises ``SafeguardingError`` with file and line.
    """
    lines: list[Line] = []
    for name, node in _mapping(file, _root(file)):
        if signals is None:
            lines.extend(_line(file, item, name.value, groups) for item in _sequence(file, node))
            continue
        if name.value not in signals:
            raise _error(file, name, f"{name.value} is not a signal of signals.yml")
        for key, items in _mapping(file, node):
            if key.value not in _KEYS:
                problem = f"says, look_alikes or same_words was expected, not {key.value}"
                raise _error(file, key, problem)
            for item in _sequence(file, items):
                lines.append(_line(file, item, name.value, groups, key.value))
    return lines


def load_table(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a YAML list of mappings, each with its line."""
    for item in _sequence(file, _root(file)):
        row = {key.value: _scalar(file, value) for key, value in _mapping(file, item)}
        yield item.start_mark.line + 1, row


def load_words(file: Path) -> dict[str, str]:
    """The keys and texts of a YAML mapping of texts."""
    return {key.value: _scalar(file, value) for key, value in _mapping(file, _root(file))}


def _line(
    file: Path, item: Node, name: str, groups: Mapping[str, Phrases], key: str = "says"
) -> Line:
    level: int | None = None
    alone = sure = False
    template = item
    if isinstance(item, MappingNode):
        given = {key.value: value for key, value in _mapping(file, item)}
        if "say" not in given or given.keys() - {"say", "level", "alone", "sure"}:
            raise _error(file, item, "say and, if need be, level, alone and sure were expected")
        template = given["say"]
        if "level" in given:
            level = _level(file, given["level"])
        alone, sure = (
            name in given and _scalar(file, given[name]) == "yes" for name in ("alone", "sure")
        )
    try:
        ways = parse(_scalar(file, template), groups)
    except TemplateError as error:
        raise _error(file, template, str(error)) from None
    return Line(name, key != "says", _KEYS[key], alone, alone or sure, level, tuple(ways))


def _level(file: Path, node: Node) -> int:
    value = _scalar(file, node)
    if value not in {"1", "2", "3", "4"}:
        raise _error(file, node, f"a level is 1 to 4, not {value}")
    return int(value)


def _root(file: Path) -> Node:
    try:
        node = yaml.compose(file.read_text("utf-8"), Loader=_LOADER)
    except OSError as error:
        raise SafeguardingError.at(file, None, f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise SafeguardingError.at(file, None, "is not UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise SafeguardingError.at(file, line, f"is not YAML ({error.problem})") from None
    except yaml.YAMLError:
        raise SafeguardingError.at(file, None, "is not YAML") from None
    if node is None:
        raise SafeguardingError.at(file, 1, "is empty")
    return node


def _mapping(file: Path, node: Node) -> list[tuple[ScalarNode, Node]]:
    if not isinstance(node, MappingNode):
        raise _error(file, node, "names with something under them were expected")
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, ScalarNode):
            raise _error(file, key, "a plain name was expected")
        if key.value in seen:
            raise _error(file, key, f"{key.value} is there twice")
        seen.add(key.value)
    return list(node.value)


def _sequence(file: Path, node: Node) -> list[Node]:
    if not isinstance(node, SequenceNode):
        raise _error(file, node, "a list was expected")
    return list(node.value)


def _scalar(file: Path, node: Node) -> str:
    if not isinstance(node, ScalarNode):
        raise _error(file, node, "a text was expected")
    return str(node.value)


def _error(file: Path, node: Node, problem: str) -> SafeguardingError:
    return SafeguardingError.at(file, node.start_mark.line + 1, problem)
