"""What is said in one turn together, and whether every way through leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from content.answers import answer, fitting, pick
from content.bubbles import sentences
from content.faults import Fault
from content.project import AGES, BY_SERVICE, FALLBACK, NATIONS, Project, Reply, Rule

MOST_BUBBLES = 2
_PERSON = "talk_to_a_person"
_STEP = re.compile(
    r"\b(call|text|tap|send|tell|ask|search|type|say|go|write|put|note|keep|save|take|look|pick|"
    r"open|show|move|turn|leave|stay|get|talk|choose|try|point|count)\b",
    re.I,
)
_BY_ASSISTANT = frozenset({"same_again", "unclear_answer"})  # heard by bot/follow_up.py itself
_NEEDED = {"nation": NATIONS, "age": AGES}
_ASKS = {"nation": "utter_where_or_not", "age": "utter_how_old"}


def check(project: Project) -> Iterator[Fault]:
    """Yields turns that are too long, buttons that lead nowhere, dead ends, unreachable rules."""
    yield from _names(project)
    yield from _buttons(project)
    yield from _variations(project)
    for rule in project.rules:
        yield from _turn(project, rule)
    yield from _ways(project)


def _names(project: Project) -> Iterator[Fault]:
    written = {reply.name for reply in project.replies}
    actions = {*project.domain.get("actions", ()), *(project.domain.get("forms") or {})}
    used = {name for rule in project.rules for name in rule.actions}
    asked = {
        f"utter_ask_{slot}"
        for form in (project.domain.get("forms") or {}).values()
        for slot in form["required_slots"]
    }
    for rule in project.rules:
        for name in rule.actions:
            if name not in written | actions:
                yield Fault(
                    rule.where, f'the rule "{rule.name}" says {name}, which is not written.'
                )
    for reply in project.replies:
        if reply.name not in used | asked:
            yield Fault(reply.where, f"{reply.name} is never said: no rule names it.")


def _buttons(project: Project) -> Iterator[Fault]:
    intents, entities = {*project.domain["intents"]}, {*project.domain["entities"]}
    for reply in project.replies:
        for button in reply.buttons:
            if button.intent is None:
                yield Fault(button.where, f'the button "{button.title}" sends nothing readable.')
            elif button.intent not in intents | BY_SERVICE:
                yield Fault(
                    button.where,
                    f'the button "{button.title}" leads nowhere: there is no {button.intent}.',
                )
            for name in set(button.entities) - entities:
                yield Fault(button.where, f'the button "{button.title}" sends an unknown {name}.')


def _variations(project: Project) -> Iterator[Fault]:
    """A reply that differs by nation or age speaks to everybody, and to those who do not say."""
    for name in dict.fromkeys(reply.name for reply in project.replies):
        written = project.variations(name)
        for slot, values in _NEEDED.items():
            own = {reply.slots.get(slot) for reply in written}
            for value in values if own != {None} else ():
                if value not in own:
                    yield Fault(written[0].where, f"{name} says nothing for {slot} {value}.")
            if None not in own:
                yield Fault(written[0].where, f"{name} says nothing where the {slot} is not known.")
        yield from _ambiguous(written)
    yield from _mapped(project)


def _ambiguous(written: list[Reply]) -> Iterator[Fault]:
    """Rasa takes any of the variations whose conditions hold: there must be one at most."""
    for nation, age in product((*NATIONS, "not_said", None), (*AGES, "not_said", None)):
        found = fitting(written, nation, age)
        if len(found) > 1:
            said = f"two variations hold for nation {nation} and age {age}"
            yield Fault(found[1].where, f"{found[1].name}: {said}; one is said by chance.")
            return


def _mapped(project: Project) -> Iterator[Fault]:
    """What a topic asks for is kept only if the slot in domain.yml names the topic."""
    for slot in _NEEDED:
        mapped: set[str] = set()
        for mapping in project.domain["slots"][slot]["mappings"]:
            intents = mapping["intent"]
            mapped |= set(intents if isinstance(intents, list) else [intents])
        for rule in project.rules:
            if _ASKS[slot] in rule.actions and rule.intent not in mapped:
                said = f"asks for the {slot}, but {rule.intent} is missing from that slot"
                yield Fault(rule.where, f'the rule "{rule.name}" {said} in domain.yml.')


def _turn(project: Project, rule: Rule) -> Iterator[Fault]:
    names = [name for name in rule.actions if project.variations(name)]
    if not names:
        return
    if len(names) > MOST_BUBBLES:
        yield Fault(rule.where, f'the rule "{rule.name}" says {len(names)} bubbles; at most 2.')
    for nation, age in product((*NATIONS, None), (*AGES, None)):
        bubbles = [pick(project, name, nation, age) for name in names]
        said = " and ".join(names)
        if not any(button.intent == _PERSON for button in bubbles[-1].buttons):
            yield Fault(bubbles[-1].where, f"{said}: the turn does not end with Talk to a person.")
            return
        if any(b.topic for b in bubbles) and not any(_STEP.search(b.text) for b in bubbles):
            yield Fault(bubbles[-1].where, f"{said}: the turn has no step to take.")
            return
        if sum(s.rstrip('"”').endswith("?") for b in bubbles for s in sentences(b.text)) > 1:
            yield Fault(bubbles[-1].where, f"{said}: two questions in one turn.")
            return


def _ways(project: Project) -> Iterator[Fault]:
    sent = {button.intent for reply in project.replies for button in reply.buttons}
    spoken = {intent.name for intent in project.intents}
    said = {name for rule in project.rules for name in rule.actions[-1:]}
    for rule in project.rules:
        never = f'the rule "{rule.name}" is never reached'
        if rule.after and rule.after not in said:
            yield Fault(rule.where, f"{never}: {rule.after} never ends a turn.")
        if rule.intent and rule.intent not in sent | spoken | _BY_ASSISTANT | {FALLBACK}:
            yield Fault(rule.where, f"{never}: nothing says or sends {rule.intent}.")
    where = project.rules[0].where
    for intent in [*project.domain["intents"], FALLBACK]:
        for nation, age in product((None, "england"), (None, "under_16")):
            if answer(project, None, intent, {"nation": nation, "age": age}) is None:
                yield Fault(where, f"a dead end: no rule answers {intent} at any time.")
                break
