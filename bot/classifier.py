"""Rasa's logistic regression, kept as plain arrays; features come from the rest of the pipeline.

Rasa keeps the fitted object with ``skops``, whose import alone takes 8.5 s. Three arrays in an
``.npz`` file load in a millisecond, and nothing in them can run code.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message

FILE = "classifier.npz"


class NotTrained(Exception):
    """The model holds no classifier, or was asked before it was trained."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class PlainLogisticRegression(LogisticRegressionClassifier):  # type: ignore[misc]
    """Multinomial logistic regression over word counts and the sentence embedding.

    The two kinds of features are scaled to a fixed length each before they are joined, so that a
    long message does not drown its own meaning in counts.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """``C``: inverse regularisation. ``counts``, ``meaning``: the length of each part."""
        return {
            **LogisticRegressionClassifier.get_default_config(),
            "C": 10.0,
            "max_iter": 1000,
            "counts": 1.0,
            "meaning": 1.0,
        }

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
    ) -> None:
        super().__init__(config, name, model_storage, resource)
        self.clf.C = self.config["C"]
        self._names: list[str] = []
        self._weights: npt.NDArray[np.float32] | None = None  # [features, intents]
        self._bias: npt.NDArray[np.float32] | None = None  # [intents]

    def process(self, messages: list[Message]) -> list[Message]:
        """Set ``intent`` and ``intent_ranking`` on each message.

        Raises NotTrained when there are no weights.
        """
        if self._weights is None or self._bias is None:
            raise NotTrained("The classifier has not been trained.")
        if not messages:
            return messages
        scores = np.vstack([self._scores(message) for message in messages])
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        for message, row in zip(messages, odds / odds.sum(axis=1, keepdims=True), strict=True):
            order = np.argsort(-row)[: self.config["ranking_length"] or None]
            ranking = [{"name": self._names[i], "confidence": float(row[i])} for i in order]
            message.set("intent", ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def persist(self) -> None:
        """Write the fitted weights; for two intents, both columns are written."""
        weights, bias = self.clf.coef_.T, self.clf.intercept_
        if len(self.clf.classes_) == 2:
            weights, bias = np.hstack([-weights, weights]), np.concatenate([-bias, bias])
        self._names = [str(name) for name in self.clf.classes_]
        self._weights = np.ascontiguousarray(weights, dtype=np.float32)
        self._bias = bias.astype(np.float32)
        with self._model_storage.write_to(self._resource) as folder:
            np.savez(
                folder / FILE,
                names=np.array(self._names),
                weights=self._weights,
                bias=self._bias,
            )

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> PlainLogisticRegression:
        """Load the weights; raises if the model has none, as a silent bot is worse than no bot."""
        component = cls(config, execution_context.node_name, model_storage, resource)
        with (
            model_storage.read_from(resource) as folder,
            np.load(folder / FILE, allow_pickle=False) as arrays,
        ):
            component._names = [str(name) for name in arrays["names"]]
            component._weights, component._bias = arrays["weights"], arrays["bias"]
        return component

    def _scores(self, message: Message) -> npt.NDArray[np.float32]:
        """Return a score per intent; joining the parts first, as training does, takes 1 ms more."""
        scores, used = self._bias, 0
        counts, meaning = self._scales(message)
        for each in _sentence_features(message):
            if each.is_sparse():
                found = each.features.tocoo()
                scores = scores + (found.data * counts) @ self._weights[used + found.col]
            else:
                end = used + each.features.shape[1]
                scores = scores + (each.features[0] * meaning) @ self._weights[used:end]
            used += each.features.shape[1]
        return np.asarray(scores)

    def _scales(self, message: Message) -> tuple[np.float32, np.float32]:
        """Return what to multiply counts and embedding by, so that each has its length."""
        counts = [each.features.data for each in _sentence_features(message) if each.is_sparse()]
        norm = float(np.sqrt(sum(float((each**2).sum()) for each in counts))) or 1.0
        return np.float32(self.config["counts"] / norm), np.float32(self.config["meaning"])

    def _create_X(self, messages: list[Message]) -> scipy.sparse.csr_matrix:
        rows = []
        for message in messages:
            counts, meaning = self._scales(message)
            parts = [
                each.features * (counts if each.is_sparse() else meaning)
                for each in _sentence_features(message)
            ]
            rows.append(scipy.sparse.hstack(parts))
        return scipy.sparse.vstack(rows, format="csr")


def _sentence_features(message: Message) -> list[Features]:
    """Return what each featurizer found in the text: sparse [1, words] or dense [1, 384]."""
    return [
        each
        for each in message.features
        if each.attribute == TEXT and each.type == FEATURE_TYPE_SENTENCE
    ]
