"""Answers what was received: warnings first, then the assistant; keeps each reply once."""

import asyncio
import logging
from dataclasses import dataclass, replace
from secrets import token_urlsafe

from sqlalchemy import Connection

from helpline.broadcast import Signal
from helpline.conversation.access import Access, refresh
from helpline.conversation.errors import UnknownToken
from helpline.conversation.events import Button, Message, Sender
from helpline.conversation.heart import Heart
from helpline.conversation.locks import Locks
from helpline.conversation.sealing import (
    Carried,
    open_carried,
    open_event,
    seal_carried,
    seal_message,
)
from helpline.dialogue import AssistantDown, Reply
from helpline.store import conversations, queue, staff
from helpline.store.conversations import ConversationRow
from helpline.store.queue import QueueEntry
from helpline.store.staff import StaffRow
from safeguarding import Assessment, Course, Response
from safeguarding import Signal as DangerSignal

log = logging.getLogger("waymark")

TALK, NOT_NOW = "/talk_to_a_person", "/not_now"


@dataclass(frozen=True)
class _Bubble:
    sender: Sender
    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    card: str | None = None


class Answering:
    """Answers conversations in the background, one message of each at a time, in order."""

    def __init__(self, heart: Heart) -> None:
        self._heart = heart
        self._locks = Locks()
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self, access: Access) -> None:
        """Has whatever is unanswered in this conversation answered soon."""
        task = asyncio.create_task(self._answer_all(access))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Waits for what is being answered; called when the service stops."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _answer_all(self, access: Access) -> None:
        async with self._locks.hold(access.conversation):
            while await self._answer_next(access):
                pass

    async def _answer_next(self, access: Access) -> bool:
        """Answers the oldest unanswered message; False when there is none."""

        def find(connection: Connection) -> tuple[ConversationRow, Message] | None:
            row = conversations.by_id(connection, access.conversation)
            if row is None or row.token_hash is None or row.answered >= row.last_number:
                return None
            access.keep_up(connection, row)
            waiting = conversations.events_after(
                connection, row.id, row.answered, sender="young_person"
            )
            if not waiting:
                return None
            message = open_event(access.ring, waiting[0])
            assert isinstance(message, Message)
            return row, message

        found = await self._heart.database.read(find)
        if found is None:
            return False
        row, message = found
        try:
            if message.payload in (TALK, NOT_NOW):
                await self._answer_consent(access, row, message)
            else:
                await self._answer_message(access, row, message)
        except UnknownToken:
            return False
        except Exception as error:
            log.error("answering failed: %s", type(error).__name__)
            await self._keep(access, row, [self._outage()], message.number)
        return True

    def _outage(self) -> _Bubble:
        """What is said when the assistant is down: the numbers, and the offer of a person."""
        wording = self._heart.wording
        return _Bubble("service", wording.assistant_down, ((wording.talk_button, TALK),))

    async def _answer_consent(self, access: Access, row: ConversationRow, message: Message) -> None:
        text = await self._handoff_words(access, said_no=message.payload == NOT_NOW)
        await self._keep(access, row, [_Bubble("service", text)], message.number)

    async def _answer_message(self, access: Access, row: ConversationRow, message: Message) -> None:
        heart = self._heart
        carried = open_carried(access.ring, row)
        response = self._respond(message, carried)
        warning = [_Bubble("service", b.text, b.buttons, b.card) for b in response.bubbles]
        if row.owner in ("worker", "ended"):
            cards = [bubble for bubble in warning if bubble.card]
            await self._keep(access, row, cards, message.number)
            return
        if message.level >= 3 and row.warned < message.number:
            row = await self._keep(access, row, warning, message.number, answered=False)
        if message.level >= 3:
            warning = []
        if not response.ask_assistant:
            await self._keep(access, row, warning, message.number)
            return
        heart.broadcast.send(Signal("typing", access.conversation, "assistant"))
        try:
            turn = await heart.dialogue.turn(
                state=carried.state,
                text=None if message.payload else message.text,
                payload=message.payload,
                level=message.level,
                signals=[noticed.id for noticed in message.noticed],
            )
        except AssistantDown:
            await self._keep(access, row, [self._outage(), *warning], message.number)
            return
        replies = [_reply_bubble(reply) for reply in turn.replies]
        carried = Carried(turn.state, turn.form_active)
        await self._keep(access, row, [*replies, *warning], message.number, carried=carried)

    def _respond(self, message: Message, carried: Carried) -> Response:
        heart = self._heart
        assessment = Assessment(
            level=message.level,
            signals=tuple(
                DangerSignal(noticed.id, noticed.level, 1.0, noticed.evidence)
                for noticed in message.noticed
            ),
            read=message.read,
            failed=message.failed,
            course=message.course or Course(),
        )
        return heart.policy.respond(
            assessment,
            helper_here=message.helper_here,
            opens=heart.opens(heart.clock()),
            form_active=carried.form_active,
        )

    async def _keep(
        self,
        access: Access,
        made_under: ConversationRow,
        bubbles: list[_Bubble],
        number: int,
        *,
        answered: bool = True,
        carried: Carried | None = None,
    ) -> ConversationRow:
        """Keeps bubbles in one transaction and says that message `number` is dealt with.

        What the assistant said under another epoch is dropped (design.md, decision 5): after a
        worker took the chat for good, else the message is put to the assistant again.
        """
        heart = self._heart

        def keep(connection: Connection) -> ConversationRow:
            row = refresh(connection, access)
            said = bubbles
            if row.answered >= number:
                return row
            if row.epoch != made_under.epoch and any(b.sender == "assistant" for b in said):
                if row.owner in ("assistant", "queue"):
                    return row
                said = [bubble for bubble in said if bubble.sender != "assistant"]
            last = _add(connection, access, row, said, heart)
            values: dict[str, object] = {"last_number": last, "warned": number}
            if answered:
                values["answered"] = number
            if carried is not None and said == bubbles:
                values |= seal_carried(access.ring, row.id, row.key_epoch, number, carried)
            conversations.change(connection, row.id, **values)
            return replace(row, last_number=last, warned=number)

        row = await heart.database.write(keep)
        heart.changed(access.conversation)
        return row

    async def tell_handoff(self, access: Access) -> None:
        """Tells the young person what came of asking for a person."""
        text = await self._handoff_words(access, said_no=False)
        await self._say(access, _Bubble("service", text))

    async def _handoff_words(self, access: Access, *, said_no: bool) -> str:
        wording = self._heart.wording

        def look(connection: Connection) -> tuple[QueueEntry | None, StaffRow | None]:
            entry = queue.entry_of(connection, access.conversation)
            if entry is None or entry.staff is None:
                return entry, None
            return entry, staff.by_id(connection, entry.staff)

        entry, holder = await self._heart.database.read(look)
        if said_no:
            dangerous = entry is not None and entry.level == 4 and not entry.closed
            return wording.not_now_level_4 if dangerous else wording.not_now
        if entry is None or entry.closed or entry.agreed != "yes":
            return wording.handoff_nobody
        if holder is not None:
            return wording.handoff_joining
        return wording.handoff_queued.format(position=entry.position)

    async def tell_nobody_came(self, access: Access) -> None:
        """Tells the truth after two minutes without a helper, once."""
        bubble = self._heart.policy.nobody_came()
        await self._say(access, _Bubble("service", bubble.text, bubble.buttons), truth=True)

    async def _say(self, access: Access, bubble: _Bubble, *, truth: bool = False) -> None:
        heart = self._heart

        def say(connection: Connection) -> None:
            row = refresh(connection, access)
            if truth:
                entry = queue.entry_of(connection, row.id)
                if entry is None or entry.told_at is not None or entry.staff is not None:
                    return
                queue.change(connection, row.id, told_at=heart.now())
            last = _add(connection, access, row, [bubble], heart)
            conversations.change(connection, row.id, last_number=last)

        await heart.database.write(say)
        heart.changed(access.conversation)


def _add(
    connection: Connection,
    access: Access,
    row: ConversationRow,
    bubbles: list[_Bubble],
    heart: Heart,
) -> int:
    """Adds bubbles after what is there; returns the last number."""
    for number, bubble in enumerate(bubbles, start=row.last_number + 1):
        message = _message(number, bubble, heart)
        sealed = seal_message(access.ring, row.id, row.key_epoch, message)
        conversations.add_event(connection, sealed)
    return row.last_number + len(bubbles)


def _reply_bubble(reply: Reply) -> _Bubble:
    return _Bubble("assistant", reply.text, reply.buttons)


def _message(number: int, bubble: _Bubble, heart: Heart) -> Message:
    buttons = tuple(Button(token_urlsafe(9), title, payload) for title, payload in bubble.buttons)
    return Message(
        number,
        bubble.sender,
        bubble.text,
        heart.clock(),
        buttons,
        bubble.card,  # type: ignore[arg-type]  # the policy's kinds are the contract's
    )
