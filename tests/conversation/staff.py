"""What tests of the staff share: people of every role, and their sessions."""

from typing import Any

from sqlalchemy import Connection

from helpline.conversation.sessions import Session
from helpline.store import staff
from helpline.vault import create_staff_secret
from tests.conversation.conftest import PASSWORD, Helpline


async def join(helpline: Helpline, name: str, role: str) -> int:
    """Somebody new on the staff, who was given no access; returns their id."""
    secret = create_staff_secret(PASSWORD, "")

    def add(connection: Connection) -> int:
        return staff.add(connection, name, name.capitalize(), role, secret, second_factor=False)

    return await helpline.heart.database.write(add)


async def signed_in(helpline: Helpline, name: str) -> tuple[Session, str]:
    """A session at the desk, and its cookie."""
    session, cookie = await helpline.desk.sign_in(name, PASSWORD, None)
    await helpline.desk.here(session)
    return await helpline.desk.open(cookie), cookie


async def asked_and_taken(helpline: Helpline, worker: Session, access: Any) -> str:
    """Has a person asked for, and a worker take the chat; returns its id at the desk."""
    await helpline.young.ask_for_person(access)
    rows = await helpline.desk.queue(worker)
    conversation = str(access.conversation.hex())
    assert conversation in [row.conversation for row in rows]
    await helpline.desk.take(worker, conversation)
    return conversation
