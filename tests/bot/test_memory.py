"""What a conversation carries: enough to go on, no word of it, and nothing left in the bot."""

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.slow

Said = Callable[[dict[str, Any]], list[str]]
LARGEST_STATE = 8_000  # bytes; what a turn may carry however long the conversation is


def test_every_story_goes_the_same_way_trimmed_and_whole(
    bot: Any, whole_bot: Any, stories: dict[str, list[Any]], said: Said
) -> None:
    for name, steps in stories.items():
        # Given a story of data/stories
        turns = [{"payload": step.payload} for step in steps]
        # When it is told to the bot, and to one that never cuts
        trimmed, whole = bot.talk(turns), whole_bot.talk(turns)
        # Then both answer as it says
        expected = [step.actions for step in steps]
        assert [said(answer) for answer in trimmed] == expected, name
        assert [said(answer) for answer in whole] == expected, name


def test_all_stories_in_one_conversation_go_the_same_way_and_the_state_stays_small(
    bot: Any, whole_bot: Any, stories: dict[str, list[Any]], examples: list[str], said: Said
) -> None:
    # Given one conversation of more than 60 turns: all stories, and one text of each intent
    told = [{"payload": step.payload} for steps in stories.values() for step in steps]
    turns = [*told, *({"text": text, "level": 2} for text in examples)]
    assert len(turns) >= 60
    # When it is held with the bot, and with one that never cuts
    trimmed, whole = bot.talk(turns), whole_bot.talk(turns)
    # Then every reply is the same
    assert [said(answer) for answer in trimmed] == [said(answer) for answer in whole]
    # And the state stops growing
    sizes = [len(json.dumps(answer["state"])) for answer in trimmed]
    untrimmed = len(json.dumps(whole[-1]["state"]))
    print(f"state over {len(turns)} turns: {sizes[::10]} bytes, {max(sizes)} at most,", end=" ")
    print(f"{untrimmed} untrimmed")
    assert max(sizes) < LARGEST_STATE < untrimmed


def test_slots_survive_the_cut(bot: Any) -> None:
    # Given a young person who said where they live
    answers = bot.talk([{"payload": '/inform_nation{"nation":"scotland"}'}])
    # When twenty other messages follow
    answers = bot.talk([{"payload": '/inform_nation{"nation":"scotland"}'}, *[{"text": "hi"}] * 20])
    # Then the assistant still knows
    nations = [each for each in answers[-1]["state"] if each.get("name") == "nation"]
    assert nations == [{"event": "slot", "name": "nation", "value": "scotland"}]


def test_the_state_holds_no_word_of_the_conversation(bot: Any) -> None:
    # When a young person writes something, and is answered
    answers = bot.talk([{"text": "my friend zebrafish said i owe him"}, {"text": "zebrafish"}])
    # Then neither their words nor the reply travel on, nor the time
    for answer in answers:
        carried = json.dumps(answer["state"])
        assert "zebrafish" not in carried
        assert "timestamp" not in carried
        assert not any(reply["text"] in carried for reply in answer["replies"])


def test_two_conversations_that_interleave_share_nothing(bot: Any) -> None:
    # Given two conversations that end in the same question
    one = [{"payload": '/inform_nation{"nation":"wales"}'}, {"payload": "/find_a_service"}]
    two = [{"payload": '/inform_nation{"nation":"scotland"}'}, {"payload": "/find_a_service"}]
    alone = [bot.talk(one)[-1], bot.talk(two)[-1]]
    assert alone[0]["replies"] != alone[1]["replies"]
    # When their turns reach the bot in turn
    first_of_one = bot.turn([], **one[0]).json()
    first_of_two = bot.turn([], **two[0]).json()
    last_of_one = bot.turn(first_of_one["state"], **one[1]).json()
    last_of_two = bot.turn(first_of_two["state"], **two[1]).json()
    # Then each gets what it would have got alone
    assert [last_of_one, last_of_two] == alone


def test_a_bot_killed_between_turns_loses_nothing(start: Callable[..., Any], bot: Any) -> None:
    # Given a conversation with a bot
    turns = [{"payload": "/blackmailed_over_pictures"}, {"payload": "/deny"}]
    doomed = start()
    before = doomed.turn([], **turns[0]).json()
    # When it is killed, and another goes on
    doomed.process.send_signal(signal.SIGKILL)
    doomed.process.wait()
    after = start().turn(before["state"], **turns[1]).json()
    # Then the answer is the one that the first would have given
    assert after == bot.talk(turns)[-1]


def test_serving_needs_no_tensorflow(bot: Any) -> None:
    with open(f"/proc/{bot.process.pid}/maps") as maps:
        assert "tensorflow" not in maps.read()
