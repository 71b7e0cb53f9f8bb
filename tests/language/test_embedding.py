"""The sentence embedding: built from the pinned weights only, and close to them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from language import build
from language.embedding import DIMENSIONS, Embedder, EmbeddingUnavailable

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "models" / "embedding"


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    """The embedding that set-up built."""
    return Embedder.load(BUILT)


def test_what_was_built_is_close_to_the_whole_weights() -> None:
    # Given the comparison that set-up made, on varied sentences, while it had the weights
    manifest = json.loads((BUILT / build.MANIFEST_FILE).read_text())
    # Then the vectors point the same way, for the file that is served
    assert manifest["closeness"] >= 0.97
    assert manifest["files"]["model.onnx"] == build.sha256(BUILT / "model.onnx")


def test_vectors_that_were_bent_are_refused(embedder: Embedder) -> None:
    # Given vectors of which one points elsewhere
    whole = embedder.embed(build.SENTENCES)
    bent = whole.copy()
    bent[3] = whole[4]
    # Then they are not accepted for the whole ones
    assert build.closest(whole, whole) == 1
    with pytest.raises(build.TooFar, match=r"cosine 0\.\d+"):
        build.closest(whole, bent)


def test_it_is_the_published_model(embedder: Embedder) -> None:
    # Given the figures on the model's own card: 0.695 for near, 0.257 for far
    one, near, far = embedder.embed(
        ["That is a happy person", "That is a happy dog", "Today is a sunny day"]
    )
    # Then ours are those
    assert one @ near == pytest.approx(0.695, abs=0.03)
    assert one @ far == pytest.approx(0.257, abs=0.03)


def test_vectors_have_length_one_and_do_not_depend_on_their_neighbours(embedder: Embedder) -> None:
    together = embedder.embed(build.SENTENCES)
    assert together.shape == (len(build.SENTENCES), DIMENSIONS)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone: npt.NDArray[np.float32] = np.vstack([embedder.embed([text]) for text in build.SENTENCES])
    assert np.array_equal(together, alone)
    assert embedder.embed([]).shape == (0, DIMENSIONS)


@pytest.mark.parametrize("text", ["", " ", "\n", "a" * 2000, "word " * 400, "🙂" * 500])
def test_any_text_has_a_vector(embedder: Embedder, text: str) -> None:
    vector = embedder.embed([text])[0]
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_the_end_of_a_long_text_counts(embedder: Embedder) -> None:
    filler = "we watched the football and then had some tea with my nan . " * 30
    plain, telling = embedder.embed([filler, filler + "he has a knife and i am scared " * 4])
    assert plain @ telling < 0.99


def test_other_weights_are_refused_with_one_sentence(tmp_path: Path) -> None:
    # Given weights that are not the pinned ones
    (tmp_path / build.WEIGHTS_FILE).write_bytes(b"other weights")
    # When the embedding is built from them
    done = subprocess.run(
        [sys.executable, "-m", "language.build", "--weights", tmp_path, "--out", tmp_path / "out"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    # Then one sentence says why not, and nothing is built
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert build.WEIGHTS_SHA256 in done.stderr
    assert not (tmp_path / "out").exists()


def test_what_is_built_already_is_not_built_again(tmp_path: Path) -> None:
    # Given that set-up has dropped the weights, and built the embedding
    # Then nothing more is needed
    assert build.build(tmp_path / "no weights", BUILT) is False
    # And a file that was changed since is not taken for it
    shutil.copytree(BUILT, tmp_path / "copy")
    with (tmp_path / "copy" / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(build.WeightsRefused):
        build.build(tmp_path / "no weights", tmp_path / "copy")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingUnavailable, match=r"model\.onnx is missing"):
        Embedder.load(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(EmbeddingUnavailable, match="cannot be read"):
        Embedder.load(tmp_path)
