"""The page's static files, read and compressed once; their addresses change when they change."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    """One file: its bytes plain and gzipped, and its media type."""

    plain: bytes
    zipped: bytes
    media_type: str


@dataclass(frozen=True)
class Assets:
    """All files under one digest, so that a module's relative imports stay within one version."""

    digest: str
    files: dict[str, Asset]

    @classmethod
    def load(cls, folder: Path = FOLDER) -> "Assets":
        """Read every known kind of file in ``folder``; raises ``OSError`` if it cannot be read."""
        paths = sorted(path for path in folder.iterdir() if path.suffix in _TYPES)
        whole = hashlib.sha256()
        files = {}
        for path in paths:
            plain = path.read_bytes()
            whole.update(path.name.encode() + b"\0" + plain)
            zipped = gzip.compress(plain, compresslevel=9, mtime=0)
            files[path.name] = Asset(plain, zipped, _TYPES[path.suffix])
        return cls(whole.hexdigest()[:16], files)

    def address(self, name: str) -> str:
        """The path of a file on this host; raises ``KeyError`` for one that is not there."""
        if name not in self.files:
            raise KeyError(name)
        return f"/static/chat/{self.digest}/{name}"
