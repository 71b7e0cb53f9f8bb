"""Fits the model's probabilities and freezes its thresholds on the development split.

Run by ``make tune`` after the training, in the service's environment: what is measured is the
int8 model that runs.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from safeguarding.build import ROOT, build
from safeguarding.examples import Example, load_examples
from safeguarding.model import CUTS, Model
from safeguarding.tuned import FOLDER, Tuned

DEVELOPMENT = ROOT / "data" / "safeguarding" / "development"
UNFITTED: dict[str, Any] = {"calibration": [[1.0, 0.0]] * 3, "thresholds": [0.5, 0.5, 0.5]}
# Share of the harmless that the model alone may raise to 3 or 4, and to 4: below what the floors
# allow (0.05 and 0.015), so that patterns and other writers have room.
_RAISED_TO_3, _RAISED_TO_4 = 0.025, 0.0105
_STEPS = 200

Numbers = npt.NDArray[np.float64]


def calibrate(weights: Path, folder: Path = FOLDER) -> dict[str, Any]:
    """Writes ``calibration`` and ``thresholds`` into the manifest of the tuned layers."""
    tuned = Tuned.load(folder)
    Tuned(tuned.weights, {**tuned.manifest, **UNFITTED}).save(folder)
    with tempfile.TemporaryDirectory() as scratch:
        build(weights, Path(scratch))
        model = Model.load(Path(scratch))
        examples = load_examples(DEVELOPMENT)
        raw = np.array([_highest(model, example.text) for example in examples])
    lines = [list(_fit(raw[:, n], _reached(examples, cut))) for n, cut in enumerate(CUTS)]
    fitted = np.column_stack([_apply(raw[:, n], *line) for n, line in enumerate(lines)])
    harmless = np.array([example.level <= 1 for example in examples])
    thresholds = [
        0.5,
        _above(fitted[harmless, 1], _RAISED_TO_3),
        _above(fitted[harmless, 2], _RAISED_TO_4),
    ]
    found = {"calibration": lines, "thresholds": [round(each, 4) for each in thresholds]}
    Tuned(tuned.weights, {**tuned.manifest, **found}).save(folder)
    return found


def _highest(model: Model, text: str) -> tuple[float, ...]:
    views = model.read(text)
    return tuple(max((view.reached[n] for view in views), default=0.0) for n in range(len(CUTS)))


def _reached(examples: Sequence[Example], cut: int) -> Numbers:
    return np.array([float(example.level >= cut) for example in examples])


def _fit(raw: Numbers, true: Numbers) -> tuple[float, float]:
    """Platt scaling of the logit by Newton's method: slope and offset."""
    logit = _logit(raw)
    design = np.column_stack([logit, np.ones_like(logit)])
    line = np.array([1.0, 0.0])
    for _ in range(_STEPS):
        said = 1 / (1 + np.exp(-design @ line))
        bend = design.T @ (design * (said * (1 - said))[:, None]) + 1e-3 * np.eye(2)
        move = np.linalg.solve(bend, design.T @ (true - said))
        line += np.clip(move, -0.5, 0.5)
        if np.abs(move).max() < 1e-9:
            break
    return round(float(line[0]), 4), round(float(line[1]), 4)


def _apply(raw: Numbers, slope: float, offset: float) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-(slope * _logit(raw) + offset))))


def _logit(raw: Numbers) -> Numbers:
    kept = np.clip(raw, 1e-7, 1 - 1e-7)
    return np.log(kept / (1 - kept))


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
