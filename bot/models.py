"""Names trained models by what they were made from, and knows the ones made here; training is not
its business.

Loading a model runs the classes it names, so only a file whose sha256 stands in the list beside it
(``trained.sha256``, written by training) is loaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

TRUSTED = "trained.sha256"
EMBEDDING = "models/embedding"
WORDS = "models/danger/words.json"
_SOURCES = ("config.yml", "domain.yml")
_FOLDERS = ("data/nlu", "data/stories", "data/rules", "data/responses")
_CODE = (
    *("bot/classifier.py", "bot/features.py", "bot/reader.py", "bot/train.py"),
    *("language/embedding.py", "language/normalise.py", "language/textspeak.py"),
    *("language/textspeak.yml", "language/spelling.py", "language/vowels.py"),
)


class ModelRefused(Exception):
    """A model file that is missing, or was not trained here; the message is one sentence."""


def domain_paths(root: Path) -> list[Path]:
    """Return the files and folders that make up the domain, responses included."""
    return [root / "domain.yml", root / "data/responses"]


def data_paths(root: Path) -> list[Path]:
    """Return the folders of training data that exist."""
    folders = (root / folder for folder in _FOLDERS[:-1])
    return [folder for folder in folders if folder.is_dir()]


def name_for(root: Path) -> str:
    """Return the model's file name for the present data, code and embedding.

    Raises ModelRefused when a file that training needs is missing.
    """
    digest = hashlib.sha256()
    for path in _inputs(root):
        try:
            content = path.read_bytes()
        except OSError:
            raise ModelRefused(f"{path} is missing or cannot be read.") from None
        digest.update(f"{path.relative_to(root)}\0{len(content)}\0".encode())
        digest.update(content)
    return f"waymark-{digest.hexdigest()[:16]}.tar.gz"


def trust(model: Path) -> None:
    """Add a model that was just trained to the list beside it."""
    with (model.parent / TRUSTED).open("a", encoding="ascii") as file:
        file.write(f"{_sha256(model)}  {model.name}\n")


def check(model: Path) -> Path:
    """Return ``model`` if it is a file of the list beside it; else raises ModelRefused."""
    if not model.is_file():
        raise ModelRefused(f"{model} is missing: train it with python -m bot.train")
    try:
        lines = (model.parent / TRUSTED).read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        lines = []
    if f"{_sha256(model)}  {model.name}" not in lines:
        raise ModelRefused(f"{model} is not in {TRUSTED} beside it, so it was not trained here.")
    return model


def _inputs(root: Path) -> Iterator[Path]:
    yield from (root / name for name in (*_SOURCES, *_CODE))
    yield root / EMBEDDING / "model.onnx"
    yield root / EMBEDDING / "tokenizer.json"
    yield root / WORDS
    for folder in _FOLDERS:
        yield from sorted((root / folder).rglob("*.yml"))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
