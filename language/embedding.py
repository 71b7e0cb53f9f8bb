"""Turns a text into a sentence embedding; what the numbers are used for is left to the caller.

Runs on both Pythons of the product (3.10 beside Rasa, 3.13 in the service).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

DIMENSIONS = 384
WINDOW = 128  # tokens, [CLS] and [SEP] included; cost grows faster than length beyond it
OVERLAP = 32  # word pieces that neighbouring windows share, so that no phrase is cut for both
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"

Vectors = npt.NDArray[np.float32]


class EmbeddingUnavailable(Exception):
    """The embedding's folder is missing or cannot be read; the message says how to build it."""


class Embedder:
    """all-MiniLM-L6-v2, quantised to int8 (see ``language.build``), on one thread."""

    def __init__(self, session: onnxruntime.InferenceSession, tokenizer: Tokenizer) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._start = tokenizer.token_to_id("[CLS]")
        self._end = tokenizer.token_to_id("[SEP]")

    @classmethod
    def load(cls, folder: Path) -> Embedder:
        """Load ``model.onnx`` and ``tokenizer.json`` from ``folder``.

        Raises EmbeddingUnavailable, with one sentence, if either is missing or unreadable.
        """
        model, words = folder / MODEL_FILE, folder / TOKENIZER_FILE
        for path in (model, words):
            if not path.is_file():
                raise EmbeddingUnavailable(
                    f"{path} is missing: build it with python -m language.build"
                )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 4  # a runtime warning could quote its input
        options.enable_cpu_mem_arena = False
        try:
            session = onnxruntime.InferenceSession(
                str(model), options, providers=["CPUExecutionProvider"]
            )
            tokenizer = Tokenizer.from_file(str(words))
        except Exception as error:  # both libraries raise their own unrelated classes
            raise EmbeddingUnavailable(
                f"{folder} cannot be read: remove it and build it with python -m language.build"
            ) from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return cls(session, tokenizer)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one vector of length 1 per text, float32, shape ``[len(texts), 384]``.

        A text longer than 128 tokens is read in overlapping windows, whose vectors are averaged.
        Each window is run alone: int8 scales are shared within a batch, so that a text's vector
        would otherwise depend on its neighbours.
        """
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            windows = [self._run(pieces) for pieces in _windows(self._pieces(text))]
            vectors[row] = windows[0] if len(windows) == 1 else _unit(np.mean(windows, axis=0))
        return vectors

    def _pieces(self, text: str) -> list[int]:
        pieces: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return pieces

    def _run(self, pieces: list[int]) -> Vectors:
        ids = np.array([[self._start, *pieces, self._end]], dtype=np.int64)
        outputs = self._session.run(["embedding"], {"ids": ids})
        return np.asarray(outputs[0], dtype=np.float32).reshape(DIMENSIONS)


def _windows(pieces: list[int]) -> list[list[int]]:
    size = WINDOW - 2
    if len(pieces) <= size:
        return [pieces]
    step = size - OVERLAP
    return [pieces[start : start + size] for start in range(0, len(pieces) - OVERLAP, step)]


def _unit(vector: Vectors) -> Vectors:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), dtype=np.float32)
