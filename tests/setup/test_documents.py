"""What the documents lead to is there: links, files of the project, commands and settings."""

import re
from pathlib import Path

import click
import pytest

from helpline.cli import main
from helpline.settings import ROOT, Settings

DOCUMENTS = (*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "SECURITY.md")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
FILE = re.compile(
    r"`((?:helpline|data|requirements|docs|bot|safeguarding|bench|tests)/[\w./-]+\.\w+)`"
)
COMMAND = re.compile(r"\./waymark ((?:[a-z]+ ?)+)")
TARGET = re.compile(r"(?:^|`)make ([a-z]+)", re.MULTILINE)
SETTING = re.compile(r"\b(WAYMARK_[A-Z_]+)\b")


def commands(group: click.Command, before: str = "") -> set[str]:
    """Every command of the command line, with its group: `staff add`."""
    found = {before} if before else set()
    if isinstance(group, click.Group):
        for name, command in group.commands.items():
            found |= commands(command, f"{before} {name}".strip())
    return found


def is_command(words: str, known: set[str]) -> bool:
    """Whether `words` begin with a command that exists; after a group, with one of its own."""
    first, *rest = words.split()
    of_group = {each for each in known if each.startswith(f"{first} ")}
    return first in known and (not rest or not of_group or f"{first} {rest[0]}" in of_group)


def missing(text: str, folder: Path) -> list[str]:
    """Each link, file, command, target of make and setting that a text names and is not there."""
    rules = re.findall(r"^((?:[a-z-]+ ?)+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    targets = {target for rule in rules for target in rule.split()}
    known = commands(main)
    found = [link for link in LINK.findall(text) if not (folder / link).exists()]
    found += [file for file in FILE.findall(text) if not (ROOT / file).exists()]
    found += [words for words in COMMAND.findall(text) if not is_command(words, known)]
    found += [f"make {target}" for target in TARGET.findall(text) if target not in targets]
    settings = {f"WAYMARK_{name.upper()}" for name in Settings.model_fields}
    return found + [name for name in SETTING.findall(text) if name not in settings]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_leads_to_is_there(document):
    assert missing(document.read_text(encoding="utf-8"), document.parent) == []


@pytest.mark.parametrize(
    "planted",
    [
        "[gone](gone.md)",
        "`helpline/gone.py`",
        "`./waymark vanish`",
        "`./waymark staff vanish`",
        "`make vanish`",
        "`WAYMARK_VANISHED`",
    ],
)
def test_a_planted_fault_is_found(planted):
    good = "[promises](docs/promises.md) `helpline/app.py` `./waymark staff add` `make sbom`"
    assert missing(f"{good} `WAYMARK_PORT`", ROOT) == []
    assert len(missing(f"{good} {planted}", ROOT)) == 1
