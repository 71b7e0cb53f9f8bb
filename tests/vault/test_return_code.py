"""Six words to come back: drawn evenly, read forgivingly, and making the same keys for ever."""

import hashlib
import hmac
from importlib.resources import files

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from helpline.vault import WrapBroken, new_key, open_for_team, seal_for_team
from helpline.vault.return_code import (
    LIST_LENGTH,
    NoCode,
    WordsBroken,
    load_words,
    new_code,
    open_code,
    read_code,
)
from tests.conftest import ROOT

UNFIT = ROOT / "data" / "service" / "unfit_words.yml"
PEPPER = bytes(range(32))
CODE = "abacus zoom harbor violin tulip cupcake"
TAG = "133c116d04931face636765f2e37c825479cbe68fc94581809ef2376351b8eef"
PUBLIC = "a05962988e20b2f22dc15a1f86bd6b7e2f9c9378685eb5e3173618f36071c515"
PRIVATE = "856662dd3a7a169fef0e43ab874a84d81cc078b53b37fa07204899d2e66f5e2e"


@pytest.fixture(scope="module")
def words():
    return load_words(UNFIT)


def hkdf(secret, purpose):
    """HKDF-SHA256 (RFC 5869) by hand, for one block."""
    extracted = hmac.new(PEPPER, secret, hashlib.sha256).digest()
    info = f"waymark return code {purpose}".encode() + b"\x01"
    return hmac.new(extracted, info, hashlib.sha256).digest()


def test_a_code_given_out_long_ago_still_makes_the_same_keys():
    # Given a code and a pepper, and what they made when this was written
    keys = open_code(read_code(CODE), PEPPER)
    # Then they make the same today, or nobody who holds a code comes back
    assert keys.tag.hex() == TAG
    assert keys.public.hex() == PUBLIC
    assert keys.private.hex() == PRIVATE


def test_another_implementation_makes_the_same_keys():
    # Given Argon2id of OpenSSL, HKDF by hand, and X25519 of another library
    letters = CODE.replace(" ", "").encode()
    salt = hkdf(PEPPER, "salt")[:16]
    slow = Argon2id(salt=salt, length=32, iterations=3, lanes=1, memory_cost=64 * 1024)
    stretched = slow.derive(letters)
    private = hkdf(stretched, "key")
    # Then the keys are those
    keys = open_code(read_code(CODE), PEPPER)
    assert keys.tag == hkdf(stretched, "tag")
    assert keys.private == private
    public = X25519PrivateKey.from_private_bytes(private).public_key()
    assert keys.public == public.public_bytes_raw()


def test_the_list_has_7776_words_and_none_that_hurts(words):
    assert len(words) == len(set(words)) == LIST_LENGTH
    assert not {"hurt", "unloved", "captive", "underage"} & set(words)
    assert {"abacus", "zoom"} <= set(words)
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)


def test_but_for_unfit_words_it_is_the_eff_list(words):
    eff = (files("xkcdpass") / "static" / "eff-long").read_text("utf-8").split()
    assert len(eff) == LIST_LENGTH
    assert len(set(eff) & set(words)) > 7600


def test_a_code_is_six_words_of_the_list_and_never_the_same(words):
    codes = [new_code(words) for _ in range(200)]
    assert len(set(codes)) == 200
    assert all(len(code.split(" ")) == 6 and set(code.split(" ")) <= set(words) for code in codes)
    # And all of the list is drawn from: of 1,200 draws far more than half are different words
    assert len({word for code in codes for word in code.split(" ")}) > 1000


@pytest.mark.parametrize(
    "written",
    [
        CODE.upper(),
        CODE.replace(" ", "-"),
        CODE.replace(" ", "   "),
        CODE.replace(" ", "\u00a0\n"),
        f"  {CODE.title()}.  ",
        CODE.replace(" ", ", "),
        "ａｂａｃｕｓ zoom harbor violin tulip cupcake",
    ],
)
def test_case_spaces_and_hyphens_make_no_difference(written):
    assert read_code(written) == read_code(CODE)


@pytest.mark.parametrize(
    "written",
    [
        CODE.replace("violin", "violln"),
        CODE.replace("tulip ", ""),
        " ".join(reversed(CODE.split())),
        CODE + "s",
    ],
)
def test_a_letter_or_a_word_out_of_place_is_another_code(written):
    assert read_code(written) != read_code(CODE)


@pytest.mark.parametrize("written", ["", "   ", "-- --", "123 456", "\x00\ud800", "a" * 201])
def test_what_can_be_no_code_is_refused(written):
    with pytest.raises(NoCode):
        read_code(written)


@given(st.text(max_size=300))
def test_whatever_is_typed_is_letters_or_refused(written):
    try:
        letters = read_code(written)
    except NoCode:
        return
    assert letters
    assert letters.isalpha()
    assert letters.encode()


def test_another_code_or_another_pepper_opens_nothing():
    # Given a key sealed to a code
    chat, key = b"c" * 16, new_key()
    keys = open_code(read_code(CODE), PEPPER)
    sealed = seal_for_team(keys.public, key, chat, 4)
    assert open_for_team(keys.private, sealed, chat, 4) == key
    # Then a code with one letter changed, and the same code on another machine, find and open
    # nothing
    for code, pepper in ((CODE.replace("zoom", "room"), PEPPER), (CODE, bytes(32))):
        other = open_code(read_code(code), pepper)
        assert other.tag != keys.tag
        with pytest.raises(WrapBroken):
            open_for_team(other.private, sealed, chat, 4)
    # And the right one opens it in its own chat and key epoch only
    for place in ((b"o" * 16, 4), (chat, 5)):
        with pytest.raises(WrapBroken):
            open_for_team(keys.private, sealed, *place)


def test_keys_of_a_code_never_show_in_a_repr():
    keys = open_code(read_code(CODE), PEPPER)
    assert repr(keys.private) not in repr(keys)


@pytest.mark.parametrize("content", ["- [a]\n", "3\n", "a: b: c\n", "a: b\n", ""])
def test_a_broken_file_of_unfit_words_stops_the_start(tmp_path, content):
    file = tmp_path / "unfit.yml"
    file.write_text(content)
    with pytest.raises(WordsBroken, match=r"unfit\.yml must be a list of words"):
        load_words(file)


def test_leaving_out_too_many_words_stops_the_start(tmp_path):
    eff = (files("xkcdpass") / "static" / "eff-long").read_text("utf-8").split()
    file = tmp_path / "unfit.yml"
    file.write_text("".join(f"- {word}\n" for word in eff[:300]))
    with pytest.raises(WordsBroken, match="leaves out too many words"):
        load_words(file)
