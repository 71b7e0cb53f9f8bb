"""Reads the assistant's content for the tests here; leaves judging it to them."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
NATIONS = ("england", "wales", "scotland", "northern_ireland")
HANDLED_BY_SERVICE = {"talk_to_a_person", "not_now"}


@dataclass(frozen=True)
class Reply:
    """One variation of one response; `nation` is the slot value it waits for, if any."""

    name: str
    text: str
    buttons: tuple[tuple[str, str], ...]
    nation: str | None
    topic: str | None
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """One rule: the action it must follow (or none), its intent, its slot condition, its turn."""

    name: str
    after: str | None
    intent: str
    nation_known: bool | None
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Example:
    """One thing a young person may say, without its entity marks."""

    intent: str
    text: str


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@cache
def domain() -> dict[str, Any]:
    return load(ROOT / "domain.yml")


@cache
def replies() -> tuple[Reply, ...]:
    found = []
    for path in sorted((DATA / "responses").glob("*.yml")):
        for name, variations in load(path)["responses"].items():
            found += [read_reply(name, variation) for variation in variations]
    return tuple(found)


def read_reply(name: str, variation: dict[str, Any]) -> Reply:
    conditions = variation.get("condition", [])
    metadata = variation["metadata"]
    return Reply(
        name=name,
        text=variation["text"],
        buttons=tuple((b["title"], b["payload"]) for b in variation.get("buttons", [])),
        nation=conditions[0]["value"] if conditions else None,
        topic=metadata.get("topic"),
        facts=tuple(metadata["facts"]),
    )


@cache
def rules() -> tuple[Rule, ...]:
    found = []
    for path in sorted((DATA / "rules").glob("*.yml")):
        for rule in load(path)["rules"]:
            steps = rule["steps"]
            after = steps[0].get("action")
            intent = next(step["intent"] for step in steps if "intent" in step)
            start = 2 if after else 1
            slots = {
                k: v
                for c in rule.get("condition", [])
                for s in c["slot_was_set"]
                for k, v in s.items()
            }
            found.append(
                Rule(
                    name=rule["rule"],
                    after=after,
                    intent=intent,
                    nation_known=slots["nation"] is not None if "nation" in slots else None,
                    actions=tuple(step["action"] for step in steps[start:]),
                )
            )
    return tuple(found)


@cache
def intents() -> tuple[dict[str, Any], ...]:
    return tuple(
        entry
        for path in sorted((DATA / "nlu").glob("*.yml"))
        for entry in load(path)["nlu"]
        if "intent" in entry
    )


@cache
def synonyms() -> dict[str, str]:
    return {
        word: entry["synonym"]
        for path in sorted((DATA / "nlu").glob("*.yml"))
        for entry in load(path)["nlu"]
        if "synonym" in entry
        for word in [entry["synonym"], *lines(entry["examples"])]
    }


def lines(block: str) -> list[str]:
    return [line.removeprefix("- ").strip() for line in block.splitlines() if line.strip()]


def plain(marked: str) -> str:
    """`i live in [wales](nation)` as a young person would type it."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", marked)


@cache
def examples() -> tuple[Example, ...]:
    return tuple(
        Example(entry["intent"], plain(line))
        for entry in intents()
        for line in lines(entry["examples"])
    )


@cache
def facts() -> dict[str, dict[str, Any]]:
    """Every row of data/facts by id."""
    return {
        row["id"]: row
        for path in sorted((DATA / "facts").glob("*.yml"))
        for rows in load(path).values()
        for row in rows
    }


def payload(button: str) -> tuple[str, dict[str, str]]:
    """Intent and entities of a button's payload, `/intent{"slot": "x"}`."""
    match = re.fullmatch(r"/([a-z_]+)(\{.*\})?", button)
    if match is None:
        raise ValueError(button)
    return match[1], json.loads(match[2]) if match[2] else {}
