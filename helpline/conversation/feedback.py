"""The four questions after a chat: whether they are asked, and counting what is answered.

Answers are counted by day and kept nowhere else: nothing leads from a count to a chat. All that a
chat remembers is that answers were given, so that they count once.
"""

from collections.abc import Mapping

from sqlalchemy import Connection

from helpline.conversation import tally
from helpline.conversation.access import Access
from helpline.conversation.after import ANSWERS, QUESTIONS
from helpline.conversation.errors import Invalid, NotAsked
from helpline.conversation.events import Broken, Message
from helpline.conversation.heart import Heart
from helpline.conversation.sealing import open_event
from helpline.store import conversations
from helpline.store.conversations import ConversationRow

Answers = Mapping[str, str]
"""Question → answer, by the names of `after`; what was skipped is not in it."""


def read_answers(given: object) -> Answers:
    """Checks answers as a page sends them; null is a skip. Raises Invalid."""
    if not isinstance(given, dict):
        raise Invalid("Send the answers by question.")
    for question, answer in given.items():
        if question not in QUESTIONS or answer not in (*ANSWERS, None):
            raise Invalid("An answer is yes, a_bit or no, to one of the four questions.")
    return {question: answer for question, answer in given.items() if answer is not None}


def may_ask(connection: Connection, access: Access, row: ConversationRow) -> bool:
    """Whether the questions are asked in this chat: once, and never after level 4."""
    return not row.feedback_given and not _was_in_danger(connection, access)


def _was_in_danger(connection: Connection, access: Access) -> bool:
    said = conversations.events_after(connection, access.conversation, 0, sender="young_person")
    opened = (open_event(access.ring, event) for event in said)
    return any(
        isinstance(each, Broken)  # nobody knows what it said: it may have been danger
        or (isinstance(each, Message) and each.level >= tally.EMERGENCY)
        for each in opened
    )


def keep(
    connection: Connection, access: Access, row: ConversationRow, answers: Answers, heart: Heart
) -> None:
    """Counts the answers; raises NotAsked where the questions are not asked."""
    if not answers:
        return
    if not may_ask(connection, access, row):
        raise NotAsked
    conversations.change(connection, row.id, feedback_given=True)
    tally.count(connection, heart, *(tally.answer(*each) for each in answers.items()))


def count_end(connection: Connection, access: Access, row: ConversationRow, heart: Heart) -> None:
    """Counts a chat that the young person ends, and whether the questions were asked in it."""
    if row.owner == "ended":
        return
    asked = not _was_in_danger(connection, access)
    tally.count(connection, heart, tally.ENDED, *((tally.ASKED,) if asked else ()))
