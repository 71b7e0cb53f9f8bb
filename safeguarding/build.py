"""Joins the tuned layers to the public weights into models/danger; reading with it is model's.

Run at set-up: ``python -m safeguarding.build --weights FOLDER --out models/danger``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from itertools import chain
from pathlib import Path

import numpy as np
import onnx
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from language.build import (
    TOKENIZER_SHA256,
    WEIGHTS_FILE,
    WEIGHTS_SHA256,
    WeightsRefused,
    checked,
    quantise,
)
from language.embedding import TOKENIZER_FILE
from language.graph import Graph, Weights, encoder, linear, rows
from language.spelling import Spelling
from safeguarding.errors import SafeguardingError
from safeguarding.examples import Example, load_examples
from safeguarding.model import (
    CUTS,
    INDEX_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    SHOWN,
    WORDS_FILE,
    Index,
    Model,
)
from safeguarding.tuned import FOLDER, Tuned
from safeguarding.words import count_words, known_words

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "data" / "safeguarding" / "examples"
_FAR = 1e4  # what is taken from a vector that must not be the greatest
_MOST_SHOWN = 150  # examples of each signal
_SHOWN_FROM = 2  # the lowest level of the examples that serve as evidence


def build(weights_folder: Path, out: Path) -> None:
    """Writes the model, its tokenizer, the examples' index and a manifest to ``out``.

    Raises ``WeightsRefused`` for other public weights than the pinned ones and
    ``SafeguardingError`` for examples or tuned layers that cannot be read.
    """
    weights = load_file(str(checked(weights_folder / WEIGHTS_FILE, WEIGHTS_SHA256)))
    tokenizer = checked(weights_folder / TOKENIZER_FILE, TOKENIZER_SHA256)
    tuned = Tuned.load(FOLDER)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        whole, small = Path(scratch, "whole.onnx"), Path(scratch, MODEL_FILE)
        onnx.save(graph({**weights, **tuned.joined(weights)}, len(tuned.signals)), str(whole))
        quantise(whole, small)
        small.replace(out / MODEL_FILE)
    (out / TOKENIZER_FILE).write_bytes(tokenizer.read_bytes())
    (out / MANIFEST_FILE).write_text(json.dumps(tuned.manifest, indent=1) + "\n", "utf-8")
    words = known_words(Tokenizer.from_file(str(tokenizer)), EXAMPLES.parent)
    Spelling.of(*count_words(load_examples(EXAMPLES)), words).save(out / WORDS_FILE)
    Index([], np.zeros((0, SHOWN), dtype=np.float32)).save(out / INDEX_FILE)
    index(Model.load(out)).save(out / INDEX_FILE)


def index(model: Model) -> Index:
    """The labelled dangers as the model sees them, to be shown as evidence."""
    by_signal: dict[str, list[Example]] = {}
    for each in load_examples(EXAMPLES):
        if each.level >= _SHOWN_FROM:
            by_signal.setdefault(each.signal, []).append(each)
    labels, vectors = [], []
    for each in chain.from_iterable(_evenly(examples) for examples in by_signal.values()):
        views = model.read(each.text)
        if views:
            labels.append((each.signal, each.text))
            vectors.append(views[0].vector)
    return Index(labels, np.vstack(vectors))


def _evenly(examples: list[Example]) -> list[Example]:
    """At most ``_MOST_SHOWN`` of them, from all writers: each costs set-up 3 ms."""
    step = max(1, -(-len(examples) // _MOST_SHOWN))
    return examples[::step]


def graph(weights: Weights, signals: int) -> onnx.ModelProto:
    """``ids`` and ``earlier`` [1, t], ``grams`` [1, g] to ``signals``, ``cuts`` and ``shown``.

    ``earlier`` is 1 for the pieces of the messages before and 0 for the message's own, which alone
    are pooled. The same network as ``safeguarding.tuning.network``, without what only training
    needs.
    """
    g = Graph()
    flat = g.op("Cast", "earlier", to=onnx.TensorProto.FLOAT)
    last = g.constant(np.array([2], dtype=np.int64))
    second = g.op("Unsqueeze", flat, last)
    own = g.op("Sub", g.constant(np.array(1, dtype=np.float32)), second)
    x = encoder(g, weights, second=second)
    along = g.constant(np.array([1], dtype=np.int64))
    total = g.op("ReduceSum", g.op("Mul", x, own), along, keepdims=0)
    mean = g.op("Div", total, g.op("ReduceSum", own, along, keepdims=0))
    away = g.op("Mul", second, g.constant(np.array(_FAR, dtype=np.float32)))
    most = g.op("ReduceMax", g.op("Sub", x, away), axes=[1], keepdims=0)
    spelled = g.op(
        "ReduceMean", rows(g, weights["gram_rows.weight"], "grams"), axes=[1], keepdims=0
    )
    both = g.op("Concat", mean, most, spelled, axis=1)
    shown = g.op("Tanh", linear(g, weights, "shown.", both), output="shown")
    g.op("Softmax", linear(g, weights, "signals.", shown), axis=-1, output="signals")
    g.op("Sigmoid", linear(g, weights, "cuts.", shown), output="cuts")
    outputs = {"signals": signals, "cuts": len(CUTS), "shown": SHOWN}
    return g.model("danger", ["ids", "earlier", "grams"], outputs)


def main() -> int:
    """Build, or say in one sentence why not; the exit code is 1 then."""
    parser = argparse.ArgumentParser(prog="safeguarding.build", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    arguments = parser.parse_args()
    try:
        build(arguments.weights, arguments.out)
    except (WeightsRefused, SafeguardingError) as refused:
        print(refused, file=sys.stderr)
        return 1
    print(f"built: {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
