"""Fits the model's probabilities and freezes its thresholds on the development split.

Run by ``make tune`` after the training, in the service's environment: what is measured is the
int8 model that runs.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from safeguarding.build import ROOT, build
from safeguarding.examples import (
    PLAIN,
    SERVICE,
    TURN,
    Dialogue,
    Example,
    load_dialogues,
    load_examples,
)
from safeguarding.model import CUTS, UNFITTED, Line, Model
from safeguarding.tuned import FOLDER, Tuned, save_manifest

DEVELOPMENT = ROOT / "data" / "safeguarding" / "development"
NOT_YET: dict[str, Any] = {"calibration": UNFITTED, "thresholds": [0.5, 0.5, 0.5]}
# Share of the harmless that the model alone may raise to 3 or 4, and to 4: below what the floors
# allow (0.05 and 0.015), so that patterns and other writers have room.
_RAISED_TO_3, _RAISED_TO_4 = 0.034, 0.0105
_STEPS, _RIDGE = 200, 3.0
# A high risk taken for immediate danger is a far smaller mistake than a harmless message taken for
# it, so it weighs less. Measured: from 0.3 to 0.01 level 4 noticed as 4 rises by 2 points, levels
# 2 and 3 raised to 4 by 1.
_BETWEEN = 0.01

Numbers = npt.NDArray[np.float64]


def calibrate(weights: Path) -> dict[str, Any]:
    """Writes ``calibration`` and ``thresholds`` into the manifest of the shipped layers."""
    tuned = Tuned.load(FOLDER)
    save_manifest({**tuned.manifest, **NOT_YET}, FOLDER)
    messages = load_examples(DEVELOPMENT)
    turns = [turn for each in load_dialogues(DEVELOPMENT) for turn in _safe_turns(each)]
    ordinary = [e for names in (PLAIN, SERVICE) for e in load_examples(DEVELOPMENT, names)]
    with tempfile.TemporaryDirectory() as scratch:
        build(weights, Path(scratch))
        model = Model.load(Path(scratch))
        read = [_said(model, example) for example in [*messages, *turns, *ordinary]]
    levels = np.array([example.level for example in [*messages, *turns, *ordinary]])
    lines: list[Line] = [_line(read, levels, cut) for cut in CUTS]
    reached = np.array([(said @ np.array(lines).T).max(axis=0) for said in read])
    sure = 1 / (1 + np.exp(-reached))
    # What is easily told to be harmless bounds nothing: it would make room for alarms.
    harmless = (levels <= 1) & (np.arange(len(read)) < len(messages) + len(turns))
    thresholds = [
        0.5,
        _above(sure[harmless, 1], _RAISED_TO_3),
        _above(sure[harmless, 2], _RAISED_TO_4),
    ]
    found = {"calibration": lines, "thresholds": [round(each, 4) for each in thresholds]}
    save_manifest({**tuned.manifest, **found}, FOLDER)
    return found


def _safe_turns(dialogue: Dialogue) -> Iterator[Example]:
    """The turns of a conversation that stays harmless, each after those before it."""
    if max(dialogue.levels) <= 1:
        for place, turn in enumerate(dialogue.turns):
            level = dialogue.levels[place]
            yield Example(turn, "N", level, TURN, before=dialogue.turns[:place])


def _said(model: Model, example: Example) -> Numbers:
    """What each view of the message says, a row for each."""
    views = model.read(example.text, example.before)
    return np.array([view.said for view in views] or [(0.0,) * len(UNFITTED[0])])


def _line(read: Sequence[Numbers], levels: Numbers, cut: int) -> Line:
    """The weights of ``evidence`` by which a message reaches ``cut``: logistic regression on its
    highest view, with a ridge that draws them towards half of the uncalibrated ones."""
    plain = np.array(UNFITTED[CUTS.index(cut)])
    highest = np.array([said[(said @ plain).argmax()] for said in read])
    true = (levels >= cut).astype(float)
    between = (levels >= min(CUTS)) & (levels < cut)
    weight = np.where(between & (cut == max(CUTS)), _BETWEEN, 1.0)
    line = plain.astype(float)
    ridge = _RIDGE * np.diag([1.0] * (len(plain) - 1) + [1e-3])
    for _ in range(_STEPS):
        said = 1 / (1 + np.exp(-np.clip(highest @ line, -30, 30)))
        bend = highest.T @ (highest * (weight * said * (1 - said))[:, None]) + ridge
        slope = highest.T @ (weight * (true - said)) - ridge @ (line - plain / 2)
        move = np.linalg.solve(bend, slope)
        line += np.clip(move, -0.5, 0.5)
        if np.abs(move).max() < 1e-9:
            break
    return [round(float(each), 4) for each in line]


def _above(said: Numbers, share: float) -> float:
    """The lowest threshold that at most this share lies above."""
    return float(np.quantile(said, 1 - share))


def main() -> None:
    """Fit, freeze and say what was found."""
    parser = argparse.ArgumentParser(prog="safeguarding.tuning.calibrate", description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, metavar="FOLDER")
    print(calibrate(parser.parse_args().weights))


if __name__ == "__main__":
    main()
