"""The bill of materials names every locked package, page script and model, with its hashes."""

import hashlib
import json
import re
import shutil
from base64 import b64encode

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from bot import models
from helpline.settings import ROOT
from requirements import locked, sbom
from requirements.sbom import SbomRefused

PARTS = ("service", "bot", "test", "model", "tools")


@pytest.fixture(scope="module")
def text() -> str:
    return sbom.text_of(sbom.bill(ROOT))


@pytest.fixture(scope="module")
def parts(text) -> dict[str, dict]:
    return {each["bom-ref"]: each for each in json.loads(text)["components"]}


def digests(part: dict) -> set[str]:
    return {each["content"] for each in part["hashes"]}


def test_it_is_as_the_schema_says_and_a_planted_fault_is_not(text):
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text) is None
    assert validator.validate_str(text.replace('"type": "library"', '"type": "book"')) is not None


@pytest.mark.parametrize("name", PARTS)
def test_every_locked_package_is_in_with_its_hashes(parts, name):
    # Given the locked file, read line by line
    lines = (ROOT / "requirements" / f"{name}.txt").read_text()
    blocks = re.split(r"\n(?=\S)", lines.strip())
    assert blocks
    # Then each of its packages is in, with all of its hashes and no other
    for block in blocks:
        package, version = re.match(r"([a-z0-9.-]+)==(\S+)", block).groups()
        part = parts[f"{name}/{package}@{version}"]
        assert digests(part) == set(re.findall(r"sha256:([0-9a-f]{64})", block))
        assert part["purl"] == f"pkg:pypi/{package}@{version}"
    assert sum(ref.startswith(f"{name}/") for ref in parts) == len(blocks)


def test_every_page_script_is_in_with_its_hash(parts):
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    named = {path: entry for path, entry in lock.items() if path}
    assert named
    for path, entry in named.items():
        part = parts[f"desk/{path.removeprefix('node_modules/')}@{entry['version']}"]
        (digest,) = digests(part)
        assert entry["integrity"] == "sha512-" + b64encode(bytes.fromhex(digest)).decode()


def test_every_model_is_in_with_its_hash(parts):
    names = ("models/embedding/model.onnx", "models/danger/model.onnx")
    for name in (*names, f"models/{models.name_for(ROOT)}"):
        found = hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
        assert digests(parts[f"file/{name}"]) == {found}


def test_it_names_no_registry_and_no_folder_of_this_machine(text):
    assert re.findall(r"\w+://[^/\"]+", text) == ["http://cyclonedx.org"]  # its schema's name
    assert str(ROOT) not in text


@pytest.fixture
def copy(tmp_path):
    """The files the bill is made of, without the models."""
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    for name in ("pyproject.toml", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_a_page_script_without_a_hash_is_refused(copy):
    lock = json.loads((copy / "package-lock.json").read_text())
    del lock["packages"]["node_modules/htmx.org"]["integrity"]
    (copy / "package-lock.json").write_text(json.dumps(lock))
    with pytest.raises(SbomRefused, match=r"no sha512 of htmx\.org"):
        sbom.bill(copy)


def test_a_package_without_a_hash_is_refused(copy):
    with (copy / "requirements" / "bot.txt").open("a") as file:
        file.write("planted==1.0\n")
    with pytest.raises(locked.NotLocked, match="planted has no hash"):
        sbom.bill(copy)


def test_a_missing_model_is_refused(copy):
    with pytest.raises(SbomRefused, match="make setup"):
        sbom.bill(copy)


def test_a_bill_that_the_schema_does_not_hold_good_is_not_written(monkeypatch):
    monkeypatch.setattr(JsonStrictValidator, "validate_str", lambda *_, **__: object())
    with pytest.raises(SbomRefused, match="schema"):
        sbom.text_of(Bom())
