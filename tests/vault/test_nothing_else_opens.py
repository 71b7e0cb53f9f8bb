"""Whatever two things are wrong with what is brought to a sealed message, it does not open."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.public import PrivateKey

from helpline.vault import (
    Place,
    SealBroken,
    WrapBroken,
    new_key,
    new_token,
    open_for_team,
    open_sealed,
    seal,
    seal_for_team,
    token_key,
    unwrap,
    wrap,
)

CHAT, OTHER_CHAT = b"c" * 16, b"o" * 16
WORDS, OTHER_WORDS = b"my brother knows", b"nobody knows"
EPOCH, OLD_EPOCH, NUMBER, OTHER_NUMBER = 4, 3, 7, 8
TEAM, OTHER_TEAM = PrivateKey.generate(), PrivateKey.generate()


@dataclass(frozen=True)
class Brought:
    """What stands in the tables, and what somebody brings to open one message with it.

    `token` and `team` are two ways to the same key; `by_team` chooses.
    """

    token: str
    team: bytes
    by_team: bool
    wrapped: bytes
    wrapped_for: tuple[bytes, int]
    sealed: bytes
    place: Place

    def open(self) -> bytes:
        """Opens the key, then the message; raises WrapBroken or SealBroken."""
        if self.by_team:
            key = open_for_team(self.team, self.wrapped, *self.wrapped_for)
        else:
            key = unwrap(token_key(self.token), self.wrapped, *self.wrapped_for)
        return open_sealed(key, self.place, self.sealed)


class Chats:
    """Two conversations, each with an old and a new key epoch and two messages in each."""

    def __init__(self) -> None:
        self.tokens = {chat: new_token() for chat in (CHAT, OTHER_CHAT)}
        places = [(chat, epoch) for chat in self.tokens for epoch in (EPOCH, OLD_EPOCH)]
        self.keys = {place: new_key() for place in places}
        self.rows = {
            (chat, epoch, number): seal(
                key,
                Place(chat, number, "young_person", epoch),
                WORDS if number == NUMBER else OTHER_WORDS,
            )
            for (chat, epoch), key in self.keys.items()
            for number in (NUMBER, OTHER_NUMBER)
        }

    def wrapped(self, chat: bytes, epoch: int, *, by_team: bool) -> bytes:
        """The key of an epoch as the tables hold it."""
        key = self.keys[chat, epoch]
        if by_team:
            return seal_for_team(bytes(TEAM.public_key), key, chat, epoch)
        return wrap(token_key(self.tokens[chat]), key, chat, epoch)

    def brought(self, *, by_team: bool) -> Brought:
        """All that is right."""
        return Brought(
            self.tokens[CHAT],
            bytes(TEAM),
            by_team,
            self.wrapped(CHAT, EPOCH, by_team=by_team),
            (CHAT, EPOCH),
            self.rows[CHAT, EPOCH, NUMBER],
            Place(CHAT, NUMBER, "young_person", EPOCH),
        )


CHATS = Chats()


def cut(data: st.DataObject, piece: bytes, whole: int) -> bytes:
    return piece[: data.draw(st.integers(0, whole - 1))]


def flipped(data: st.DataObject, piece: bytes) -> bytes:
    at, changed = data.draw(st.integers(0, len(piece) * 8 - 1)), bytearray(piece)
    changed[at // 8] ^= 1 << at % 8
    return bytes(changed)


def wrong_holder(_, it):
    if it.by_team:
        return replace(it, team=bytes(OTHER_TEAM))
    return replace(it, token=CHATS.tokens[OTHER_CHAT])


def new_holder(_, it):
    return replace(it, token=new_token(), team=bytes(PrivateKey.generate()))


def wrong_chat(_, it):
    return replace(it, place=replace(it.place, conversation=OTHER_CHAT))


def key_of_another_chat(_, it):
    return replace(it, wrapped=CHATS.wrapped(OTHER_CHAT, EPOCH, by_team=it.by_team))


def key_of_an_old_epoch(_, it):
    return replace(it, wrapped=CHATS.wrapped(CHAT, OLD_EPOCH, by_team=it.by_team))


def old_epoch(_, it):
    return replace(it, wrapped_for=(CHAT, OLD_EPOCH))


def message_of_an_old_epoch(_, it):
    return replace(it, sealed=CHATS.rows[CHAT, OLD_EPOCH, NUMBER])


def read_as_of_an_old_epoch(_, it):
    return replace(it, place=replace(it.place, key_epoch=OLD_EPOCH))


def moved_to_another_number(_, it):
    return replace(it, sealed=CHATS.rows[CHAT, EPOCH, OTHER_NUMBER])


def moved_to_another_chat(_, it):
    return replace(it, sealed=CHATS.rows[OTHER_CHAT, EPOCH, NUMBER])


def said_by_another(_, it):
    return replace(it, place=replace(it.place, sender="worker"))


def cut_message(data, it):
    return replace(it, sealed=cut(data, it.sealed, len(CHATS.rows[CHAT, EPOCH, NUMBER])))


def cut_key(data, it):
    return replace(it, wrapped=cut(data, it.wrapped, len(it.wrapped)))


def a_bit_of_the_message(data, it):
    return replace(it, sealed=flipped(data, it.sealed))


def a_bit_of_the_key(data, it):
    return replace(it, wrapped=flipped(data, it.wrapped))


def longer(data, it):
    return replace(it, sealed=it.sealed + data.draw(st.binary(min_size=1, max_size=40)))


def another_version(data, it):
    version = data.draw(st.integers(0, 255).filter(lambda number: number != 1))
    return replace(it, sealed=bytes([version]) + it.sealed[1:])


# In the order in which one does not undo another: what stands in the tables, then damage to it.
FAULTS = (
    wrong_holder,
    new_holder,
    wrong_chat,
    key_of_another_chat,
    key_of_an_old_epoch,
    old_epoch,
    message_of_an_old_epoch,
    read_as_of_an_old_epoch,
    moved_to_another_number,
    moved_to_another_chat,
    said_by_another,
    a_bit_of_the_message,
    a_bit_of_the_key,
    longer,
    another_version,
    cut_message,
    cut_key,
)


@pytest.mark.parametrize("by_team", [False, True], ids=["token", "team"])
def test_with_all_that_is_right_it_opens(by_team):
    assert CHATS.brought(by_team=by_team).open() == WORDS


@pytest.mark.parametrize("by_team", [False, True], ids=["token", "team"])
@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_with_one_or_two_things_wrong_it_does_not_open(by_team, data):
    # Given one or two of the faults, in any pair
    chosen = data.draw(st.lists(st.sampled_from(FAULTS), min_size=1, max_size=2, unique=True))
    it = CHATS.brought(by_team=by_team)
    for fault in sorted(chosen, key=FAULTS.index):
        it = fault(data, it)
    # Then it does not open, and it is no other error
    with pytest.raises((WrapBroken, SealBroken)):
        it.open()


@pytest.mark.parametrize("by_team", [False, True], ids=["token", "team"])
def test_each_pair_of_faults_was_tried_and_none_undoes_another(by_team):
    # Given every pair of faults that damage nothing at random
    exact = FAULTS[: FAULTS.index(a_bit_of_the_message)]
    for first in exact:
        for second in exact:
            it = second(None, first(None, CHATS.brought(by_team=by_team)))
            with pytest.raises((WrapBroken, SealBroken)):
                it.open()


def test_the_whole_of_an_old_epoch_opens_by_its_own_key_alone():
    # Given that not two but four things are those of the old epoch
    it = CHATS.brought(by_team=False)
    for change in (
        key_of_an_old_epoch,
        old_epoch,
        message_of_an_old_epoch,
        read_as_of_an_old_epoch,
    ):
        it = change(None, it)
    # Then they fit each other: the faults above are faults, and not noise
    assert it.open() == WORDS
