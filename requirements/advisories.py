"""What pip-audit says, read from its JSON; what is to be made of it is left to `audit`."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError


class NotAudited(Exception):
    """Nothing can be said about advisories; the message is one sentence."""


@dataclass(frozen=True)
class Advisory:
    """One advisory of one package; `ids` are all names it goes by, `mended` the first version
    without it or nothing."""

    package: str
    version: str
    name: str
    ids: frozenset[str]
    mended: str


@dataclass(frozen=True)
class Report:
    """Which packages were audited, which were skipped, and what was found."""

    audited: frozenset[str]
    skipped: frozenset[str]
    advisories: tuple[Advisory, ...]


class _Vulnerability(BaseModel):
    id: str
    fix_versions: list[str]
    aliases: list[str]


class _Dependency(BaseModel):
    name: str
    version: str | None = None
    vulns: list[_Vulnerability] | None = None
    skip_reason: str | None = None


class _Output(BaseModel):
    dependencies: list[_Dependency]


def read_report(output: str) -> Report:
    """Returns what pip-audit wrote. Raises NotAudited for anything of another shape."""
    try:
        told = _Output.model_validate_json(output).dependencies
    except ValidationError:
        raise NotAudited("pip-audit did not write what it should.") from None
    skipped = {each.name: each for each in told if each.vulns is None or each.version is None}
    audited = {each.name: each for each in told if each.name not in skipped}
    return Report(frozenset(audited), frozenset(skipped), tuple(_advisories(audited)))


def _advisories(audited: Mapping[str, _Dependency]) -> list[Advisory]:
    return [
        Advisory(
            package=name,
            version=each.version or "",
            name=found.id,
            ids=frozenset({found.id, *found.aliases}),
            mended=next(iter(found.fix_versions), ""),
        )
        for name, each in audited.items()
        for found in each.vulns or ()
    ]
