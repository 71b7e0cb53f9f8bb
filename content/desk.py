"""What helpers use at the desk: their replies, the names of topics, the needs of services."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from content import bubbles, claims
from content.faults import Fault
from content.located import ContentError, Mapping, Where, load
from content.project import Project, Reply
from content.topics import TOPICS
from helpline.facts import NAMED

REPLIES, NAMES, NEEDS = "data/desk/replies.yml", "data/desk/topics.yml", "data/desk/needs.yml"
LONGEST_TITLE = 45  # characters: one line of the desk's side panel
ENGLISH = "en"
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def check(project: Project) -> Iterator[Fault]:
    """Yields what is wrong with the files of ``data/desk``."""
    yield from _replies(project)
    yield from _topics(project)
    yield from _needs(project)


def replies(project: Project) -> tuple[tuple[Mapping, Reply], ...]:
    """Every shared reply as it is written, and as the checks of bubbles read it."""
    return tuple((row, _reply(row)) for row in _rows(project, REPLIES, "replies"))


def spoken(project: Project) -> Iterator[Reply]:
    """Everything that a helper may say by these files: shared replies, and in topics `instead`."""
    yield from (reply for _, reply in replies(project))
    yield from _written_instead(load(project.root / NAMES, project.root))


def _reply(row: Mapping) -> Reply:
    return _as_reply(str(row.get("id")), row, REPLIES)


def _as_reply(name: str, row: Mapping, file: str) -> Reply:
    text = " ".join(str(row.get("text") or "").split())
    where = Where(file, row.lines.get("text", row.line))
    facts = tuple(map(str, row.get("facts") or ()))
    return Reply(name, text, (), {}, None, facts, where)


def _written_instead(document: Mapping) -> Iterator[Reply]:
    for name, row in (document.get("instead") or {}).items():
        yield _as_reply(str(name), row, NAMES)


def _replies(project: Project) -> Iterator[Fault]:
    written = replies(project)
    ids = Counter(reply.name for _, reply in written)
    titles = Counter(str(row.get("title")) for row, _ in written)
    for row, reply in written:
        found = [*_labels(row, ids, titles)]
        if row.get("language", ENGLISH) == ENGLISH:
            found += bubbles.problems(project, reply)
        found += claims.problems(project, reply)
        for named in NAMED.sub("", reply.text).split():
            if re.search(r"[{}\[\]]", named):
                found.append(f'nothing fills "{named}".')
        for says in dict.fromkeys(found):
            yield Fault(reply.where, f"{reply.name}: {says}")


def _labels(row: Mapping, ids: Counter[str], titles: Counter[str]) -> Iterator[str]:
    name, title = str(row.get("id")), str(row.get("title") or "")
    if not _ID.fullmatch(name):
        yield "its id is not small letters, figures and hyphens."
    if ids[name] > 1:
        yield "this id stands twice."
    if not 0 < len(title) <= LONGEST_TITLE:
        yield f"its title is empty or longer than {LONGEST_TITLE} letters."
    if titles[title] > 1:
        yield f'the title "{title}" stands twice.'
    if not row.get("tags"):
        yield "it has no tags."
    if not _LANGUAGE.fullmatch(str(row.get("language", ENGLISH))):
        yield "its language is not a code such as en or cy."
    for key in sorted({*row} - {"id", "title", "text", "tags", "language", "facts"}):
        yield f"{key} is not known here."


def _topics(project: Project) -> Iterator[Fault]:
    named = Counter[str]()
    for group in _rows(project, NAMES, "groups"):
        for topic, title in (group.get("topics") or {}).items():
            where = Where(NAMES, group["topics"].lines[topic])
            named[topic] += 1
            if topic not in TOPICS:
                yield Fault(where, f"{topic} is no topic.")
            if not title:
                yield Fault(where, f"{topic} has no name.")
    start = Where(NAMES, 1)
    document = load(project.root / NAMES, project.root)
    for topic in document.get("also") or ():
        if topic not in TOPICS:
            yield Fault(start, f"{topic} is no topic, and has words under also.")
    for topic in TOPICS:
        if named[topic] != 1:
            yield Fault(start, f"{topic} is named {named[topic]} times; once is right.")
    yield from _instead(project, document)
    said = [reply.text for reply in project.replies]
    for pattern in document.get("assistant_only") or ():
        try:
            used = any(re.search(pattern, text, re.I) for text in said)
        except re.error as error:
            yield Fault(start, f'"{pattern}" is no pattern ({error}).')
            continue
        if not used:
            yield Fault(start, f'"{pattern}" is in no reply of the assistant any more.')


def _instead(project: Project, document: Mapping) -> Iterator[Fault]:
    """What a helper sends in place of what only the assistant can say."""
    only = [str(pattern) for pattern in document.get("assistant_only") or ()]
    for reply in _written_instead(document):
        found = [*bubbles.problems(project, reply), *claims.problems(project, reply)]
        if _matches(only, reply.text):
            found.append("only the assistant can say this.")
        said = [each.text for each in project.variations(reply.name) if not each.slots]
        if not any(_matches(only, text) for text in said):
            found.append("nothing that only the assistant can say is replaced.")
        for says in found:
            yield Fault(reply.where, f"{reply.name}: {says}")


def _matches(patterns: list[str], text: str) -> bool:
    for pattern in patterns:
        with suppress(re.error):  # told where the patterns themselves are checked
            if re.search(pattern, text, re.I):
                return True
    return False


def _needs(project: Project) -> Iterator[Fault]:
    services = {
        fact.id: str(fact.fields.get("kind"))
        for fact in project.facts.by_id.values()
        if fact.section == "services"
    }
    kinds, met = {*services.values()}, set[str]()
    for need in _rows(project, NEEDS, "needs"):
        where = Where(NEEDS, need.line)
        met |= {*(need.get("kinds") or ())}
        for kind in sorted({*(need.get("kinds") or ())} - kinds):
            yield Fault(where, f"{need.get('id')}: no service is of the kind {kind}.")
        for service in sorted({*(need.get("services") or ())} - services.keys()):
            yield Fault(where, f"{need.get('id')}: there is no service {service}.")
    for kind in sorted(kinds - met):
        yield Fault(Where(NEEDS, 1), f"services of the kind {kind} stand under no need.")


def _rows(project: Project, file: str, name: str) -> list[Mapping]:
    document: Any = load(project.root / file, project.root)
    rows = document.get(name) if isinstance(document, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ContentError(f"{file}:1: it has no list of {name}.")
    return rows
