"""Private notes on a chat: helpers' words to each other, sealed, never shown to the young person.

A chat's notes have keys of their own, which the young person's token does not open. While the chat
is on the desk each key is wrapped for the team and for every helper; when it ends all wraps but
those of the keepers are forgotten (`ending`), so that whoever ends it need not open anything. The
code word that was agreed has a key of its own, which stays with the team while the young person
may come back: whoever takes the chat then has to ask for it.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, cast

from sqlalchemy import Connection

from helpline.conversation import looking, staffing
from helpline.conversation.errors import (
    ConversationEnded,
    Invalid,
    TooLong,
    UnknownConversation,
)
from helpline.conversation.heart import Heart
from helpline.conversation.opening import check_helper, held
from helpline.conversation.sessions import Session
from helpline.store import conversations, looks, staff
from helpline.store import notes as store
from helpline.store.notes import KeyRow, NoteRow
from helpline.vault import (
    Holder,
    Place,
    SealBroken,
    WrapBroken,
    new_key,
    open_for_team,
    open_sealed,
    seal,
    seal_for_team,
)

log = logging.getLogger("waymark")

Kind = Literal["note", "transfer", "code_word"]
KINDS: Final = ("note", "transfer", "code_word")
CODE_WORD: Final = "code_word"
LONGEST: Final = {"note": 4000, "transfer": 4000, CODE_WORD: 80}
"""Characters that a note of each kind may have."""
NOTES_KEY: Final = 1 << 31
"""Added to a notes' key epoch where it is wrapped: such a key never passes for a chat's own."""


@dataclass(frozen=True)
class Note:
    """One note; `by` is the alias of who wrote it, `staff` their id."""

    number: int
    kind: Kind
    text: str
    by: str
    staff: int
    at: datetime


def check_opener(connection: Connection, session: Session, identity: bytes) -> None:
    """Raises UnknownConversation or NotYours unless this person holds the chat or looks at it.

    Whether a look has lapsed is `looking.readable`'s, which knows the time.
    """
    if session.role == "supervisor" and looks.looks(connection, identity, session.staff):
        check_helper(session)
        row = conversations.by_id(connection, identity)
        if row is None or row.hidden_hour is not None:
            raise UnknownConversation
    else:
        held(connection, session, identity)


def add(
    connection: Connection,
    heart: Heart,
    session: Session,
    identity: bytes,
    text: str,
    *,
    kind: Kind = "note",
) -> int:
    """Seals a note to a chat on the desk; returns its number, from 1.

    The same words again at once, as after a lost connection, are kept once. Raises NotYours,
    UnknownConversation, ConversationEnded once the chat has left the desk, Invalid or TooLong.
    """
    said = _checked(text, kind)
    conversations.by_id(connection, identity, lock=True)
    _, entry = looking.readable(connection, session, identity, heart.now())
    if entry.closed:
        raise ConversationEnded("This chat has left the desk. Write it into the record.")
    wrapped = store.keys(connection, identity)
    opened = _open_keys(session, identity, wrapped)
    rows = store.all_of(connection, identity)
    last = _open(rows[-1], opened) if rows else None
    if last and (last.staff, last.kind, last.text) == (session.staff, kind, said):
        return last.number
    purpose = CODE_WORD if kind == CODE_WORD else "note"
    epoch, key = _key_for_new(connection, identity, purpose, wrapped, opened)
    number = store.last_number(connection, identity) + 1
    body = {
        "text": said,
        "kind": kind,
        "by": session.alias,
        "staff": session.staff,
        "at": heart.now(),
    }
    place = Place(identity, number, "note", epoch)
    sealed = seal(key, place, json.dumps(body, ensure_ascii=False).encode())
    store.add(connection, NoteRow(identity, number, epoch, sealed))
    staff.note(connection, heart.now(), "note added", session.staff, identity, detail=kind)
    return number


def read(connection: Connection, session: Session, identity: bytes) -> list[Note]:
    """The notes that this person can open, newest first; the code word above all others.

    Only for whoever may open the chat: raises NotYours or UnknownConversation. One that was
    changed or moved does not open: it is left out and logged, and hides no other.
    """
    check_opener(connection, session, identity)
    opened = _open_keys(session, identity, store.keys(connection, identity))
    notes = [_open(row, opened) for row in store.all_of(connection, identity)]
    found = [note for note in notes if note is not None]
    return sorted(found, key=lambda note: (note.kind != CODE_WORD, -note.number))


def unopened(connection: Connection, session: Session, identity: bytes) -> int:
    """How many notes of this chat there are that this person cannot open: those of its past."""
    return len(store.all_of(connection, identity)) - len(read(connection, session, identity))


def code_word(connection: Connection, session: Session, identity: bytes) -> str | None:
    """The code word that was agreed last, if there is one; raises as `read`."""
    first = next(iter(read(connection, session, identity)), None)
    return first.text if first is not None and first.kind == CODE_WORD else None


def keep_for(
    connection: Connection, conversation: bytes, keepers: Iterable[int], *, may_return: bool
) -> None:
    """At the end of a chat: from now on only these members of staff open its notes.

    `may_return` says that the young person has the token or a code to come back, for which the team
    keeps the code word, and nothing else.
    """
    holders = [f"staff:{keeper}" for keeper in keepers]
    store.keep_keys_for(connection, conversation, holders, spare=CODE_WORD if may_return else None)


def _checked(text: str, kind: str) -> str:
    said = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").strip()
    if kind not in KINDS or not said:
        raise Invalid("Write something first.")
    if len(said) > LONGEST[kind]:
        what = "code word" if kind == CODE_WORD else "note"
        raise TooLong(f"A {what} has at most {LONGEST[kind]:,} characters.")
    return said


def _key_for_new(
    connection: Connection,
    identity: bytes,
    purpose: str,
    wrapped: list[KeyRow],
    opened: dict[int, bytes],
) -> tuple[int, bytes]:
    """The key epoch and the key for a new note, wrapped for everybody who may come to need it.

    A new one where the newest is not the present team's: because the chat ended since, or because
    somebody left the staff.
    """
    team = staff.newest_team_key(connection)
    assert team is not None, "whoever writes a note was given a team key"
    epochs = [row.key_epoch for row in wrapped if row.purpose == purpose]
    newest, whole_team = max(epochs, default=-1), f"team:{team[0]}"
    have = {row.holder for row in wrapped if row.key_epoch == newest}
    if newest not in opened or whole_team not in have:
        newest, have = max((row.key_epoch for row in wrapped), default=-1) + 1, set()
        opened[newest] = new_key()
    publics: dict[Holder, bytes] = {whole_team: team[1]}
    for person in staff.with_access(connection, *staffing.HELPERS):
        if person.left_at is None:
            publics[f"staff:{person.id}"] = person.secret.public
    key = opened[newest]
    store.add_keys(
        connection,
        (
            KeyRow(
                identity,
                newest,
                holder,
                purpose,
                seal_for_team(public, key, identity, NOTES_KEY + newest),
            )
            for holder, public in publics.items()
            if holder not in have
        ),
    )
    return newest, key


def _open_keys(session: Session, identity: bytes, wrapped: list[KeyRow]) -> dict[int, bytes]:
    """The notes' keys that this person can open, by key epoch."""
    holders = {f"team:{epoch}": private for epoch, private in session.team.items()}
    holders[f"staff:{session.staff}"] = session.private
    opened: dict[int, bytes] = {}
    for row in wrapped:
        if row.holder in holders and row.key_epoch not in opened:
            try:
                opened[row.key_epoch] = open_for_team(
                    holders[row.holder], row.wrapped, identity, NOTES_KEY + row.key_epoch
                )
            except WrapBroken:
                log.error("alert: the key of a chat's notes does not open")
    return opened


def _open(row: NoteRow, opened: dict[int, bytes]) -> Note | None:
    if row.key_epoch not in opened:
        return None
    place = Place(row.conversation, row.number, "note", row.key_epoch)
    try:
        data = json.loads(open_sealed(opened[row.key_epoch], place, row.sealed))
    except SealBroken:
        log.error("alert: a note does not open")
        return None
    return Note(
        row.number,
        cast(Kind, data["kind"]),
        data["text"],
        data["by"],
        data["staff"],
        datetime.fromtimestamp(data["at"], UTC),
    )
