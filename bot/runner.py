"""Loads and runs a trained model's graph without dask, which plans anew in every run.

Which node needs which is fixed once a model is trained, so the order is worked out once per target.
What a node does is left to Rasa, and to the lighter components of ``bot.components``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rasa.core.processor import MessageProcessor
from rasa.engine import loader
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import ExecutionContext, GraphNode, GraphNodeHook, GraphSchema
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata, ModelStorage

from bot.components import LIGHTER

Plan = list[tuple[str, GraphNode, tuple[str, ...]]]


class DirectRunner(GraphRunner):  # type: ignore[misc]
    """Calls the nodes one after the other."""

    def __init__(self, schema: GraphSchema, nodes: dict[str, GraphNode]) -> None:
        self._schema = schema
        self._nodes = nodes
        self._plans: dict[tuple[str, ...], Plan] = {}

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> DirectRunner:
        """Make every node, with the lighter component where there is one."""
        nodes = {}
        for name, node in graph_schema.nodes.items():
            used = dataclasses.replace(node, uses=LIGHTER.get(node.uses, node.uses))
            nodes[name] = GraphNode.from_schema_node(
                name, used, model_storage, execution_context, hooks
            )
        return cls(graph_schema, nodes)

    def run(
        self, inputs: dict[str, Any] | None = None, targets: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """Return what each target gives; raises GraphRunError for an input named like a node."""
        wanted = tuple(targets or self._schema.target_names)
        if clash := self._nodes.keys() & (inputs or {}).keys():
            raise GraphRunError(f"Inputs named like nodes: {sorted(clash)}")
        given = {name: (name, value) for name, value in (inputs or {}).items()}
        if wanted not in self._plans:
            self._plans[wanted] = self._plan(wanted)
        for name, node, needs in self._plans[wanted]:
            given[name] = node(*[given.get(need, need) for need in needs])
        return {name: given[name][1] for name in wanted}

    def _plan(self, targets: tuple[str, ...]) -> Plan:
        nodes = self._schema.minimal_graph_schema(list(targets)).nodes
        needs = {name: tuple(node.needs.values()) for name, node in nodes.items()}
        order = TopologicalSorter(needs).static_order()
        return [(name, self._nodes[name], needs[name]) for name in order if name in needs]


class Processor(MessageProcessor):  # type: ignore[misc]
    """Rasa's processor, with our runner."""

    @staticmethod
    def _load_model(model_path: Path) -> tuple[str, ModelMetadata, GraphRunner]:
        with TemporaryDirectory() as folder:
            metadata, runner = loader.load_predict_graph_runner(
                Path(folder), Path(model_path), LocalModelStorage, DirectRunner
            )
        return Path(model_path).name, metadata, runner

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        """Nothing to warn of: intents and entities were trained with this very domain."""
