"""YAML with the line that each mapping and each text stands on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, order=True)
class Where:
    """A place in a file, as an editor looks for it."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Mapping(dict[Any, Any]):
    """A mapping that knows its line, and that of each of its values."""

    line = 0
    lines: dict[str, int]


class _Loader(yaml.CSafeLoader):
    pass


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Mapping:
    found = Mapping(loader.construct_mapping(node, deep=True))
    found.line = node.start_mark.line + 1
    found.lines = {key.value: value.start_mark.line + 1 for key, value in node.value}
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


class ContentError(Exception):
    """A file cannot be read; the message names it, and the line if there is one."""


def load(path: Path, root: Path) -> Any:
    """Reads a file; raises ContentError."""
    try:
        return yaml.load(path.read_text("utf-8"), Loader=_Loader) or Mapping()  # noqa: S506
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        where = Where(str(path.relative_to(root)), line)
        raise ContentError(f"{where}: this is not YAML ({error.problem}).") from None
    except (OSError, ValueError):
        raise ContentError(f"{path.relative_to(root)}: cannot be read.") from None
