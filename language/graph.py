"""MiniLM's encoder as an ONNX graph, node by node; what stands on top of it is the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from language.embedding import DIMENSIONS

OPSET, IR_VERSION = 17, 8  # the newest that onnxruntime 1.16 (Python 3.10) reads
LAYERS, HEADS = 6, 12  # config.json of the weights
HEAD = DIMENSIONS // HEADS
EPSILON = 1e-12

Array = npt.NDArray[np.float32]
Weights = Mapping[str, Array]


class Graph:
    """Nodes and constants in the order they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def op(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, value: npt.NDArray[np.generic]) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def model(
        self, name: str, inputs: Sequence[str], outputs: Mapping[str, int]
    ) -> onnx.ModelProto:
        """The checked model: int64 inputs of shape [n, any], float outputs of shape [n, width]."""
        made = helper.make_model(
            helper.make_graph(
                self.nodes,
                name,
                [_value(each, TensorProto.INT64, f"{each}_length") for each in inputs],
                [_value(each, TensorProto.FLOAT, width) for each, width in outputs.items()],
                self.constants,
            ),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        onnx.checker.check_model(made)
        return made


def encoder(
    g: Graph, weights: Weights, *, small_words: bool = True, second: str | None = None
) -> str:
    """Adds the encoder: the input ``ids`` [n, t] to one vector for each word piece [n, t, 384].

    Texts are run without padding, so there is no attention mask. With ``small_words`` the word
    vectors are kept as int8 with one scale a row, which halves the file. ``second`` [n, t, 1]
    names a float value that is 1 for the pieces of a second segment, 0 for those of the first.
    """
    x = _embeddings(g, weights, small_words=small_words, second=second)
    for layer in range(LAYERS):
        x = _layer(g, weights, f"encoder.layer.{layer}.", x)
    return x


def rows(g: Graph, table: Array, numbers: str) -> str:
    """Adds a look-up of float rows that are kept as int8 with one scale a row."""
    scale = np.abs(table).max(axis=1, keepdims=True) / 127
    scale[scale == 0] = 1
    small = g.op("Gather", g.constant(np.round(table / scale).astype(np.int8)), numbers)
    scales = g.op("Gather", g.constant(scale.astype(np.float32)), numbers)
    return g.op("Mul", g.op("Cast", small, to=TensorProto.FLOAT), scales)


def _embeddings(g: Graph, weights: Weights, *, small_words: bool, second: str | None) -> str:
    words = weights["embeddings.word_embeddings.weight"]
    word = rows(g, words, "ids") if small_words else g.op("Gather", g.constant(words), "ids")
    # The first segment's type vector joins the positions; the second's adds what differs.
    places = weights["embeddings.position_embeddings.weight"]
    kind, other = weights["embeddings.token_type_embeddings.weight"]
    if second is not None:
        word = g.op("Add", word, g.op("Mul", second, g.constant(other - kind)))
    length = g.op("Gather", g.op("Shape", "ids"), g.constant(np.array([1], dtype=np.int64)))
    zero = g.constant(np.array([0], dtype=np.int64))
    place = g.op("Slice", g.constant((places + kind).astype(np.float32)), zero, length, zero)
    return _norm(g, weights, "embeddings.LayerNorm.", g.op("Add", word, place))


def _layer(g: Graph, weights: Weights, prefix: str, x: str) -> str:
    def heads(name: str, order: list[int]) -> str:
        flat = linear(g, weights, f"{prefix}attention.self.{name}.", x)
        split = g.op("Reshape", flat, g.constant(np.array([0, 0, HEADS, HEAD], dtype=np.int64)))
        return g.op("Transpose", split, perm=order)

    across, down = [0, 2, 1, 3], [0, 2, 3, 1]
    scores = g.op("MatMul", heads("query", across), heads("key", down))
    scaled = g.op("Div", scores, g.constant(np.array(HEAD**0.5, dtype=np.float32)))
    seen = g.op("MatMul", g.op("Softmax", scaled, axis=-1), heads("value", across))
    joined = g.op("Transpose", seen, perm=across)
    flat = g.op("Reshape", joined, g.constant(np.array([0, 0, DIMENSIONS], dtype=np.int64)))
    said = linear(g, weights, f"{prefix}attention.output.dense.", flat)
    x = _norm(g, weights, f"{prefix}attention.output.LayerNorm.", g.op("Add", said, x))
    wide = _gelu(g, linear(g, weights, f"{prefix}intermediate.dense.", x))
    narrow = linear(g, weights, f"{prefix}output.dense.", wide)
    return _norm(g, weights, f"{prefix}output.LayerNorm.", g.op("Add", narrow, x))


def linear(g: Graph, weights: Weights, prefix: str, x: str) -> str:
    name = prefix.removesuffix(".")
    product = g.op("MatMul", x, g.constant(weights[f"{prefix}weight"].T), name=name)
    return g.op("Add", product, g.constant(weights[f"{prefix}bias"]))


def _norm(g: Graph, weights: Weights, prefix: str, x: str) -> str:
    scale, shift = (g.constant(weights[f"{prefix}{name}"]) for name in ("weight", "bias"))
    return g.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=EPSILON)


def _gelu(g: Graph, x: str) -> str:
    def number(value: float) -> str:
        return g.constant(np.array(value, dtype=np.float32))

    bent = g.op("Erf", g.op("Div", x, number(2**0.5)))
    return g.op("Mul", g.op("Mul", x, g.op("Add", bent, number(1.0))), number(0.5))


def _value(name: str, kind: int, width: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, ["n", width])
