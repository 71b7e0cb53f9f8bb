"""Nothing is installed that is not locked to one version and its hashes."""

import pytest

from requirements import locked
from requirements.locked import NotLocked

GOOD = f"some-package==1.2 \\\n    --hash=sha256:{'0' * 64}\n"


@pytest.mark.parametrize("name", locked.FILES)
def test_every_package_of_every_file_is_locked_by_hash(name):
    packages = locked.read(locked.FOLDER / f"{name}.txt")
    assert all(len(digest) == 64 for package in packages for digest in package.hashes)
    assert len({package.name for package in packages}) == len(packages)


def test_every_locked_file_is_looked_at():
    assert {file.stem for file in locked.FOLDER.glob("*.txt")} == set(locked.FILES)


@pytest.mark.parametrize(
    "planted",
    [
        "other==1.0\n",
        "other>=1.0 --hash=sha256:" + "1" * 64,
        "other==1.* --hash=sha256:" + "1" * 64,
        "other==1.0 --hash=md5:" + "1" * 32,
        "other @ https://host.example/other.whl --hash=sha256:" + "1" * 64,
        "https://host.example/other.whl\n",
        "-e ../other\n",
        "-r other.txt\n",
        "--pre\n",
    ],
)
def test_a_planted_line_is_refused(tmp_path, planted):
    # Given a locked file, which is read
    file = tmp_path / "locked.txt"
    file.write_text(GOOD)
    (package,) = locked.read(file)
    assert (package.name, package.version, package.hashes) == ("some-package", "1.2", ("0" * 64,))
    # When one line is put in, then it is not read any more
    file.write_text(GOOD + planted)
    with pytest.raises(NotLocked, match=r"locked\.txt"):
        locked.read(file)


def test_an_empty_file_locks_nothing(tmp_path):
    file = tmp_path / "locked.txt"
    file.write_text("# nothing\n")
    with pytest.raises(NotLocked, match="no package"):
        locked.read(file)
