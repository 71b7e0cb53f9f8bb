"""Known answers: what was sealed, wrapped and derived long ago opens today, and elsewhere.

The answers were computed once, when this was written, with hashlib, hmac and the bindings of PyNaCl
and argon2-cffi; nothing of `helpline.vault` had a part in them. (Return codes: `test_return_code`.)
"""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from helpline.vault import (
    Place,
    StaffSecret,
    create_team_key,
    open_for_team,
    open_sealed,
    open_session,
    open_staff_secret,
    seal,
    token_hash,
    token_key,
    unwrap,
    wrap,
)

TOKEN = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
TOKEN_HASH = "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"
TOKEN_KEY = "7ece92677d20cc813e09ecee2e7a1a2a2153d6cd748ce751492ee5c836dee7f5"
KEY = "6465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283"
WRAPPED = (
    "32333435363738393a3b3c3d3e3f40414243444546474849865b25d11a27506ffe9616f249ce9f82"
    "9e0c95cfa8fecf989f99986e5873ceb65d5ef4ab0438c1b787bca86a2002d10b"
)
SEALED = (
    "0132333435363738393a3b3c3d3e3f40414243444546474849f2e16b925cd90af599c41d87572a35"
    "84be0ce487f51de7bb3455463c2772cfd07f4a726fc507b9d9363514264fac02cf28be6b177bac82"
    "0595637daec12107e79372b0ec02df2f969008526a51230ab5264f372a5a89bdadaf94d3789efe1f"
    "0703c1211c38c62b9454cbe5249f9b3f1f90f54ffd9de4e1378f67163cd11f2343483e5e1bed5aae"
    "13f086fb2ff11b421602928964ddbee38f67d084c697cccacdcaa3a0b2d715163e26585c7a500b57"
    "2d7218c654bbda39a7d69f7e08a39a9fd81ef6a871ea17db9f32e634e82ee4dab539b0fc943dac35"
    "e22ff67875f590251f0612b17bb8911c8a7e87440977ac5bc33cbb3c021aeba87672bf704d0f9691"
    "501e856fb0e4138c4f4c385060ea8fd898"
)
TEAM_PRIVATE = "0a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526272829"
TEAM_PUBLIC = "eb4622c9cb46365d41bd7016f52a93bcdc674e2f4ab0512444817caf0ab7722e"
TEAM_SEALED = (
    "6462f59f887af2b5cadd04f0334f6e6fb8a22be834879068b27350212384244af471d7bc85026c1e"
    "4a641ec3732a91a9220bace99dc8b000af0097f581a82691b8321c2b8f99cf2077541281bd2f5ee4"
    "74cc53655d4719b0390209a75e8c709b6b98e02b"
)
SESSION = (
    "32333435363738393a3b3c3d3e3f40414243444546474849d66b41b43bd99e5d7d6e56be61ca1de2"
    "7f1a9a926003d2ed626284a8e2c6336e490e3017e7b04636bd0443b201a981e86eb5b3bb1e3e2e33"
    "d6414e890e47910bbb7791278f3b800640a25b9331b4f9ebe911f376"
)
STAFF = (
    "32333435363738393a3b3c3d3e3f40414243444546474849a1976eec4655dd73d2c439e6df7c1f2d"
    "ffa629733cbff40dae35cbfc8ed291e1adf5fc259603a8de5e5f3dd0fc0f6fa6b882b71ff71393"
)
CHAT, EPOCH = bytes(range(200, 216)), 3
PLACE = Place(CHAT, 7, "young_person", EPOCH)
NONCE = 24


def h(text: str) -> bytes:
    return bytes.fromhex(text)


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    """HChaCha20 of draft-irtf-cfrg-xchacha-03, section 2.2, written out from it."""
    state = list(struct.unpack("<4I", b"expand 32-byte k"))
    state += struct.unpack("<8I", key) + struct.unpack("<4I", nonce)

    def quarter(a, b, c, d):
        for left, right, to, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[left] = (state[left] + state[right]) & 0xFFFFFFFF
            mixed = state[to] ^ state[left]
            state[to] = ((mixed << by) | (mixed >> (32 - by))) & 0xFFFFFFFF

    for _ in range(10):
        for column in range(4):
            quarter(column, 4 + column, 8 + column, 12 + column)
        for row in range(4):
            quarter(row, 4 + (row + 1) % 4, 8 + (row + 2) % 4, 12 + (row + 3) % 4)
    return struct.pack("<8I", *state[:4], *state[12:])


def elsewhere(key: bytes, sealed: bytes, additional: bytes) -> bytes:
    """Opens XChaCha20-Poly1305 with OpenSSL, and HChaCha20 by hand."""
    nonce, rest = sealed[:NONCE], sealed[NONCE:]
    cipher = ChaCha20Poly1305(hchacha20(key, nonce[:16]))
    return cipher.decrypt(bytes(4) + nonce[16:], rest, additional)


def test_the_second_implementation_is_that_of_the_draft():
    # Given the test vector of draft-irtf-cfrg-xchacha-03, section 2.2.1
    key, nonce = bytes(range(32)), h("000000090000004a0000000031415927")
    answer = "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
    assert hchacha20(key, nonce).hex() == answer


def test_a_token_makes_the_same_hash_and_key_as_ever():
    assert token_hash(TOKEN).hex() == TOKEN_HASH
    assert token_key(TOKEN).hex() == TOKEN_KEY
    # And HKDF-SHA256 (RFC 5869) by hand makes the same
    extracted = hmac.new(bytes(32), bytes(range(32)), hashlib.sha256).digest()
    by_hand = hmac.new(extracted, b"waymark token wrap\x01", hashlib.sha256).hexdigest()
    assert by_hand == TOKEN_KEY


def test_a_key_that_was_wrapped_long_ago_is_unwrapped():
    assert unwrap(h(TOKEN_KEY), h(WRAPPED), CHAT, EPOCH) == h(KEY)


def test_what_is_wrapped_today_opens_elsewhere():
    wrapped = wrap(h(TOKEN_KEY), h(KEY), CHAT, EPOCH)
    additional = b"waymark-wrap|" + CHAT + bytes([0, 0, 0, EPOCH])
    assert elsewhere(h(TOKEN_KEY), wrapped, additional) == h(KEY)


def test_a_message_that_was_sealed_long_ago_opens():
    assert open_sealed(h(KEY), PLACE, h(SEALED)) == b"ok"


def test_what_is_sealed_today_opens_elsewhere():
    sealed = seal(h(KEY), PLACE, b"ok")
    number, epoch = bytes([0, 0, 0, 0, 0, 0, 0, 7]), bytes([0, 0, 0, EPOCH])
    additional = b"|".join((b"waymark-seal", b"\1", CHAT, number, epoch, b"young_person"))
    assert sealed[0] == 1
    opened = elsewhere(h(KEY), sealed[1:], additional)
    # And it is padded to 256 bytes: a one bit, then nothing (ISO/IEC 7816-4)
    assert opened == b"ok\x80" + bytes(253)


def test_a_key_that_was_sealed_to_a_team_long_ago_opens():
    assert open_for_team(h(TEAM_PRIVATE), h(TEAM_SEALED), CHAT, EPOCH) == h(KEY)


def test_the_two_halves_of_a_team_key_are_x25519():
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    team = create_team_key()
    for private, public in ((team.private, team.public), (h(TEAM_PRIVATE), h(TEAM_PUBLIC))):
        half = X25519PrivateKey.from_private_bytes(private).public_key()
        assert half.public_bytes_raw() == public


def test_a_session_that_was_closed_long_ago_opens():
    assert open_session("ab" * 32, h(SESSION)) == (bytes(range(32)), {1: h(KEY)})


def test_a_password_opens_what_it_wrapped_long_ago():
    # Argon2id with three passes over 64 MiB in one lane (RFC 9106, second recommended option)
    secret = StaffSecret(bytes(range(16)), bytes(32), h(STAFF))
    assert open_staff_secret(secret, "correct horse battery") == (bytes(range(32)), "ONETIME")
