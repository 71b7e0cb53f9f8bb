"""Everything that can be tried on stolen loot, step by step, with the product's own code.

Whoever brings a right token, password, cookie, recovery key or code opens what is theirs by these
same steps: so it is known that they can succeed.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from helpline import vault
from helpline.conversation.lasting import Kind, _bound
from helpline.conversation.notes import NOTES_KEY
from helpline.conversation.sessions import TEAM
from helpline.vault import Place, SealBroken, StaffSecret, WrapBroken
from helpline.vault.return_code import NoCode, open_code, read_code
from tests.privacy.loot import Loot, Row


@dataclass(frozen=True)
class Brought:
    """What somebody brings to the loot: known, or guessed."""

    tokens: Iterable[str] = ()
    passwords: Iterable[str] = ()
    cookies: Iterable[str] = ()
    recovery_keys: Iterable[str] = ()
    codes: Iterable[str] = ()
    privates: Iterable[bytes] = ()
    keys: Iterable[bytes] = ()


@dataclass
class Opened:
    """What came open: private keys, symmetric keys, and the plaintext of what was sealed."""

    privates: set[bytes] = field(default_factory=set, repr=False)
    keys: set[bytes] = field(default_factory=set, repr=False)
    texts: dict[str, list[bytes]] = field(default_factory=dict, repr=False)

    def said(self) -> str:
        """All that could be read; what is sealed is JSON."""
        read = (json.loads(text) for texts in self.texts.values() for text in texts)
        return json.dumps(list(read), ensure_ascii=False)


def attempt(loot: Loot, brought: Brought) -> Opened:
    """Opens what can be opened of the loot with what was brought."""
    opened = Opened(set(brought.privates), set(brought.keys))
    _with_tokens(loot, brought.tokens, opened)
    _with_passwords(loot, brought.passwords, opened)
    _with_cookies(loot, brought.cookies, opened)
    _with_recovery_keys(loot, brought.recovery_keys, opened)
    _with_codes(loot, brought.codes, opened)
    _team_keys(loot, opened)
    _wrapped_keys(loot, opened)
    _what_is_sealed(loot, opened)
    return opened


def guesses(loot: Loot) -> Brought:
    """What a thief brings who has the folder and the source code: guesses, and every value of the
    folder that has the shape of a secret.
    """
    staff = loot.rows["staff"]
    shaped = {blob for blob in loot.blobs() if len(blob) == vault.KEY_BYTES}
    shaped |= {content for content in loot.files.values() if len(content) == vault.KEY_BYTES}
    words = {row["csrf"] for row in loot.rows["staff_session"]} | {blob.hex() for blob in shaped}
    names = {row[column] for row in staff for column in ("name", "alias")}
    return Brought(
        tokens=[urlsafe_b64encode(blob).decode().rstrip("=") for blob in shaped],
        passwords=["", "password123456789", *sorted(names)],
        cookies=["", *words],
        recovery_keys=words,
        codes=["a", "abacus abdomen abdominal abide abiding ability"],
        privates=shaped,
        keys=shaped,
    )


def _with_tokens(loot: Loot, tokens: Iterable[str], opened: Opened) -> None:
    """A token opens the keys wrapped under it, whatever its hash says."""
    for token in tokens:
        with suppress(WrapBroken):
            under = vault.token_key(token)
            opened.keys |= set(_unwrapped(loot, under))


def _unwrapped(loot: Loot, under: bytes) -> Iterator[bytes]:
    for row in loot.rows["wrapped_key"]:
        with suppress(WrapBroken):
            yield vault.unwrap(under, row["wrapped"], row["conversation"], row["key_epoch"])


def _with_passwords(loot: Loot, passwords: Iterable[str], opened: Opened) -> None:
    """A password opens the private key of a member of staff."""
    rows = loot.rows["staff"]
    secrets = [StaffSecret(row["salt"], row["public"], row["wrapped"]) for row in rows]
    for password in passwords:
        for secret in secrets:
            with suppress(vault.PasswordRefused):
                opened.privates.add(vault.open_staff_secret(secret, password)[0])


def _with_cookies(loot: Loot, cookies: Iterable[str], opened: Opened) -> None:
    """A cookie opens what a session kept: a private key and the team's."""
    for cookie in cookies:
        for row in loot.rows["staff_session"]:
            with suppress(WrapBroken):
                private, team = vault.open_session(cookie, row["wrapped"])
                opened.privates |= {private, *team.values()}


def _with_recovery_keys(loot: Loot, keys: Iterable[str], opened: Opened) -> None:
    """The printed recovery key opens the team's key."""
    for key in keys:
        for row in loot.rows["team_key"]:
            with suppress(WrapBroken):
                opened.privates.add(vault.open_recovery_copy(key, row["recovery_copy"]))


def _with_codes(loot: Loot, codes: Iterable[str], opened: Opened) -> None:
    """A return code opens the keys sealed to it, with the pepper that lies in the folder."""
    tags = {row["tag"] for row in loot.rows["return_code"]}
    for code in codes:
        with suppress(NoCode):
            keys = open_code(read_code(code), loot.files["pepper"])
            if keys.tag in tags:
                opened.privates.add(keys.private)


def _team_keys(loot: Loot, opened: Opened) -> None:
    """A private key of a member of staff opens the team keys they were given."""
    for private in set(opened.privates):
        for row in loot.rows["team_member"]:
            with suppress(WrapBroken):
                opened.privates.add(
                    vault.open_for_team(private, row["sealed"], TEAM, row["team_epoch"])
                )


def _wrapped_keys(loot: Loot, opened: Opened) -> None:
    """Every private key is tried on every wrapped key, whoever it says it is for."""
    for sealed, owner, epoch in _sealed_keys(loot):
        for private in opened.privates:
            with suppress(WrapBroken):
                opened.keys.add(vault.open_for_team(private, sealed, owner, epoch))


def _sealed_keys(loot: Loot) -> Iterator[tuple[bytes, bytes, int]]:
    for row in loot.rows["wrapped_key"]:
        yield row["wrapped"], row["conversation"], row["key_epoch"]
    for row in loot.rows["excerpt_key"]:
        yield row["wrapped"], row["conversation"], row["number"]
    for row in loot.rows["desk_key"]:
        yield row["wrapped"], row["conversation"], NOTES_KEY + row["key_epoch"]
    for table, kind, name in (
        ("record_key", "record", "record"),
        ("broken_confidentiality_key", "breaking", "id"),
    ):
        for row in loot.rows[table]:
            epoch = int(row["holder"].partition(":")[2])
            yield row["wrapped"], _bound(kind, row[name]), epoch


def _what_is_sealed(loot: Loot, opened: Opened) -> None:
    """Every key is tried on every sealed value, wherever it was found."""
    for name, place, sealed in sealed_values(loot):
        for key in opened.keys:
            with suppress(SealBroken):
                text = vault.open_sealed(key, place, sealed)
                opened.texts.setdefault(name, []).append(text)


def sealed_values(loot: Loot) -> Iterator[tuple[str, Place, bytes]]:
    """Every sealed value of the loot: its table and column, its place, its bytes."""
    for row in loot.rows["event"]:
        if row["sealed"] is not None:
            place = Place(row["conversation"], row["number"], row["sender"], row["key_epoch"])
            yield "event.sealed", place, row["sealed"]
    for row in loot.rows["conversation"]:
        if row["carried"] is not None:
            epoch = row["carried_key_epoch"]
            place = Place(row["id"], row["carried_number"], "carried", epoch)
            yield "conversation.carried", place, row["carried"]
    for row in loot.rows["excerpt"]:
        place = Place(row["conversation"], row["number"], "excerpt", 0)
        yield "excerpt.sealed", place, row["sealed"]
    for row in loot.rows["desk_note"]:
        place = Place(row["conversation"], row["number"], "note", row["key_epoch"])
        yield "desk_note.sealed", place, row["sealed"]
    yield from _lasting(loot.rows["record"], "record", "record.sealed")
    yield from _lasting(
        loot.rows["broken_confidentiality"], "breaking", "broken_confidentiality.sealed"
    )
    yield from _lasting(
        loot.rows["broken_confidentiality"], "view", "broken_confidentiality.second_sealed"
    )


def _lasting(rows: Iterable[Row], kind: Kind, name: str) -> Iterator[tuple[str, Place, bytes]]:
    for row in rows:
        sealed = row[name.partition(".")[2]]
        if sealed is not None:
            yield name, Place(_bound(kind, row["id"]), 0, kind, 0), sealed
