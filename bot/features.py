"""The sentence embedding as a Rasa featurizer; the embedding itself is ``language.embedding``."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from language.embedding import MODEL_FILE, TOKENIZER_FILE, Embedder

ROOT = Path(__file__).resolve().parents[1]


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER,
    is_trainable=False,
)
class SentenceEmbedding(DenseFeaturizer, GraphComponent):  # type: ignore[misc]
    """Adds one vector [1, 384] of length 1 to each message, from its words as read."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """``folder``: where the embedding was built, relative to the project's root."""
        return {**DenseFeaturizer.get_default_config(), "folder": "models/embedding"}

    @staticmethod
    def required_packages() -> list[str]:
        """What must be installed for this component."""
        return ["onnxruntime", "tokenizers"]

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        self._embedder = Embedder.load(ROOT / config["folder"])

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEmbedding:
        """Make the component; raises EmbeddingUnavailable when the embedding is not built."""
        return cls(config, execution_context.node_name)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Return a hash of the embedding's files, so that a new embedding means a new training."""
        folder = ROOT / config.get("folder", cls.get_default_config()["folder"])
        content = b"".join((folder / name).read_bytes() for name in (MODEL_FILE, TOKENIZER_FILE))
        return hashlib.sha256(content).hexdigest()

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing to check before the folder is read."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the vector to each message that has a text."""
        for message in messages:
            tokens = message.get(TOKENS_NAMES[TEXT])
            if tokens:
                vector = self._embedder.embed([" ".join(token.text for token in tokens)])
                message.add_features(
                    Features(vector, FEATURE_TYPE_SENTENCE, TEXT, self._identifier)
                )
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the vectors to all training examples."""
        self.process(training_data.training_examples)
        return training_data
