"""Rasa's components without the work whose result nothing in ``config.yml`` reads.

Training uses Rasa's own; only a serving process puts these in their place. Each answers exactly as
its parent does, and bears its parent's name, as predictions quote it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import product
from typing import Any

import scipy.sparse
from rasa.core.policies import memoization, rule_policy
from rasa.core.policies.policy import PolicyPrediction
from rasa.nlu.featurizers.sparse_featurizer import count_vectors_featurizer
from rasa.shared.core.constants import ACTION_LISTEN_NAME, PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ACTION_NAME, INTENT, TEXT

Matrices = list[scipy.sparse.spmatrix | None]
Found = tuple[str | None, str | None, bool]
Last = tuple[str | None, str | None]  # the action before and the intent that a rule ends with


class CountVectorsFeaturizer(count_vectors_featurizer.CountVectorsFeaturizer):  # type: ignore[misc]
    """Counts in the whole text only; our classifier reads no counts per token."""

    @staticmethod
    def _attributes_for(analyzer: str) -> list[str]:
        return [TEXT]  # a message that comes in has no other

    def _create_features(
        self, attribute: str, all_tokens: list[list[str]]
    ) -> tuple[Matrices, Matrices]:
        sentences: Matrices = [None] * len(all_tokens)
        vectorizer = self.vectorizers.get(attribute)
        for place, tokens in enumerate(all_tokens):
            if vectorizer and tokens:
                counts = vectorizer.transform([" ".join(tokens)])
                counts.sort_indices()
                sentences[place] = counts.tocoo()
        return [None] * len(all_tokens), sentences


class MemoizationPolicy(memoization.MemoizationPolicy):  # type: ignore[misc]
    """Recalls without copying the whole past for a log line."""

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **_: Any,
    ) -> PolicyPrediction:
        """Predict the action that the memorised stories continue with, if there is one."""
        states = self._prediction_states(tracker, domain, rule_only_data=rule_only_data)
        action = self.recall(states, tracker, domain, rule_only_data)
        return self._prediction(self._prediction_result(action, tracker, domain))


class RulePolicy(rule_policy.RulePolicy):  # type: ignore[misc]
    """Tries only the rules that end as the past does, and texts only if a rule could fit one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rules: dict[str, str] = self.lookup.get(rule_policy.RULES, {})
        self._longest = 1
        self._by_last: defaultdict[Last, dict[str, str]] = defaultdict(dict)
        self._reads_texts = bool(self.lookup.get(rule_policy.RULES_FOR_LOOP_UNHAPPY_PATH))
        for key, action in self._rules.items():
            states = json.loads(key)
            after = _required(states[-1], PREVIOUS_ACTION, ACTION_NAME)
            intent = _required(states[-1], USER, INTENT)
            self._by_last[after, intent][key] = action
            self._longest = max(self._longest, len(states))
            if after in {None, ACTION_LISTEN_NAME} and intent is None:
                self._reads_texts = True

    @staticmethod
    def format_tracker_states(states: list[dict[str, Any]]) -> str:
        """Format nothing: it is for a log line that is never written."""
        return ""

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> Found:
        if use_text_for_last_user_input and not self._reads_texts:
            return None, None, False  # read as a text, a message has no intent to fit a rule
        found: Found = super()._find_action_from_rules(
            tracker, domain, use_text_for_last_user_input
        )
        return found

    def _get_possible_keys(self, lookup: dict[str, str], states: list[State]) -> set[str]:
        if states and lookup is self._rules:
            after = states[-1].get(PREVIOUS_ACTION, {}).get(ACTION_NAME)
            intent = states[-1].get(USER, {}).get(INTENT)
            lasts = product({after, None}, {intent, None})
            lookup = {key: lookup[key] for last in lasts for key in self._by_last.get(last, ())}
            states = states[-self._longest :]
        keys: set[str] = super()._get_possible_keys(lookup, states)
        return keys


def _required(state: State, kind: str, name: str) -> str | None:
    """Return the value that a rule's state asks for; None where it would take several."""
    value = state.get(kind, {}).get(name)
    return value if value and isinstance(value, str) and value != SHOULD_NOT_BE_SET else None


LIGHTER: dict[type, type] = {
    count_vectors_featurizer.CountVectorsFeaturizer: CountVectorsFeaturizer,
    memoization.MemoizationPolicy: MemoizationPolicy,
    rule_policy.RulePolicy: RulePolicy,
}
