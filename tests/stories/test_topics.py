"""Every topic once, straight from the trained assistant: understood, and answered in its words."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from content.project import Project
from content.topics import TOPICS
from tests.conftest import Assistant
from tests.stories.telling import ROOT, Story, load, matches

Ask = Callable[..., dict[str, Any]]
BY_TOPIC = [story for story in load() if story.name in TOPICS]


@pytest.fixture(scope="module")
def ask(assistant: Assistant) -> Ask:
    def turn(state: list[Any], **asked: Any) -> dict[str, Any]:
        answer = httpx.post(
            f"{assistant.url}/webhooks/turn/turn",
            headers={"Authorization": f"Bearer {assistant.secret}"},
            json={"state": state, "text": None, "payload": None, "level": 0, **asked},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return turn


@pytest.fixture(scope="module")
def project() -> Project:
    return Project(ROOT, datetime.now(UTC).date())


def test_there_is_a_story_for_each_of_the_74_topics() -> None:
    assert sorted(story.name for story in BY_TOPIC) == sorted(TOPICS)


@pytest.mark.parametrize("story", BY_TOPIC, ids=lambda story: story.name)
def test_a_topic_is_understood_and_answered(ask: Ask, project: Project, story: Story) -> None:
    # Given a young person who asks about one topic
    step = story.steps[0]
    # When the assistant answers
    answer = ask([], text=step.user)
    # Then it is that topic, in the words of its replies
    assert answer["topic"] == story.name
    said = [project.facts.fill(reply["text"], project.today) for reply in answer["replies"]]
    assert len(said) == len(step.actions)
    assert all(map(matches, [project] * 9, step.actions, said)), said


BY_NATION = sorted(
    story.name for story in BY_TOPIC if "utter_where_or_not" in story.steps[0].actions
)


@pytest.mark.parametrize("topic", BY_NATION)
@pytest.mark.parametrize("typed", ["Scotland", "i live in wales", "rather not say"])
def test_a_nation_that_is_typed_answers_what_was_asked(
    ask: Ask, project: Project, topic: str, typed: str
) -> None:
    # Given a topic that differs by nation, and the question where they live
    (story,) = [story for story in BY_TOPIC if story.name == topic]
    asked = ask([], text=story.steps[0].user)
    # When the nation is typed
    answer = ask(asked["state"], text=typed)
    # Then the topic is answered for it, and it is not asked again
    name = story.steps[0].actions[0].removesuffix("_where")
    said = [project.facts.fill(reply["text"], project.today) for reply in answer["replies"]]
    assert matches(project, name, said[0]), said
    assert not matches(project, "utter_where_or_not", said[-1])


def test_a_question_that_is_passed_over_is_not_asked_twice(ask: Ask, project: Project) -> None:
    # Given somebody who was asked where they live and asks something else
    asked = ask([], text="what are my rights")
    other = ask(asked["state"], text="am I talking to a real human or a bot")
    # When they come to another topic that differs by nation
    answer = ask(other["state"], text="my social worker never listens to me")
    # Then it is answered for everywhere at once
    said = project.facts.fill(answer["replies"][0]["text"], project.today)
    assert matches(project, "utter_social_worker_not_listening", said)


def test_an_age_alone_answers_how_old(ask: Ask, project: Project) -> None:
    for typed in ("15", "im 14", "fifteen"):
        asked = ask([], text="can they make me go back home")
        answer = ask(asked["state"], text=typed)
        said = project.facts.fill(answer["replies"][0]["text"], project.today)
        own = project.variations("utter_ask_made_to_go_home_step")
        young = next(r for r in own if r.slots == {"age": "under_16"})
        assert said == project.said(young), typed


def test_the_same_question_again_is_not_answered_with_the_same_words(ask: Ask) -> None:
    first = ask([], text="is it a crime to run away will i be in trouble")
    again = ask(first["state"], text="will i get in trouble for running away")
    assert first["replies"] != again["replies"]
    assert again["topic"] == "T18"
