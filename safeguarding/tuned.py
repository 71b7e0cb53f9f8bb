"""The shipped half of the danger model: tuned layers as int8; joining them is left to build."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from safeguarding.errors import SafeguardingError

FOLDER = Path(__file__).resolve().parent / "weights"
LAYERS_FILE = "layers.safetensors"
MANIFEST_FILE = "manifest.json"
STEPS = 64  # int8 that keeps its grid when onnxruntime quantises it again with reduced range
_SMALLEST_MATRIX = 50_000

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Tuned:
    """Tuned weights by name, and the manifest: signals in order, thresholds, what they are from."""

    weights: Mapping[str, Array]
    manifest: Mapping[str, Any]

    @property
    def signals(self) -> list[str]:
        """The ids of the signals, in the order of the model's scores."""
        return list(self.manifest["signals"])

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises ``SafeguardingError`` where a file is missing or not as written by ``save``."""
        try:
            stored = load_file(str(folder / LAYERS_FILE))
            manifest = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
        except (OSError, ValueError) as error:
            problem = f"the tuned layers cannot be read ({type(error).__name__})"
            raise SafeguardingError.at(folder, None, problem) from None
        weights = {}
        for name, value in stored.items():
            if name.endswith("#scale"):
                continue
            scale = stored.get(f"{name}#scale")
            whole = value.astype(np.float32)
            weights[name] = whole if scale is None else whole * scale[:, None].astype(np.float32)
        return cls(weights, manifest)

    def save(self, folder: Path) -> None:
        """Matrices as int8 with one float32 scale a row, the rest as float16."""
        stored: dict[str, npt.NDArray[Any]] = {}
        for name, value in self.weights.items():
            if value.ndim == 2 and value.size >= _SMALLEST_MATRIX:
                scale = np.maximum(np.abs(value).max(axis=1), 1e-9) / STEPS
                stored[name] = np.round(value / scale[:, None]).astype(np.int8)
                stored[f"{name}#scale"] = scale.astype(np.float32)
            else:
                stored[name] = value.astype(np.float16)
        folder.mkdir(parents=True, exist_ok=True)
        save_file(stored, str(folder / LAYERS_FILE))
        text = json.dumps(dict(self.manifest), indent=1) + "\n"
        (folder / MANIFEST_FILE).write_text(text, "utf-8")


def data_digest(folder: Path) -> str:
    """SHA-256, in hex, of the examples that the layers were tuned on, names included."""
    total = hashlib.sha256()
    for file in sorted(folder.glob("messages*.jsonl")):
        total.update(file.name.encode() + b"\0" + file.read_bytes())
    return total.hexdigest()
