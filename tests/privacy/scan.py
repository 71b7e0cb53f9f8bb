"""Searches files for words that must not be there, in the encodings they might hide in."""

import base64
from collections.abc import Iterable
from pathlib import Path

LARGEST = 256 * 1024 * 1024


def disguises(word: str) -> dict[str, bytes]:
    """Returns what a word looks like on disk: plain, UTF-16 both ways, base64 at three offsets."""
    plain = word.encode()
    looks = {
        "plain": plain,
        "utf-16-le": word.encode("utf-16-le"),
        "utf-16-be": word.encode("utf-16-be"),
        "hex": plain.hex().encode(),
    }
    for offset in range(3):
        # Cut what the neighbours change: the middle of the encoding is always the same.
        encoded = base64.b64encode(b"\0" * offset + plain)
        first = -(-offset * 8 // 6) + (1 if offset else 0)
        looks[f"base64+{offset}"] = encoded[first : len(encoded) - 4]
    return looks


def find(folders: Iterable[Path], words: Iterable[str], since: float = 0.0) -> list[str]:
    """Returns "word-number encoding file" for each find in files changed after `since`."""
    wanted = [
        (number, look, found)
        for number, word in enumerate(words)
        for look, found in disguises(word).items()
    ]
    finds = []
    for folder in folders:
        for path in folder.rglob("*"):
            try:
                if not path.is_file() or path.is_symlink():
                    continue
                stat = path.stat()
                if stat.st_mtime < since or stat.st_size > LARGEST:
                    continue
                content = path.read_bytes()
            except OSError:
                continue
            finds += [f"{n} {look} {path}" for n, look, found in wanted if found in content]
    return finds
