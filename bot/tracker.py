"""A tracker that remembers, within its one turn, how Rasa's policies see its past.

Rasa replays the whole conversation for each policy and each prediction, six times in a usual turn.
Here each event is replayed once. How the past is shown is still worked out by Rasa's ``Domain``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rasa.shared.core.constants import USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

# Events that only ever add to the past. With any other (a form, an undo) Rasa's own way is taken.
_ADDING = frozenset({ActionExecuted, BotUttered, SessionStarted, SlotSet, UserUttered})


@dataclass
class _Moment:
    """What Rasa reads of a tracker as it stood before an action."""

    state: State
    by_text: bool | None  # whether ``state`` shows the message by its text; a later event may say
    hidden: bool
    latest_message: UserUttered | None
    latest_action: dict[str, str] | None
    latest_action_name: str | None
    active_loop_name: str | None
    followup_action: str | None


class Tracker(DialogueStateTracker):  # type: ignore[misc]
    """Answers as its parent does, but replays each event once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._replay: DialogueStateTracker = self.init_copy()
        self._replayed = 0  # how many events ``_replay`` and ``_moments`` hold
        self._plain = True
        self._moments: list[_Moment] = []  # one for each action of the past, and one for now

    def past_states(
        self,
        domain: Domain,
        omit_unset_slots: bool = False,
        ignore_rule_only_turns: bool = False,
        rule_only_data: dict[str, Any] | None = None,
    ) -> list[State]:
        """Return a state for each action of the past, and one for now."""
        arguments = omit_unset_slots, ignore_rule_only_turns, rule_only_data
        new = list(islice(self.events, self._replayed, None))
        self._plain = self._plain and all(map(_is_plain, new))
        if omit_unset_slots or not self._plain:
            states: list[State] = super().past_states(domain, *arguments)
        else:
            past = _Past(self._catch_up(new, domain), domain)
            states = Domain.states_for_tracker_history(past, past, *arguments)
        return states

    def _catch_up(self, new: list[Event], domain: Domain) -> list[_Moment]:
        if self._moments and not new:
            return self._moments
        del self._moments[-1:]
        for event in new:
            if isinstance(event, SessionStarted):  # what was before it is forgotten
                self._replay, self._moments = self.init_copy(), []
                continue
            if isinstance(event, ActionExecuted):
                self._moments.append(_moment(self._replay, domain, event.hide_rule_turn))
            self._replay.update(event)
        self._moments.append(_moment(self._replay, domain, False))
        self._replayed += len(new)
        return self._moments


class _Past:
    """Stands in for both the domain and the tracker, when Rasa's domain walks through the past."""

    _clean_state = staticmethod(Domain._clean_state)
    _get_prev_action_sub_state = staticmethod(Domain._get_prev_action_sub_state)
    _remove_rule_only_features = staticmethod(Domain._remove_rule_only_features)
    _substitute_rule_only_user_input = staticmethod(Domain._substitute_rule_only_user_input)

    def __init__(self, moments: list[_Moment], domain: Domain) -> None:
        self._moments = moments
        self._domain = domain

    def generate_all_prior_trackers(self) -> Iterator[tuple[_Moment, bool]]:
        """Stand in for the tracker's method of this name."""
        return ((moment, moment.hidden) for moment in self._moments)

    def get_active_state(self, moment: _Moment, omit_unset_slots: bool) -> State:
        """Stand in for the domain's method; policies change what they get, so it is a copy."""
        if _by_text(moment) != moment.by_text:
            moment.by_text = _by_text(moment)
            moment.state = {**moment.state, USER: self._domain._get_user_sub_state(moment)}
        return {kind: dict(shown) for kind, shown in moment.state.items() if shown}


def _moment(tracker: DialogueStateTracker, domain: Domain, hidden: bool) -> _Moment:
    moment = _Moment(
        state=domain.get_active_state(tracker),
        by_text=None,
        hidden=hidden,
        latest_message=tracker.latest_message,
        latest_action=tracker.latest_action,
        latest_action_name=tracker.latest_action_name,
        active_loop_name=tracker.active_loop_name,
        followup_action=tracker.followup_action,
    )
    moment.by_text = _by_text(moment)
    return moment


def _by_text(moment: _Moment) -> bool | None:
    message = moment.latest_message
    return message.use_text_for_featurization if message else None


def _is_plain(event: Event) -> bool:
    if isinstance(event, DefinePrevUserUtteredFeaturization):
        return not event.use_text_for_featurization
    return type(event) in _ADDING
