"""Run beside Rasa by test_lighter.py: holds what Waymark's lighter parts do against Rasa's own.

Prints what was compared as one line of JSON; stops with an AssertionError where the two differ.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

from bot import quiet
from bot.lean import serve_only

quiet.keep_logs_free_of_words()
os.environ.update(RASA_TELEMETRY_ENABLED="false", SQLALCHEMY_SILENCE_UBER_WARNING="1")
serve_only()

import numpy as np  # noqa: E402
from rasa.core.processor import MessageProcessor  # noqa: E402
from rasa.shared.core import events  # noqa: E402
from rasa.shared.core.domain import Domain  # noqa: E402
from rasa.shared.core.trackers import DialogueStateTracker  # noqa: E402

from bot import assistant as waymark  # noqa: E402
from bot.components import LIGHTER  # noqa: E402
from bot.runner import DirectRunner  # noqa: E402
from bot.tracker import Tracker  # noqa: E402

PLAIN = ("listen", "utter", "hidden", "heard", "level", "nation", "by_intent")
UNDOING = ("by_text", "restart", "session", "loop", "reverted", "unsaid", "entities", "follow_up")


def both(model: Path, actions_url: str, secret: str) -> tuple[waymark.Assistant, waymark.Assistant]:
    """Load the assistant as it is served, and with Rasa's processor, runner and tracker."""
    ours = waymark.Assistant.load(model, actions_url=actions_url, secret=secret)
    assert type(ours._processor.graph_runner) is DirectRunner
    used = {type(node._component) for node in ours._processor.graph_runner._nodes.values()}
    assert used >= set(LIGHTER.values()), "a lighter component is not in use"
    assert not used & set(LIGHTER)
    waymark.Processor = MessageProcessor  # type: ignore[misc]
    theirs = waymark.Assistant.load(model, actions_url=actions_url, secret=secret)
    assert type(theirs._processor.graph_runner) is not DirectRunner
    return ours, theirs


async def talk(ours: waymark.Assistant, theirs: waymark.Assistant, told: list[Any]) -> int:
    """Tell both the same, with the same dice; returns how many turns were alike."""
    states: list[Any] = [[], []]
    for turn, (kind, words) in enumerate(told):
        outcomes = []
        parts = ((ours, Tracker), (theirs, DialogueStateTracker))
        for place, (assistant, tracker) in enumerate(parts):
            waymark.Tracker = tracker  # type: ignore[misc]
            np.random.seed(turn)
            text, payload = (words, None) if kind == "text" else (None, words)
            outcome = await assistant.take(waymark.Turn(states[place], text, payload, turn % 5))
            states[place] = outcome.state
            outcomes.append(outcome.as_json())
        assert outcomes[0] == outcomes[1], f"turn {turn}"
        if kind == "text":
            assert await ours.understand(words) == await theirs.understand(words), f"turn {turn}"
    return len(told)


def event(kind: str, dice: random.Random, domain: Domain) -> events.Event:
    """Make an event of a kind, with chance for what it holds."""
    action = dice.choice(domain.action_names_or_texts)
    intent = {"name": dice.choice(domain.intents)}
    entities = [{"entity": "nation", "value": "wales"}] if dice.random() < 0.5 else []
    made = {
        "listen": lambda: events.ActionExecuted("action_listen"),
        "utter": lambda: events.ActionExecuted(action),
        "hidden": lambda: events.ActionExecuted(action, hide_rule_turn=True),
        "heard": lambda: events.UserUttered("some text", intent, entities),
        "level": lambda: events.SlotSet("danger_level", float(dice.randrange(5))),
        "nation": lambda: events.SlotSet("nation", dice.choice(["wales", None])),
        "by_intent": lambda: events.DefinePrevUserUtteredFeaturization(False),
        "by_text": lambda: events.DefinePrevUserUtteredFeaturization(True),
        "restart": events.Restarted,
        "session": events.SessionStarted,
        "loop": lambda: events.ActiveLoop(dice.choice([action, None])),
        "reverted": events.ActionReverted,
        "unsaid": events.UserUtteranceReverted,
        "entities": lambda: events.EntitiesAdded([{"entity": "nation", "value": "england"}]),
        "follow_up": lambda: events.FollowupAction(action),
    }
    return made[kind]()


def past(domain: Domain) -> int:
    """Hold the tracker against Rasa's in 200 pasts made by chance; returns the comparisons."""
    compared = 0
    shown = [
        {"omit_unset_slots": omit, "ignore_rule_only_turns": ignore, "rule_only_data": only}
        for omit, ignore in itertools.product([False, True], repeat=2)
        for only in (None, {"rule_only_slots": ["nation"], "rule_only_loops": []})
    ]
    for seed in range(200):
        dice = random.Random(seed)  # noqa: S311  # nothing secret
        kinds = (*PLAIN, *PLAIN, *(UNDOING if seed % 2 else ("session",)))
        ours = Tracker.from_events("x", [], domain.slots, domain=domain)
        theirs = DialogueStateTracker.from_events("x", [], domain.slots, domain=domain)
        for _ in range(25):
            new = event(dice.choice(kinds), dice, domain)
            ours.update(copy.deepcopy(new), domain)
            theirs.update(copy.deepcopy(new), domain)
            if dice.random() < 0.5:
                continue  # several events may come between two predictions
            for asked in shown:
                mine = ours.past_states(domain, **asked)
                assert mine == theirs.past_states(domain, **asked), (seed, asked)
                for state in mine:  # whoever gets the states may change them
                    state.get("user", {}).pop("text", None)
                    state.pop("slots", None)
                compared += 1
    return compared


def main() -> None:
    """Arguments: the model, the action server's address, the secret; on stdin what is told."""
    ours, theirs = both(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
    turns = asyncio.run(talk(ours, theirs, json.load(sys.stdin)))
    print(json.dumps({"turns": turns, "pasts": past(ours.domain)}))


if __name__ == "__main__":
    main()
