"""``./waymark facts``: what a named person has to check, and what no reply uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from content import desk
from content.claims import CLAIM_HOLDS
from content.project import Project
from helpline.facts import NAMED, Fact, is_fresh


@dataclass(frozen=True)
class Due:
    """One line of the report: a heading, a fact, why it is there."""

    heading: str
    id: str
    why: str


def report(project: Project) -> Iterator[Due]:
    """Yields what is due, to be checked, missing and unused, heading by heading."""
    written = [*project.replies, *desk.spoken(project)]
    named = {name for reply in written for name in reply.facts}
    named |= {name for reply in written for name, _ in NAMED.findall(reply.text)}
    facts = project.facts.by_id
    for fact in facts.values():
        why = _due(project, fact)
        if why and fact.status == "verified":
            yield Due("Due: look at the live page and write the day into checked_on", fact.id, why)
    for fact in facts.values():
        if fact.status != "verified":
            yield Due("To be checked before it can be served", fact.id, fact.status)
    for name in sorted(named - facts.keys()):
        yield Due("Missing: a reply names it", name, "it is not in data/facts")
    for fact in facts.values():
        if fact.status == "verified" and fact.id not in named and fact.fields.get("for") != "staff":
            yield Due("Unused: verified, and no reply names it", fact.id, _words(fact))


def _due(project: Project, fact: Fact) -> str | None:
    hours = (fact.fields.get("hours") or {}).get("value")
    if hours:
        if fact.checked is None:
            return f"hours never checked, so they are hidden: {hours}"
        if not is_fresh(fact.checked, project.today):
            return f"hours checked on {fact.checked}, so they are hidden: {hours}"
        return None
    if fact.id.startswith("S") or fact.checked is None:
        return None
    held = project.today - fact.checked <= CLAIM_HOLDS
    return None if held else f"checked on {fact.checked}: {_words(fact)}"


def _words(fact: Fact) -> str:
    words = str(fact.fields.get("claim") or fact.fields.get("what"))
    return " ".join(words.split())
