"""Coming back into a chat with six words: making them, and opening the chat to a new token.

A return shows nothing of what was said before, and starts a key epoch that no helper has: whoever
knows the words may be somebody else. A helper who was in the chat is let in anew, by a tap.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import Connection

from helpline.conversation import handoff, tally
from helpline.conversation.access import Access, new_key_epoch, refresh, seal_to_code
from helpline.conversation.after import AfterWords
from helpline.conversation.bubbles import Bubble, add_bubbles
from helpline.conversation.errors import Invalid, SlowDown, UnknownCode
from helpline.conversation.events import Owner
from helpline.conversation.heart import Heart
from helpline.conversation.sealing import CAME_BACK
from helpline.store import conversations, queue, returns, staff
from helpline.store.conversations import ConversationRow, EventRow
from helpline.vault import (
    KeyRing,
    WrapBroken,
    new_token,
    open_for_team,
    token_hash,
    token_key,
    wrap,
)
from helpline.vault.return_code import NoCode, ReturnKeys, new_code, open_code, read_code
from safeguarding.policy import NOT_NOW, TALK

log = logging.getLogger("waymark")

AT_ONCE = 2
WAITING = 20
TRY_AGAIN_S = 5
ANSWER_AFTER_S = 0.5
"""A code is answered so long after it began to be looked at, right or wrong."""

HELD_BY = "token"


@dataclass(frozen=True)
class _Stand:
    """Where the chat stands for who came back: its owner, and what is said of it."""

    owner: Owner
    words: str
    asks: bool


class Returning:
    """Makes and takes codes, two at a time: each costs 64 MiB for a while."""

    def __init__(
        self, heart: Heart, *, pepper: bytes, words: Sequence[str], after: AfterWords
    ) -> None:
        """`pepper` is 32 bytes that the database does not hold, `words` the list of 7,776."""
        self._heart = heart
        self._pepper = pepper
        self._words = words
        self._after = after
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def make_code(self, access: Access) -> str:
        """Returns six words that come back into this chat, kept nowhere; older ones end.

        Every key of the chat, and each made later, is sealed to them. Raises UnknownToken, and
        SlowDown when too many are waiting.
        """
        code = new_code(self._words)
        async with self._slot():
            keys = await self._open(read_code(code))

        def keep(connection: Connection) -> None:
            row = refresh(connection, access)
            access.take_in(conversations.wraps(connection, row.id, HELD_BY), committed=False)
            returns.put(connection, row.id, keys.tag, keys.public)
            seal_to_code(connection, row.id, keys.public, access.ring.keys)

        await self._heart.database.write(keep)
        return code

    async def come_back(self, code: str) -> str:
        """Returns a new token for the chat of a code; the old token opens nothing from now on.

        The code stays good until another is made or the chat is gone. Raises UnknownCode after
        the same work and the same time as a right one takes, Invalid for what can be no code, and
        SlowDown when too many are waiting.
        """
        try:
            letters = read_code(code)
        except NoCode as error:
            raise Invalid("Write the six words of your code.") from error
        loop = asyncio.get_running_loop()
        async with self._slot():
            until = loop.time() + ANSWER_AFTER_S
            keys = await self._open(letters)
        try:
            found = await self._heart.database.read(partial(returns.by_tag, tag=keys.tag))
            if found is None:
                raise UnknownCode
            return await self._let_back(found, keys)
        finally:
            await asyncio.sleep(max(0.0, until - loop.time()))

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        if self._waiting >= WAITING:
            raise SlowDown(TRY_AGAIN_S)
        self._waiting += 1
        try:
            async with self._slots:
                yield
        finally:
            self._waiting -= 1

    async def _open(self, letters: str) -> ReturnKeys:
        return await asyncio.to_thread(open_code, letters, self._pepper)

    async def _let_back(self, conversation: bytes, keys: ReturnKeys) -> str:
        heart, token = self._heart, new_token()

        def back(connection: Connection) -> list[bytes]:
            queue.lock(connection)
            row = conversations.by_id(connection, conversation, lock=True)
            gone = row is None or row.hidden_hour is not None
            if gone or returns.by_tag(connection, keys.tag) != conversation:
                raise UnknownCode
            assert row is not None
            access = _take_over(connection, row, keys, token)
            conversations.change(
                connection,
                row.id,
                shown_from=row.last_number + 1,
                answered=row.last_number,
                carried=None,
                left_quickly=False,
                feedback_given=False,
                new_epoch_due=False,
                hour=heart.hour(),
            )
            new_key_epoch(connection, access, row)
            self._tell(connection, access, refresh(connection, access))
            tally.count(connection, heart, tally.CAME_BACK)
            return handoff.renumber_queue(connection)

        told = await heart.database.write(back)
        heart.offered.forget(conversation)
        heart.queue_changed(conversation, told)
        await heart.database.forget()
        return token

    def _tell(self, connection: Connection, access: Access, row: ConversationRow) -> None:
        """Says that they are back and where the chat stands; the desk sees the state of it."""
        stand, number = self._stand(connection, row), row.last_number + 1
        state = EventRow(row.id, number, "state", sender=CAME_BACK, owner=stand.owner)
        conversations.add_event(connection, state)
        epoch = row.epoch + 1
        conversations.change(connection, row.id, owner=stand.owner, epoch=epoch, last_number=number)
        row = replace(row, owner=stand.owner, epoch=epoch, last_number=number)
        named = self._heart.policy.words
        buttons = ((named["talk"], TALK), (named["not_now"], NOT_NOW)) if stand.asks else ()
        said = Bubble("service", stand.words, buttons)
        add_bubbles(connection, access, row, [said], self._heart)

    def _stand(self, connection: Connection, row: ConversationRow) -> _Stand:
        """Where it stands. Who was waiting or with a helper keeps their place, and is asked again:
        the helper cannot read what is written from now on.
        """
        words, now = self._after, self._heart.now()
        entry = queue.entry_of(connection, row.id)
        if entry is None or entry.closed or entry.agreed == "no":
            return _Stand("assistant", words.back_assistant, asks=False)
        queue.change(
            connection,
            row.id,
            agreed="unanswered",
            position=0,
            unanswered_since=None,
            away_told_at=None,
            owed=None,
            **handoff.promise(entry, now),
        )
        if entry.staff in staff.here(connection, now - handoff.HERE_S):
            return _Stand("queue", words.back_with_helper, asks=True)
        return _Stand("queue", words.back_in_line, asks=True)


def _take_over(
    connection: Connection, row: ConversationRow, keys: ReturnKeys, token: str
) -> Access:
    """Opens every key epoch with the code and wraps it for the new token; the old one has none.

    Raises UnknownCode, with an alert in the log, where a key was moved here from another chat.
    """
    sealed = conversations.wraps(connection, row.id, returns.CODE)
    try:
        ring = {e: open_for_team(keys.private, key, row.id, e) for e, key in sealed.items()}
    except WrapBroken as error:
        log.error("alert: the key of a chat does not open with its code")
        raise UnknownCode from error
    access = Access(row.id, token_hash(token), token_key(token), KeyRing(ring))
    conversations.drop_wraps(connection, row.id, HELD_BY)
    for epoch, key in ring.items():
        wrapped = wrap(access.under, key, row.id, epoch)
        conversations.add_wrap(connection, row.id, epoch, HELD_BY, wrapped)
    conversations.change(connection, row.id, token_hash=access.name)
    return access
