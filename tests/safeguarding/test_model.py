"""The tuned model: built from pinned weights only, windows that miss nothing, named examples."""

import itertools
import json
import shutil

import numpy as np
import pytest

from language.build import WeightsRefused
from safeguarding import SafeguardingError, Screener, build
from safeguarding.before import CONTEXT, context
from safeguarding.examples import load_examples
from safeguarding.grams import MOST, ROWS, grams
from safeguarding.model import SHOWN, WINDOW, Index, Model, _windows
from safeguarding.screen import MODEL
from safeguarding.tuned import FOLDER, Tuned, factors, save_further

THIRTY_MB = 30_000_000


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load(MODEL)


@pytest.mark.parametrize("pieces", [0, 1, 64, 65, 96, 500, 592, 864])
def test_every_word_piece_lies_in_a_window(pieces):
    # Given the windows of a message, then together they leave out nothing, and neighbours overlap
    windows = _windows(pieces)
    assert {p for start, end in windows for p in range(start, end)} == set(range(pieces))
    assert len(windows) <= 18
    for (_, end), (start, _) in itertools.pairwise(windows):
        assert start <= end


def test_windows_of_ordinary_long_messages_share_words():
    windows = _windows(500)
    assert all(end - start <= WINDOW for start, end in windows)
    assert all(b[0] < a[1] for a, b in itertools.pairwise(windows))


def test_a_view_stands_for_its_words(model):
    # Given a long message, when it is read, then the views' words cover it from first to last
    words = [f"word{n}" for n in range(300)]
    views = model.views(words, words)
    assert views[0].start == 0
    assert views[-1].end == 300
    assert all(b.start <= a.end for a, b in itertools.pairwise(views))


def test_probabilities_are_probabilities(model):
    (view,) = model.read("he said he will hurt me if i go home")
    assert all(0 <= p <= 1 for p in view.reached)
    assert sum(view.signals.values()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("code", ["50", "(p50.3)", "9f2e", "?? 12 !"])
@pytest.mark.parametrize("written", ["{said} {code}", "{code} {said}"])
def test_a_number_or_a_code_around_a_message_hides_nothing(model, written, code):
    # Given a message of danger, with a number or a code before or behind it
    said = "he wont let me leave, the door is locked"
    (alone,) = model.read(said)
    views = model.read(written.format(said=said, code=code))
    # When it is read, then it is at least as grave as the message alone, in the same words
    assert max(view.reached for view in views) >= alone.reached
    bare = next(view for view in views if view.reached == alone.reached)
    assert bare.end - bare.start == alone.end - alone.start


@pytest.mark.parametrize("text", ["50 12 999", "he has a knife.", "is 12 too young?! lol"])
def test_what_has_no_number_around_words_is_read_once(model, text):
    (view,) = model.read(text)
    assert view.start == 0


def test_a_message_stands_alone(model):
    # Given the same message read alone and after another, then its figures are the same
    first = model.read("they took my passport")
    model.read("🆘" * 50)
    again = model.read("they took my passport")
    assert first[0].reached == again[0].reached


def test_a_message_is_read_in_the_light_of_the_words_before_it(model):
    # Given an answer that means something only after what was said before
    alone = model.read("hes downstairs")[0].reached
    after = model.read("hes downstairs", ["hiya", "my uncle hits me when hes drunk"])[0].reached

    # Then it is graver there, and the view still stands for its own words
    assert after[1] > alone[1] + 0.2
    assert model.read("hes downstairs", ["hiya"])[0].end == 3


def test_a_long_message_is_read_alone(model):
    long = "i went to the shop with my nan and then we had tea " * 9
    after = model.read(long, ["he has a knife"])
    assert [v.reached for v in after] == [v.reached for v in model.read(long)]


def test_earlier_words_are_bounded():
    # Given long earlier turns, then the last pieces of the last three are kept, an end after each
    assert context([[1, 2], [3]], 0) == [1, 2, 0, 3, 0]
    assert context([[9], [1], [2], [3]], 0) == [1, 0, 2, 0, 3, 0]
    assert len(context([list(range(500))] * 3, 0)) == CONTEXT.pieces
    assert context([], 0) == []


def test_evidence_is_a_labelled_example_of_the_signal(screener, folder):
    # Given the labelled examples
    by_signal = {}
    for each in load_examples(folder / "examples"):
        by_signal.setdefault(each.signal, set()).add(each.text)

    # When danger is noticed, then what it resembles is one of them, of the same signal
    found = screener.screen("he has locked the door from outside and he took my phone").signals
    shown = [(signal.id, text) for signal in found for text in signal.like]
    assert shown
    assert all(text in by_signal[signal] for signal, text in shown)


def test_the_nearest_comes_first():
    vectors = np.eye(3, SHOWN, dtype=np.float32)
    index = Index([("A1", "one"), ("A1", "two"), ("B2", "three")], vectors)
    assert index.nearest("A1", vectors[1]) == ("two", "one")
    assert index.nearest("B2", vectors[0]) == ("three",)
    assert index.nearest("C9", vectors[0]) == ()


def test_grams_are_the_same_on_every_machine():
    assert grams("he hit me")[:3] == [10909, 26247, 12702]
    assert grams("") == [0]
    assert all(0 <= row < ROWS for row in grams("zażółć 🆘 " * 400))
    assert len(grams("word " * 2000)) == MOST


def test_a_missing_model_stops_the_start(folder, tmp_path):
    with pytest.raises(SafeguardingError, match="run make setup"):
        Screener.load(folder, tmp_path)


@pytest.mark.parametrize("name", ["model.onnx", "examples.npz", "words.json", "manifest.json"])
def test_a_broken_file_of_the_model_stops_the_start(tmp_path, name):
    copy = tmp_path / "danger"
    shutil.copytree(MODEL, copy)
    (copy / name).write_bytes(b"\x80\x04 not what it was")
    with pytest.raises(SafeguardingError, match="run make setup"):
        Model.load(copy)


def test_other_public_weights_are_refused(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"other")
    with pytest.raises(WeightsRefused, match="is not the pinned file"):
        build.build(tmp_path, tmp_path / "out")


def test_what_ships_is_small_and_what_runs_was_made_from_it():
    # Given the shipped layers and the built model
    shipped = Tuned.load(FOLDER).manifest
    built = json.loads((MODEL / "manifest.json").read_text("utf-8"))

    # Then the first are small beside what the history may hold, and the second is theirs
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < THIRTY_MB / 2
    assert built == shipped


def test_saving_and_loading_tuned_layers_keeps_them_within_a_step(tmp_path):
    # Given a matrix that is not among the public ones, and a bias
    chance = np.random.default_rng(1)
    weights = {"w": chance.normal(size=(300, 400)).astype(np.float32), "b": np.ones(5, np.float32)}

    # When they are saved as int8 and loaded, then each number is within half a step of its row
    Tuned(weights, {"signals": []}).save(tmp_path)
    loaded = Tuned.load(tmp_path).weights
    step = np.abs(weights["w"]).max(axis=1, keepdims=True) / 64
    assert (np.abs(loaded["w"] - weights["w"]) <= step / 2 + 1e-6).all()
    assert loaded["b"].tolist() == [1.0] * 5


def test_what_tuning_changed_is_kept_as_two_thin_matrices(tmp_path):
    # Given public weights, and tuned ones that differ by a change of low rank
    chance = np.random.default_rng(2)
    public = {"w": chance.normal(size=(300, 400)).astype(np.float32)}
    change = chance.normal(size=(300, 20)) @ chance.normal(size=(20, 400)) / 100
    weights = {"w": public["w"] + change.astype(np.float32)}

    # When they are shipped and joined to the public ones again, then little is lost
    Tuned.of(weights, public, {}).save(tmp_path)
    joined = Tuned.load(tmp_path).joined(public)
    assert np.abs(joined["w"] - weights["w"]).max() < 0.05 * np.abs(change).max()


def test_a_further_change_adds_to_the_layers_and_goes_with_them(tmp_path):
    # Given shipped layers: a change of a public matrix, a matrix of their own, a bias
    chance = np.random.default_rng(3)
    thin = [chance.normal(size=(300, 9)) @ chance.normal(size=(9, 400)) / 100 for _ in range(3)]
    first, second, third = (each.astype(np.float32) for each in thin)
    public = {"w": chance.normal(size=(300, 400)).astype(np.float32)}
    own = chance.normal(size=(300, 400)).astype(np.float32)
    tuned = {"w": public["w"] + first, "v": own, "b": np.ones(5, np.float32)}
    Tuned.of(tuned, public, {}).save(tmp_path)

    # When a further change of both matrices and another bias are put beside them
    further = {**factors("w", second, 9), **factors("v", third, 9), "b": np.zeros(5, np.float32)}
    save_further(further, {"signals": ["A1"]}, tmp_path)

    # Then all of it is in what is loaded
    loaded = Tuned.load(tmp_path)
    joined = loaded.joined(public)
    near = 0.05 * np.abs(first).max()
    assert np.abs(joined["w"] - public["w"] - first - second).max() < near
    assert np.abs(joined["v"] - own - third).max() < np.abs(own).max() / 128 + near
    assert joined["b"].tolist() == [0.0] * 5
    assert loaded.signals == ["A1"]

    # When other layers are saved, then nothing further of the former ones is left
    Tuned.of(tuned, public, {}).save(tmp_path)
    assert np.abs(Tuned.load(tmp_path).joined(public)["w"] - public["w"] - first).max() < near
