"""Writes the bill of materials: every locked package, page script and model, with its hashes.

Run as ``python -m requirements.sbom --out FILE``; the form is CycloneDX 1.6 in JSON.
"""

import argparse
import hashlib
import json
import sys
import tomllib
from base64 import b64decode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from bot import models
from language.build import WEIGHTS_FILE, WEIGHTS_SHA256
from requirements import locked
from requirements.locked import NotLocked
from safeguarding.tuned import FURTHER_FILE, LAYERS_FILE

ROOT: Final = Path(__file__).resolve().parent.parent
PART: Final = "waymark:part"
SHIPPED: Final = tuple(f"safeguarding/weights/{name}" for name in (LAYERS_FILE, FURTHER_FILE))
BUILT: Final = ("models/embedding/model.onnx", "models/danger/model.onnx")


class SbomRefused(Exception):
    """The bill cannot be written whole; the message is one sentence."""


def bill(root: Path) -> Bom:
    """Returns the bill of the project in `root`, set up. Raises SbomRefused and NotLocked."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    whole = Component(
        name=project["name"], version=project["version"], type=ComponentType.APPLICATION
    )
    bom = Bom()
    bom.metadata.component = whole
    parts = [*_python(root), *_page_scripts(root), *_models(root)]
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(whole, parts)
    return bom


def text_of(bom: Bom) -> str:
    """Returns the bill as JSON that the schema holds good. Raises SbomRefused."""
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        raise SbomRefused("The bill of materials is not as its schema says.")
    return text + "\n"


def _python(root: Path) -> Iterator[Component]:
    for part in locked.FILES:
        for package in locked.read(root / "requirements" / f"{part}.txt"):
            yield Component(
                name=package.name,
                version=package.version,
                type=ComponentType.LIBRARY,
                bom_ref=f"{part}/{package.name}@{package.version}",
                purl=PackageURL("pypi", None, package.name, package.version),
                hashes=_hashes(package.hashes),
                properties=[Property(name=PART, value=part)],
            )


def _page_scripts(root: Path) -> Iterator[Component]:
    lock = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))
    for path, entry in lock["packages"].items():
        if not path:
            continue
        name = path.removeprefix("node_modules/")
        algorithm, _, digest = entry.get("integrity", "").partition("-")
        if algorithm != "sha512":
            raise SbomRefused(f"package-lock.json has no sha512 of {name}.")
        yield Component(
            name=name,
            version=entry["version"],
            type=ComponentType.LIBRARY,
            bom_ref=f"desk/{name}@{entry['version']}",
            purl=PackageURL("npm", None, name, entry["version"]),
            hashes=[HashType(alg=HashAlgorithm.SHA_512, content=b64decode(digest).hex())],
            properties=[Property(name=PART, value="desk")],
        )


def _models(root: Path) -> Iterator[Component]:
    yield _model(f"all-MiniLM-L6-v2/{WEIGHTS_FILE}", WEIGHTS_SHA256)
    try:
        trained = f"models/{models.name_for(root)}"
        for name in (*SHIPPED, *BUILT, trained):
            yield _model(name, hashlib.sha256((root / name).read_bytes()).hexdigest())
    except (models.ModelRefused, OSError):
        raise SbomRefused("A model is missing: run `make setup`.") from None


def _model(name: str, digest: str) -> Component:
    return Component(
        name=name,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"file/{name}",
        hashes=_hashes([digest]),
        properties=[Property(name=PART, value="models")],
    )


def _hashes(digests: Iterable[str]) -> list[HashType]:
    return [HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in digests]


def main() -> int:
    """Writes the bill, or says in one sentence why not; the exit code is 1 then."""
    parser = argparse.ArgumentParser(prog="requirements.sbom", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    out: Path = parser.parse_args().out
    try:
        bom = bill(ROOT)
        out.write_text(text_of(bom), encoding="utf-8")
    except (SbomRefused, NotLocked) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{out} cannot be written ({error.strerror}).", file=sys.stderr)
        return 1
    print(f"{out}: {len(bom.components)} parts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
