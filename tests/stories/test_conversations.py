"""Whole conversations the real way, POST to stream: each topic, each of several turns, detours."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from content.project import Project
from tests.conftest import Service
from tests.stories.telling import ROOT, Step, Story, load, matches
from tests.young_person import YoungPerson


@pytest.fixture(scope="module")
def project() -> Project:
    return Project(ROOT, datetime.now(UTC).date())


def told(young_person: YoungPerson, step: Step) -> list[dict[str, Any]]:
    """Types or taps; returns what was said to it once the assistant's replies are all there.

    At level 2 and 3 the service's offer may come before them.
    """
    before = max(event["number"] for event in young_person.events())
    said = young_person.tap(step.tap) if step.tap else young_person.say(step.user or "")
    until = time.monotonic() + 5
    while time.monotonic() < until and not any(event["card"] for event in said):
        if sum(event["from"] == "assistant" for event in said) >= len(step.actions):
            break
        time.sleep(0.05)
        events = young_person.events(before)
        said = [e for e in events if e["type"] == "message" and e["from"] != "young_person"]
    return said


@pytest.mark.parametrize("story", load(), ids=lambda story: story.name)
def test_a_conversation_goes_as_told(service: Service, project: Project, story: Story) -> None:
    # Given a young person on the page
    with YoungPerson(service.url) as young_person:
        for number, step in enumerate(story.steps):
            # When they type or tap
            said = told(young_person, step)
            # Then danger gets the card, and anything else the replies of the story
            card = any(event["card"] for event in said)
            where = (story.name, number, step.user or step.tap)
            if card and story.may_be_danger and not step.danger:
                return
            assert card is step.danger, where
            if step.danger:
                continue
            texts = [event["text"] for event in said if event["from"] == "assistant"]
            assert len(texts) == len(step.actions), (where, texts)
            assert all(map(matches, [project] * 9, step.actions, texts)), (where, texts)
            assert all("[" not in text and "{" not in text for text in texts), where
