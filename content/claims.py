"""What a reply says rests on facts that are verified, in date, and hold for whom it speaks to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from content.faults import Fault
from content.project import NATIONS, Project, Reply
from helpline.facts import NAMED, Fact, FactsError

CLAIM_HOLDS = timedelta(days=365)  # from the day on which somebody checked the live page
_SPOKEN = {
    "england": "England", "wales": "Wales", "scotland": "Scotland",
    "northern_ireland": "Northern Ireland",
}  # fmt: skip


def check(project: Project) -> Iterator[Fault]:
    """Yields facts that are missing, not verified, out of date or of another nation or age."""
    for reply in project.replies:
        for problem in problems(project, reply):
            yield Fault(reply.where, f"{reply.name}: {problem}")


def problems(project: Project, reply: Reply) -> Iterator[str]:
    """What is wrong with the facts that one reply rests on, a sentence each."""
    if reply.topic and not reply.facts:
        yield "it names no facts; add them to its metadata."
    for name in dict.fromkeys(name for name, _ in NAMED.findall(reply.text)):
        if name not in reply.facts:
            yield f"{name} is used in the text but missing from facts."
    for name in reply.facts:
        try:
            fact = project.facts.verified(name)
        except FactsError as error:
            yield f"{error} Only verified facts may be served."
            continue
        yield from _does_not_hold(project, reply, fact)


def _does_not_hold(project: Project, reply: Reply, fact: Fact) -> Iterator[str]:
    if fact.fields.get("for") == "staff":
        yield f"{fact.id} is for staff only."
    claims_day = None if fact.id.startswith("S") else fact.checked
    if claims_day and project.today - claims_day > CLAIM_HOLDS:
        yield f"{fact.id} was checked on {claims_day}, more than a year ago."
    if fact.nations != frozenset(NATIONS):
        spoken = {nation for nation in fact.nations if _SPOKEN[nation] in reply.text}
        nation = reply.slots.get("nation")
        if nation not in fact.nations and not spoken:
            held = ", ".join(_SPOKEN[each] for each in NATIONS if each in fact.nations)
            yield f"{fact.id} holds in {held} only; the reply must say so."
    if reply.slots.get("age") == "18_over" and _up_to(fact) == "child":
        yield f"{fact.id} is for under 18s; this reply is for 18 and over."


def _up_to(fact: Fact) -> str:
    highest = (fact.fields["ages"] or {}).get("to")
    return "child" if highest is not None and highest < 18 else "anyone"
