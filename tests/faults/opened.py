"""Opens the database of a run with the young people's tokens, as only they can."""

from contextlib import suppress
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from helpline.conversation.access import open_access
from helpline.conversation.errors import UnknownToken
from helpline.conversation.events import Message
from helpline.conversation.sealing import open_event
from helpline.store import conversations
from helpline.store.database import Database
from helpline.vault import SealBroken
from tests.faults.record import Event, Kept, Record


async def open_all(record: Record, database_url: str) -> None:
    """Puts what the database keeps under each token into the record, and names the chats."""
    database = Database.open(database_url)
    try:
        for page in record.pages:
            if page.token:
                record.kept[page.token] = await database.read(partial(_open, token=page.token))
    finally:
        await database.close()
    link(record)


def link(record: Record) -> None:
    """Finds out which chat each page had: by its token, else by what was written in it."""
    texts = {sent.text: page for page in record.pages for sent in page.sent}
    for page in record.pages:
        kept = record.kept.get(page.token)
        page.conversation = kept.conversation if kept else ""
    for view in record.views:
        for line in view.lines:
            writer = texts.get(line.text) if line.text.endswith(")") else None
            if writer and line.sender == "young_person" and not writer.conversation:
                writer.conversation = view.conversation


def _open(connection: Connection, token: str) -> Kept | None:
    try:
        access = open_access(connection, token)
    except UnknownToken:
        return None
    rows = conversations.events_after(connection, access.conversation, 0)
    events = []
    for row in rows:
        with suppress(SealBroken):  # what the token does not open is missing, and so lost
            event = open_event(access.ring, row)
            events += [event] if event is not None else []
    return Kept(
        access.conversation.hex(),
        tuple(
            Event(event.number, event.sender, event.text)
            if isinstance(event, Message)
            else Event.of(event.public())
            for event in events
        ),
        {row.number: str(UUID(bytes=row.client_id)) for row in rows if row.client_id},
    )
