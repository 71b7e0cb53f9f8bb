"""The written answers to advisories that remain: why each cannot be reached in Waymark."""

import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Final

from packaging.utils import canonicalize_name
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from requirements.advisories import Advisory
from requirements.locked import Package

FILE: Final = Path(__file__).resolve().with_name("advisories.toml")


class AnswersBroken(Exception):
    """The file of answers cannot be read; the message is one sentence."""


class Answer(BaseModel):
    """Why one advisory of one locked version cannot be reached, and when that was last checked.

    `left_out` names modules that a serving assistant never loads.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^(CVE-\d{4}-\d{4,}|GHSA(-[0-9a-z]{4}){3}|PYSEC-\d{4}-\d+)$")]
    package: str
    version: str
    why: Annotated[str, Field(min_length=40)]
    checked: date
    left_out: tuple[str, ...] = ()

    def answers(self, advisory: Advisory) -> bool:
        """Whether it speaks of this advisory, by any of its names, in this version."""
        return self.id in advisory.ids and (canonicalize_name(self.package), self.version) == (
            canonicalize_name(advisory.package),
            advisory.version,
        )


class _Answers(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answer: tuple[Answer, ...] = ()


def read(file: Path) -> tuple[Answer, ...]:
    """Returns the answers of a file. Raises AnswersBroken."""
    try:
        given = _Answers.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))).answer
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise AnswersBroken(f"{file.name} cannot be read.") from None
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise AnswersBroken(f"{file.name}: {place} is missing or wrong.") from None
    return given


def faults(given: Sequence[Answer], packages: Sequence[Package]) -> list[str]:
    """Returns a sentence for each answer given twice, or to a version that is not locked."""
    versions = {each.name: each.version for each in packages}
    seen = [(answer.id, answer.package) for answer in given]
    found = [
        f"The answer to {answer.id} of {answer.package} is given twice."
        for place, answer in enumerate(given)
        if (answer.id, answer.package) in seen[:place]
    ]
    return found + [
        f"The answer to {answer.id} speaks of {answer.package} {answer.version},"
        f" and {versions.get(canonicalize_name(answer.package), 'none')} is locked."
        for answer in given
        if versions.get(canonicalize_name(answer.package)) != answer.version
    ]
