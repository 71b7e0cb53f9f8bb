"""Has the assistant answer what was received, and keeps each of its replies once.

Warnings and what is said about a helper are kept with the message itself (`receiving`): nothing
here, slow or failing, can hold them up.
"""

import asyncio
import logging

from sqlalchemy import Connection

from helpline.broadcast import Signal
from helpline.conversation import first_words, handoff
from helpline.conversation.access import Access, refresh
from helpline.conversation.bubbles import Bubble, add_bubbles, from_policy
from helpline.conversation.errors import UnknownToken
from helpline.conversation.events import Message
from helpline.conversation.heart import Heart
from helpline.conversation.locks import Locks
from helpline.conversation.sealing import Carried, open_carried, open_event, seal_carried
from helpline.dialogue import AssistantDown, Turn
from helpline.facts import FactsError
from helpline.store import conversations
from helpline.store.conversations import ConversationRow
from helpline.vault import SealBroken
from safeguarding import Assessment, Course
from safeguarding import Signal as DangerSignal
from safeguarding.policy import NOT_NOW, TALK

log = logging.getLogger("waymark")

TYPING_AFTER_S = 0.3
AGAIN_AFTER_S, LONGEST_WAIT_S = 1.0, 30.0
"""What failed is tried again after so long, then after twice that, up to the longest."""
Unanswered = tuple[ConversationRow, Message]

CONCERN, HIGH_RISK, EMERGENCY = 2, 3, 4
NOT_UNDERSTOOD = "none"
NO_ANSWER = ("chitchat", NOT_UNDERSTOOD)
YES = "/affirm"


class Answering:
    """Answers conversations in the background, one message of each at a time, in order."""

    def __init__(self, heart: Heart) -> None:
        self._heart = heart
        self._locks = Locks()
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self, access: Access, fresh: Unanswered | None = None) -> None:
        """Has whatever is unanswered in this conversation answered soon.

        `fresh` is a message that was just kept with nothing unanswered before it, and the row as it
        was then: it need not be looked for.
        """
        task = asyncio.create_task(self._answer_all(access, fresh))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Waits for what is being answered; called when the service stops."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _answer_all(self, access: Access, fresh: Unanswered | None) -> None:
        """Answers what there is; what the database would not keep is tried again while a page
        waits for it. Without one the next page that follows wakes it.
        """
        if self._locks.busy(access.conversation):
            fresh = None  # whoever is at it may have found it
        wait = AGAIN_AFTER_S
        while not await self._all_answered(access, fresh):
            fresh = None
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_S)
            if not self._heart.broadcast.followed(access.conversation):
                return

    async def _all_answered(self, access: Access, fresh: Unanswered | None) -> bool:
        """Answers one message after the other; False if something failed meanwhile."""
        async with self._locks.hold(access.conversation):
            try:
                more = True if fresh is None else await self._answer(access, *fresh)
                while more:
                    more = await self._answer_next(access)
            except UnknownToken:
                return True
            except Exception as error:
                log.error("answering failed: %s", type(error).__name__)
                return False
        return True

    async def _answer_next(self, access: Access) -> bool:
        """Answers the oldest unanswered message that opens; False when there is none after it."""

        def find(connection: Connection) -> Unanswered | None:
            row = conversations.by_id(connection, access.conversation)
            if row is None or row.token_hash != access.name or row.answered >= row.last_number:
                return None
            access.keep_up(connection, row, committed=True)
            waiting = conversations.events_after(
                connection, row.id, row.answered, sender="young_person"
            )
            if not waiting:
                return None
            opened = (open_event(access.ring, each) for each in waiting)
            first = next((each for each in opened if isinstance(each, Message)), None)
            return (row, first) if first else None

        found = await self._heart.database.read(find)
        return found is not None and await self._answer(access, *found)

    async def _answer(self, access: Access, row: ConversationRow, message: Message) -> bool:
        """Answers a message; whether another may wait behind it."""
        if (
            row.owner in ("worker", "ended")
            or message.level >= EMERGENCY
            or message.payload in (TALK, NOT_NOW, *first_words.ANSWERS)
        ):
            return await self._keep(access, row, message, [])
        if message.level < CONCERN:
            await self._heart.intake.give_way()
        try:
            return await self._ask(access, row, message)
        except (AssistantDown, FactsError, SealBroken, KeyError, ValueError) as error:
            if not isinstance(error, AssistantDown):
                log.error("a turn failed: %s", type(error).__name__)
            wording = self._heart.wording
            button = (wording.talk_button, TALK)
            outage = Bubble("service", wording.assistant_down, (button,))
            return await self._keep(access, row, message, [outage])

    async def _ask(self, access: Access, row: ConversationRow, message: Message) -> bool:
        """Puts the message to the assistant, unless it fills a form in the middle of danger."""
        heart, carried = self._heart, _carried(access, row)
        # Only the offer at level 2 is made here: what it says of helpers must be true now
        here = message.level == CONCERN and await heart.database.read(
            lambda c: handoff.team_if_here(c, heart.now()) is not None
        )
        response = heart.policy.respond(
            assessment_of(message),
            helper_here=here,
            opens=heart.opens(heart.clock()),
            form_active=carried.form_active,
        )
        if not response.ask_assistant:
            return await self._keep(access, row, message, [])
        typing = Signal("typing", access.conversation, "assistant")
        slow = asyncio.get_running_loop().call_later(TYPING_AFTER_S, heart.broadcast.send, typing)
        try:
            turn = await heart.dialogue.turn(
                state=carried.state,
                text=None if message.payload else message.text,
                payload=message.payload,
                level=message.level,
            )
        finally:
            slow.cancel()
        today = heart.clock().date()
        filled = [(heart.facts.fill(reply.text, today), reply.buttons) for reply in turn.replies]
        said = [Bubble("assistant", *each, topic=turn.topic) for each in filled]
        if message.level == HIGH_RISK and turn.topic in NO_ANSWER:
            said = []  # beside an offer of help, "I don't know that" would be all they hear
        if message.level == CONCERN and row.owner == "assistant":
            said = [] if _only_a_fallback(turn) else said
            said += from_policy(response.bubbles)
        carried = Carried(turn.state, turn.form_active)
        return await self._keep(access, row, message, said, carried)

    async def _keep(
        self,
        access: Access,
        made_under: ConversationRow,
        message: Message,
        bubbles: list[Bubble],
        carried: Carried | None = None,
    ) -> bool:
        """Keeps bubbles in one transaction and says that `message` is answered.

        Returns whether another may wait: something came after it, or it has to be put again.

        What the assistant said under another epoch is dropped (design.md, decision 5): after a
        worker took the chat for good; before that the message is put to the assistant again.
        """
        heart = self._heart

        def keep(connection: Connection) -> bool:
            row, said = refresh(connection, access), bubbles
            more = row.last_number > message.number
            if row.answered >= message.number:
                return more
            if row.epoch != made_under.epoch:
                if row.owner in ("worker", "ended"):
                    said = []
                elif carried is not None:
                    return True
            if said:
                add_bubbles(connection, access, row, said, heart)
            values: dict[str, object] = {"answered": message.number}
            if carried is not None and (said or not bubbles):
                values |= seal_carried(access.ring, row.id, row.key_epoch, message.number, carried)
            conversations.change(connection, row.id, **values)
            return more

        more = await heart.database.write(keep)
        heart.changed(access.conversation)
        return more


def assessment_of(message: Message) -> Assessment:
    """The verdict that was kept with a message."""
    return Assessment(
        level=message.level,
        signals=tuple(DangerSignal(n.id, n.level, 1.0, n.evidence) for n in message.noticed),
        read=message.read,
        failed=message.failed,
        course=message.course or Course(),
        language=message.language,
    )


def _only_a_fallback(turn: Turn) -> bool:
    """Whether nothing was understood, and no question (Yes, No) is asked again for that.

    A fallback offers a person too: beside the offer of level 2 it would say the same twice.
    """
    asks = any(payload == YES for reply in turn.replies for _, payload in reply.buttons)
    return turn.topic == NOT_UNDERSTOOD and not asks


def _carried(access: Access, row: ConversationRow) -> Carried:
    """What the conversation carries; a state that does not open is begun anew."""
    try:
        return open_carried(access.ring, row)
    except (SealBroken, KeyError) as error:
        log.error("alert: a carried state does not open: %s", type(error).__name__)
        return Carried()
