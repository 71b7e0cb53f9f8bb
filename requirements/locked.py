"""Reads a locked file: each package with its one version and the hashes it may have."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pip_requirements_parser import InstallRequirement, RequirementsFile

FOLDER: Final = Path(__file__).resolve().parent
FILES: Final = ("service", "bot", "test", "model", "tools")
SHA256: Final = "sha256:"


class NotLocked(Exception):
    """A line names no single version, or no hash; the message is one sentence."""


@dataclass(frozen=True)
class Package:
    """One locked package; `hashes` are SHA-256 in hex, one for each file that may be installed."""

    name: str
    version: str
    hashes: tuple[str, ...]


def read(file: Path) -> tuple[Package, ...]:
    """Returns what a locked file holds, in its order. Raises NotLocked."""
    parsed = RequirementsFile.from_file(str(file))
    if parsed.options or parsed.invalid_lines:
        raise NotLocked(f"{file.name} holds a line that is no locked package.")
    if not parsed.requirements:
        raise NotLocked(f"{file.name} locks no package.")
    return tuple(_package(file, requirement) for requirement in parsed.requirements)


def _package(file: Path, requirement: InstallRequirement) -> Package:
    hashes = tuple(requirement.hash_options or ())
    try:
        version = str(Version(requirement.get_pinned_version or ""))
    except InvalidVersion:
        raise NotLocked(f"{file.name}: {requirement.name} is not locked to one version.") from None
    if not hashes or not all(each.startswith(SHA256) for each in hashes):
        raise NotLocked(f"{file.name}: {requirement.name} has no hash.")
    plain = tuple(each.removeprefix(SHA256) for each in hashes)
    return Package(canonicalize_name(requirement.name), version, plain)
