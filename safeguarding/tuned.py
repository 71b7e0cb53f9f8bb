"""The shipped half of the danger model: what tuning changed of the public weights, as int8.

Of each large matrix of the public weights only the change is kept, as the product of two thin ones
(its largest singular values): that halves what a tuning adds to the repository's history. A further
tuning adds a thin change of its own in a second file and leaves the first as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from safeguarding.errors import SafeguardingError

FOLDER = Path(__file__).resolve().parent / "weights"
LAYERS_FILE = "layers.safetensors"
FURTHER_FILE = "further.safetensors"
MANIFEST_FILE = "manifest.json"
STEPS = 64  # int8 that keeps its grid when onnxruntime quantises it again with reduced range
RANK = 116  # as much as the repository's budget leaves; tuning keeps to it all along
_LEFT, _RIGHT, _SCALE = "#left", "#right", "#scale"
_SMALLEST_MATRIX = 40_000

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Tuned:
    """Tuned weights by name, changes as factors (``left`` [rank, rows], ``right`` [rank, columns]),
    and the manifest: signals in order, thresholds, what they are from."""

    weights: Mapping[str, Array]
    manifest: Mapping[str, Any]

    @property
    def signals(self) -> list[str]:
        """The ids of the signals, in the order of the model's scores."""
        return list(self.manifest["signals"])

    @classmethod
    def of(
        cls, weights: Mapping[str, Array], public: Mapping[str, Array], manifest: Mapping[str, Any]
    ) -> Self:
        """``weights``: whole ones, by the names of the ``public`` ones where those have them."""
        kept = {}
        for name, value in weights.items():
            if name in public and is_large(value.shape):
                kept.update(factors(name, value - public[name], RANK))
            else:
                kept[name] = value
        return cls(kept, manifest)

    def joined(self, public: Mapping[str, Array]) -> dict[str, Array]:
        """The whole tuned weights; what was not tuned is not among them."""
        whole = {name: value for name, value in self.weights.items() if "#" not in name}
        for name, left in self.weights.items():
            if name.endswith(_LEFT):
                plain = name.removesuffix(_LEFT)
                start = whole[plain] if plain in whole else public[plain]
                whole[plain] = start + left.T @ self.weights[f"{plain}{_RIGHT}"]
        return whole

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises ``SafeguardingError`` where a file is missing or not as written by ``save``."""
        try:
            weights = _read(folder / LAYERS_FILE)
            if (folder / FURTHER_FILE).exists():
                weights = _added(weights, _read(folder / FURTHER_FILE))
            manifest = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
        except (OSError, ValueError) as error:
            problem = f"the tuned layers cannot be read ({type(error).__name__})"
            raise SafeguardingError.at(folder, None, problem) from None
        return cls(weights, manifest)

    def save(self, folder: Path) -> None:
        """Writes the layers and the manifest; a further change of former layers goes."""
        folder.mkdir(parents=True, exist_ok=True)
        _write(self.weights, folder / LAYERS_FILE)
        (folder / FURTHER_FILE).unlink(missing_ok=True)
        save_manifest(self.manifest, folder)


def factors(name: str, change: Array, rank: int) -> dict[str, Array]:
    """The ``rank`` largest singular values of a matrix's change, as two factors by its name."""
    rows, sizes, columns = np.linalg.svd(change, full_matrices=False)
    root = np.sqrt(sizes[:rank, None])
    return {f"{name}{_LEFT}": rows.T[:rank] * root, f"{name}{_RIGHT}": columns[:rank] * root}


def save_further(weights: Mapping[str, Array], manifest: Mapping[str, Any], folder: Path) -> None:
    """Writes a further change beside the layers in ``folder``: ``factors`` of matrices, the rest
    whole in place of theirs."""
    _write(weights, folder / FURTHER_FILE)
    save_manifest(manifest, folder)


def save_manifest(manifest: Mapping[str, Any], folder: Path) -> None:
    """Writes the manifest alone."""
    (folder / MANIFEST_FILE).write_text(json.dumps(dict(manifest), indent=1) + "\n", "utf-8")


def _read(file: Path) -> dict[str, Array]:
    stored = load_file(str(file))
    weights = {}
    for name, value in stored.items():
        if name.endswith(_SCALE):
            continue
        scale = stored.get(f"{name}{_SCALE}")
        whole = value.astype(np.float32)
        weights[name] = whole if scale is None else whole * scale[:, None].astype(np.float32)
    return weights


def _write(weights: Mapping[str, Array], file: Path) -> None:
    """Matrices as int8 with one float32 scale a row, the rest as float16."""
    stored: dict[str, npt.NDArray[Any]] = {}
    for name, value in weights.items():
        factor = name.endswith((_LEFT, _RIGHT))
        if factor or is_large(value.shape):
            scale = np.maximum(np.abs(value).max(axis=1), 1e-9) / (127 if factor else STEPS)
            stored[name] = np.round(value / scale[:, None]).astype(np.int8)
            stored[f"{name}{_SCALE}"] = scale.astype(np.float32)
        else:
            stored[name] = value.astype(np.float16)
    # safetensors writes the bytes as they lie in memory, whatever the order of the axes
    save_file({name: np.ascontiguousarray(value) for name, value in stored.items()}, str(file))


def _added(weights: Mapping[str, Array], further: Mapping[str, Array]) -> dict[str, Array]:
    """Both changes of each matrix; what is whole is the further one's."""
    added = dict(weights)
    for name, value in further.items():
        both = name in weights and name.endswith((_LEFT, _RIGHT))
        added[name] = np.concatenate([weights[name], value]) if both else value
    return added


def is_large(shape: Sequence[int]) -> bool:
    """Whether a weight of this shape is a matrix worth the trouble of factors and int8."""
    return len(shape) == 2 and prod(shape) >= _SMALLEST_MATRIX


def data_digest(folder: Path) -> str:
    """SHA-256, in hex, of the examples that the layers were tuned on, names included."""
    total = hashlib.sha256()
    for file in sorted(folder.glob("*.jsonl")):
        total.update(file.name.encode() + b"\0" + file.read_bytes())
    return total.hexdigest()
