"""What the assistant says to an intent, read off the rules and replies as Rasa chooses them."""

from __future__ import annotations

from content.project import Project, Reply, Rule


def answer(
    project: Project, last: str | None, intent: str, known: dict[str, str | None]
) -> Rule | None:
    """The rule that answers: of those that fit, the one that also matches what was said before."""
    found = [
        rule
        for rule in project.rules
        if rule.intent == intent
        and rule.after in (None, last)
        and all((known.get(slot) is None) == (value is None) for slot, value in rule.slots.items())
    ]
    return max(found, key=lambda rule: (rule.after is not None, len(rule.slots)), default=None)


def pick(project: Project, name: str, nation: str | None, age: str | None) -> Reply:
    """The variation Rasa would say: one whose conditions hold, else the one without any."""
    written = project.variations(name)
    return (
        fitting(written, nation, age) or [reply for reply in written if not reply.slots] or written
    )[0]


def fitting(written: list[Reply], nation: str | None, age: str | None) -> list[Reply]:
    """The variations whose conditions all hold."""
    known = {"nation": nation, "age": age}
    return [r for r in written if r.slots and all(known.get(s) == v for s, v in r.slots.items())]
