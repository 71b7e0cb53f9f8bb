"""The heart: receives, screens, keeps, replies; who owns a conversation; the queue."""

from helpline.conversation.access import Access
from helpline.conversation.answering import Answering
from helpline.conversation.desk import DeskSide
from helpline.conversation.events import Broken, Button, Event, Message, State, Typing
from helpline.conversation.heart import Heart
from helpline.conversation.incoming import Incoming
from helpline.conversation.receiving import Receipt
from helpline.conversation.sessions import Session, Sessions
from helpline.conversation.shown import DeskChange, QueueRow, Transcript
from helpline.conversation.young_person import YoungPersonSide

__all__ = [
    "Access",
    "Answering",
    "Broken",
    "Button",
    "DeskChange",
    "DeskSide",
    "Event",
    "Heart",
    "Incoming",
    "Message",
    "QueueRow",
    "Receipt",
    "Session",
    "Sessions",
    "State",
    "Transcript",
    "Typing",
    "YoungPersonSide",
]
