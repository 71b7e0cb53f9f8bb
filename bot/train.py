"""Trains the assistant if there is no model of the present data; serving it is left to others.

Run as ``python -m bot.train``. The last line printed is the model's path.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from bot import models

SEED = 7
ROOT = Path(__file__).resolve().parents[1]


class TrainingFailed(Exception):
    """Rasa made no model; what it said stands above, on standard error."""


def train(root: Path, out: Path) -> Path:
    """Return a trusted model for the data under ``root``, training it only if there is none.

    Raises ModelRefused when a file is missing, TrainingFailed when Rasa makes no model.
    """
    model = out / models.name_for(root)
    try:
        return models.check(model)
    except models.ModelRefused:
        _say("training the assistant: reading the data")
    # Rasa's cache would hide a change of our own code: each training starts from nothing.
    with tempfile.TemporaryDirectory(prefix="waymark-training-") as scratch:
        os.environ.update(
            RASA_CACHE_DIRECTORY=scratch,
            RASA_TELEMETRY_ENABLED="false",
            TF_CPP_MIN_LOG_LEVEL="3",
            SQLALCHEMY_SILENCE_UBER_WARNING="1",
        )
        trained = _run(root, Path(scratch), model.name)
        out.mkdir(parents=True, exist_ok=True)
        whole = model.with_suffix(".part")
        whole.write_bytes(trained.read_bytes())
        whole.replace(model)
    models.trust(model)
    return model


def _run(root: Path, scratch: Path, name: str) -> Path:
    import numpy as np  # noqa: PLC0415  # slow; only a training needs it
    import structlog  # noqa: PLC0415
    from rasa.model_training import train as train_rasa  # noqa: PLC0415

    # Left alone, structlog prints every step of the policies to standard output.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    random.seed(SEED)
    np.random.seed(SEED)  # Rasa and scikit-learn draw from the global state
    _say("training the assistant: features, classifier, policies")
    with contextlib.redirect_stdout(sys.stderr):
        result = train_rasa(
            domain=[str(path) for path in models.domain_paths(root)],
            config=str(root / "config.yml"),
            training_files=[str(path) for path in models.data_paths(root)],
            output=str(scratch),
            force_training=True,
            fixed_model_name=name.removesuffix(".tar.gz"),
        )
    if result.code != 0 or result.model is None:
        raise TrainingFailed("Rasa made no model from this data.")
    return Path(result.model)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Print the model's path; on failure one sentence, and the exit code is 1."""
    parser = argparse.ArgumentParser(prog="bot.train", description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, metavar="FOLDER")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: ROOT/models")
    arguments = parser.parse_args()
    start = time.monotonic()
    try:
        model = train(arguments.root, arguments.out or arguments.root / "models")
    except (models.ModelRefused, TrainingFailed) as refused:
        print(refused, file=sys.stderr)
        return 1
    _say(f"the assistant is trained ({time.monotonic() - start:.0f} s)")
    print(model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
