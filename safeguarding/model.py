"""Reads a message with the tuned model, window by window; rules of context are left to context."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import exp, log
from operator import mul
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from language.embedding import TOKENIZER_FILE
from language.normalise import read
from language.spelling import Spelling
from safeguarding.before import CONTEXT, context
from safeguarding.errors import SafeguardingError
from safeguarding.grams import grams

MODEL_FILE, INDEX_FILE = "model.onnx", "examples.npz"
WORDS_FILE, MANIFEST_FILE = "words.json", "manifest.json"
SHOWN = 256
CUTS = (2, 3, 4)
WINDOW, STEP = 48, 32  # word pieces
_WHOLE = 64  # up to here one window holds everything
_MOST_WINDOWS = 18
_LONGEST_RUN = 3
_DIGIT = re.compile(r"\d")
_NO_WORD = re.compile(r"\d|^\W+$")
_LEAST = 1e-6  # probabilities nearer to 0 or 1 count as this near

Vectors = npt.NDArray[np.float32]
Line = Sequence[float]
# A calibration that changes nothing: a row of weights for each cut, see ``evidence``.
UNFITTED: tuple[Line, ...] = ((1, 0, 0, 0, 0), (0, 1, 0, 0, 0), (0, 0, 1, 0, 0))


@dataclass(frozen=True)
class View:
    """What the model makes of the words ``start`` to ``end`` (exclusive) of a message.

    ``reached``: probability of at least level 2, 3 and 4. ``signals``: probability by signal id.
    ``said``: what ``reached`` was made of.
    ``vector`` [256] is what nearest examples are looked for with.
    """

    start: int
    end: int
    reached: tuple[float, float, float]
    signals: dict[str, float]
    vector: Vectors
    said: tuple[float, ...] = ()


class Index:
    """Labelled dangers by signal, as the model sees them."""

    def __init__(self, examples: Sequence[tuple[str, str]], vectors: Vectors) -> None:
        """``examples``: (signal, text); ``vectors`` [n, 256], a row for each."""
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        self._vectors = np.round(vectors / np.maximum(lengths, 1e-9) * 127).astype(np.int8)
        self._examples = list(examples)
        signals = sorted({signal for signal, _ in examples})
        self._rows = {
            wanted: np.array([row for row, (signal, _) in enumerate(examples) if signal == wanted])
            for wanted in signals
        }

    def save(self, file: Path) -> None:
        """Writes the index without pickles."""
        signals = np.array([signal for signal, _ in self._examples], dtype=np.str_)
        texts = np.array([text for _, text in self._examples], dtype=np.str_)
        np.savez_compressed(file, vectors=self._vectors, signals=signals, texts=texts)

    @classmethod
    def load(cls, file: Path) -> Self:
        """Raises ``OSError``, ``KeyError`` or ``ValueError``."""
        with np.load(file, allow_pickle=False) as stored:
            pairs = zip(stored["signals"].tolist(), stored["texts"].tolist(), strict=True)
            return cls(list(pairs), stored["vectors"].astype(np.float32))

    def nearest(self, signal: str, vector: Vectors, most: int = 2) -> tuple[str, ...]:
        """The ``most`` labelled messages of the signal that are nearest, nearest first."""
        rows = self._rows.get(signal)
        if rows is None:
            return ()
        near = self._vectors[rows].astype(np.float32) @ vector
        order = np.argsort(-near)[:most]
        return tuple(self._examples[rows[place]][1] for place in order)


class Model:
    """The tuned encoder and heads on one thread; safe to use from several threads at a time."""

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        tokenizer: Tokenizer,
        manifest: dict[str, Any],
        index: Index,
        spelling: Spelling,
    ) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._signals: list[str] = manifest["signals"]
        self.thresholds: tuple[float, float, float] = tuple(manifest["thresholds"])
        self._calibration: list[Line] = manifest["calibration"]
        self._harmless = [n for n, signal in enumerate(self._signals) if signal[0] in "DN"]
        self.index = index
        self.spelling = spelling
        self._start, self._end = (int(tokenizer.token_to_id(n) or 0) for n in ("[CLS]", "[SEP]"))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Loads what ``safeguarding.build`` wrote. Raises ``SafeguardingError``."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # a runtime warning could quote its input
        options.enable_cpu_mem_arena = False
        try:
            manifest = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
            index = Index.load(folder / INDEX_FILE)
            spelling = Spelling.load(folder / WORDS_FILE)
            session = onnxruntime.InferenceSession(
                str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the libraries raise their own unrelated classes
            problem = f"has no danger model ({type(error).__name__}): run make setup"
            raise SafeguardingError.at(folder, None, problem) from None
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return cls(session, tokenizer, manifest, index, spelling)

    def views(
        self, typed: Sequence[str], mended: Sequence[str], before: Sequence[str] = ()
    ) -> list[View]:
        """One view of a short message, overlapping ones of a long one, none of an empty one.

        A short one that begins or ends with numbers or codes is also read without them: with "50"
        or a code behind it, danger of level 4 was noticed in 67 to 77 of 100 messages of the
        development split in place of 85.

        ``typed``: its normalised words; ``mended``: the same, one for one, with slips put right.
        The encoder reads the mended ones, the n-grams the typed ones. ``before``: the texts of the
        messages before it, oldest first; a message that fills several windows is read without.
        """
        views, earlier = self._read_windows(typed, mended, before)
        first, last = _between_numbers(mended)
        if len(views) == 1 and 0 < last - first < len(mended):
            bare, _ = self._read_windows(typed[first:last], mended[first:last], earlier=earlier)
            views += [replace(v, start=v.start + first, end=v.end + first) for v in bare]
        return views

    def _read_windows(
        self,
        typed: Sequence[str],
        mended: Sequence[str],
        before: Sequence[str] = (),
        *,
        earlier: list[int] | None = None,
    ) -> tuple[list[View], list[int]]:
        """The views, and the pieces of the messages before it that they were read after: those of
        ``earlier`` if it is given.
        """
        encoding = self._tokenizer.encode(" ".join(mended), add_special_tokens=False)
        ends = list(accumulate(len(word) + 1 for word in mended))
        pieces = _without_runs(encoding.ids)
        windows = _windows(len(pieces))
        if earlier is None:
            earlier = self._context(before) if len(windows) == 1 else []
        views = []
        for start, end in windows:
            kept = pieces[start:end]
            first = bisect_right(ends, encoding.offsets[kept[0]][0])
            last = bisect_right(ends, encoding.offsets[kept[-1]][0]) + 1
            ids = [encoding.ids[piece] for piece in kept]
            views.append(self._view(earlier, ids, " ".join(typed[first:last]), first, last))
        return views, earlier

    def read(self, original: str, before: Sequence[str] = ()) -> list[View]:
        """The views of a text as a young person typed it, after those ``before``."""
        words = read(original).text.split()
        return self.views(words, self.spelling.mend(words), before)

    def _context(self, before: Sequence[str]) -> list[int]:
        turns = []
        for text in before[-CONTEXT.turns :]:
            words = self.spelling.mend(read(text[-CONTEXT.characters :]).text.split())
            encoding = self._tokenizer.encode(" ".join(words), add_special_tokens=False)
            turns.append(encoding.ids)
        return context(turns, self._end)

    def _view(
        self, earlier: list[int], pieces: list[int], typed: str, start: int, end: int
    ) -> View:
        own = [*pieces, self._end]
        if earlier:
            ids, kinds = [self._start, *earlier, *own], [1] * (1 + len(earlier)) + [0] * len(own)
        else:
            ids, kinds = [self._start, *own], [0] * (1 + len(own))
        inputs = {"ids": ids, "earlier": kinds, "grams": grams(typed)}
        signals, cuts, shown = self._session.run(
            ["signals", "cuts", "shown"],
            {name: np.array([row], dtype=np.int64) for name, row in inputs.items()},
        )
        said = evidence(cuts[0], float(signals[0][self._harmless].sum()))
        two, three, four = (1 / (1 + exp(-sum(map(mul, line, said)))) for line in self._calibration)
        by_id = dict(zip(self._signals, map(float, signals[0]), strict=True))
        return View(start, end, (two, three, four), by_id, shown[0], said)


def evidence(cuts: Iterable[float], harmless: float) -> tuple[float, ...]:
    """What a calibrated probability is made of, to be weighed and added up: the logits of the
    three cuts, that of no danger among the signals with its sign turned, and 1."""
    return (*(_logit(float(raw)) for raw in cuts), -_logit(harmless), 1.0)


def _logit(raw: float) -> float:
    kept = min(max(raw, _LEAST), 1 - _LEAST)
    return log(kept / (1 - kept))


def _between_numbers(words: Sequence[str]) -> tuple[int, int]:
    """From which word to which there are words, past numbers and codes (any with a digit) at both
    ends, with the signs around those; all of them where no number is at an end."""
    said = [n for n, word in enumerate(words) if not _NO_WORD.search(word)]
    if not said:
        return 0, 0
    first, last = said[0], said[-1] + 1
    first = first if _DIGIT.search("".join(words[:first])) else 0
    return first, last if _DIGIT.search("".join(words[last:])) else len(words)


def _without_runs(ids: list[int]) -> list[int]:
    """The places of the pieces, without more than three of the same in a row."""
    kept: list[int] = []
    run = 0
    for place, piece in enumerate(ids):
        run = run + 1 if place and piece == ids[place - 1] else 1
        if run <= _LONGEST_RUN:
            kept.append(place)
    return kept


def _windows(pieces: int) -> list[tuple[int, int]]:
    """Places of the windows, the last ending at the end.

    They overlap by 16 pieces up to 592, which 2,000 characters of English stay below, and touch up
    to 864. What has more is hardly words: there the model reads samples, only patterns read all.
    """
    if not pieces:
        return []
    if pieces <= _WHOLE:
        return [(0, pieces)]
    last = pieces - WINDOW
    steps = min(-(-last // STEP), _MOST_WINDOWS - 1)
    starts = sorted({last * number // steps for number in range(steps + 1)})
    return [(start, start + WINDOW) for start in starts]
