"""Reads a file of ``data/desk``; what stands in it is left to who asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


class ToolsBroken(Exception):
    """A file of the desk's tools cannot be read; the message names the file and what is wrong."""


def read(path: Path) -> dict[str, Any]:
    """The mapping that a file holds; raises ToolsBroken."""
    try:
        document = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ToolsBroken(f"{path.name} cannot be read ({type(error).__name__}).") from None
    if not isinstance(document, dict):
        raise ToolsBroken(f"{path.name} is not a mapping.")
    return document
