"""Lets a danger model be loaded only if set-up listed each of its files by SHA-256; building it is
set-up's business."""

from __future__ import annotations

import hashlib
from pathlib import Path

from language.embedding import TOKENIZER_FILE
from safeguarding.errors import SafeguardingError
from safeguarding.model import INDEX_FILE, MANIFEST_FILE, MODEL_FILE, WORDS_FILE

LIST_FILE = "built.sha256"  # as sha256sum writes it; by requirements/install.py
FILES = (MODEL_FILE, INDEX_FILE, WORDS_FILE, MANIFEST_FILE, TOKENIZER_FILE)


def check(folder: Path) -> Path:
    """Returns ``folder`` if all its files are the listed ones; else ``SafeguardingError``."""
    try:
        listed = (folder / LIST_FILE).read_text("ascii").splitlines()
        ours = all(f"{_sha256(folder / name)}  {name}" in listed for name in FILES)
    except (OSError, ValueError):
        ours = False
    if not ours:
        problem = "is not the danger model that was built here: run make setup"
        raise SafeguardingError.at(folder, None, problem)
    return folder


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
