"""How a conversation ends, for each who may end it; who can read what after that."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from helpline.conversation import evidence, notes
from helpline.conversation.handoff import change_owner
from helpline.store import conversations, erasing, legal_holds, looks, queue, returns, staff
from helpline.store.conversations import ConversationRow
from helpline.store.staff import StaffRow
from helpline.vault import KeyRing, seal_for_team

Ending = Callable[[Connection, ConversationRow], None]
GRAVE = 3
"""From this level on a chat that a helper was let into waits a day between deletion and erasure."""


def _keepers(connection: Connection, row: ConversationRow) -> list[StaffRow]:
    """Who may open a chat after its end: the worker who held it, and supervisors with access."""
    entry = queue.entry_of(connection, row.id)
    holder = entry.staff if entry else None
    return [
        person
        for person in staff.with_access(connection, "worker", "supervisor")
        if person.role == "supervisor" or person.id == holder
    ]


def keep_for_keepers(
    connection: Connection, row: ConversationRow, ring: KeyRing, excerpts: dict[int, bytes]
) -> None:
    """Takes the team's keys away; the keepers get what the team had, each sealed to them.

    `ring` and `excerpts` (keys of excerpts by number) are what the one who ends it could open.
    """
    let_in = conversations.epochs_let_in(connection, row.id) & set(ring.keys)
    keepers = _keepers(connection, row)
    may_return = row.token_hash is not None or bool(returns.public_of(connection, row.id))
    looks.drop_unsealing(connection, row.id)
    notes.keep_for(connection, row.id, [each.id for each in keepers], may_return=may_return)
    for keeper in keepers:
        name, public = f"staff:{keeper.id}", keeper.secret.public
        for epoch in let_in:
            sealed = seal_for_team(public, ring.keys[epoch], row.id, epoch)
            conversations.add_wrap(connection, row.id, epoch, name, sealed)
        for number, key in excerpts.items():
            sealed = seal_for_team(public, key, row.id, number)
            conversations.add_excerpt_key(connection, row.id, number, name, sealed)
    conversations.drop_wraps(connection, row.id, "team:%")
    conversations.drop_excerpt_keys(connection, row.id, "team:%")


def end_by_worker(
    connection: Connection, row: ConversationRow, ring: KeyRing, excerpts: dict[int, bytes]
) -> None:
    """A worker ends a chat they hold, or closes an alert that got no yes.

    What they could open of a chat that goes on with the assistant (two people had decided so) stays
    as it is; what comes next is under a key that nobody here has.
    """
    keep_for_keepers(connection, row, ring, excerpts)
    if row.owner == "worker":
        change_owner(connection, row, "ended")
    elif row.owner != "ended":
        conversations.change(connection, row.id, new_epoch_due=bool(ring.keys))
        if row.owner == "queue":
            change_owner(connection, row, "assistant")
    queue.change(connection, row.id, closed=True, position=None)


def end_by_young_person(connection: Connection, ring: KeyRing, row: ConversationRow) -> None:
    """Ends it and wipes the token; a chat that no helper could ever see is erased, unless there
    is a code to come back: its keys here, its rows by `erasure.finish`.

    An alert that got no yes stays on the desk until somebody has looked at it.
    """
    if _nobody_else_opens(connection, row):
        erasing.forget_keys(connection, [row.id])
        return
    if row.handed_off and not _unseen_alert(connection, row):
        _close_to_team(connection, ring, row)
    elif row.owner != "ended":
        change_owner(connection, row, "ended")
    _revoke(connection, row)


def _unseen_alert(connection: Connection, row: ConversationRow) -> bool:
    """Whether an alert waits for somebody to look: its excerpt is all that they can open of it."""
    entry = queue.entry_of(connection, row.id)
    if entry is None or entry.closed or entry.agreed == "yes":
        return False
    return row.key_epoch not in conversations.epochs_let_in(connection, row.id)


def leave_quickly(connection: Connection, row: ConversationRow) -> None:
    """Quick exit: the token opens nothing from now on; the desk sees "left quickly"."""
    if _nobody_else_opens(connection, row):
        erasing.forget_keys(connection, [row.id])
        return
    conversations.change(connection, row.id, left_quickly=True)
    _revoke(connection, row)


def delete(connection: Connection, ring: KeyRing, row: ConversationRow, hour: int) -> None:
    """Hides the chat at once and for good.

    One that was handed off at level 3 or 4 is erased a day later (`retention`), one that is held as
    evidence when that ends, any other at once.
    """
    entry, hold = queue.entry_of(connection, row.id), legal_holds.of(connection, row.id)
    held = hold is not None and bool(hold.holders)
    waits = row.handed_off and entry is not None and entry.level >= GRAVE
    if not (held or waits):
        erasing.forget_keys(connection, [row.id])
        return
    returns.drop(connection, row.id)
    _close_to_team(connection, ring, row)
    conversations.change(connection, row.id, hidden_hour=hour)
    _revoke(connection, row)
    if held:
        evidence.set_aside(connection, row.id, hour=hour)


def _nobody_else_opens(connection: Connection, row: ConversationRow) -> bool:
    """Whether without the token nobody can open any of it: no helper, and no code."""
    helpers = row.handed_off or conversations.kept_by_staff(connection, row.id)
    excerpts = conversations.excerpts(connection, row.id)
    return not (helpers or excerpts or returns.public_of(connection, row.id))


def _close_to_team(connection: Connection, ring: KeyRing, row: ConversationRow) -> None:
    """Ends a chat with the young person's own keys; whoever was let in has it whole."""
    if row.owner != "ended":
        row = change_owner(connection, row, "ended")
    if row.handed_off:
        conversations.drop_excerpts(connection, row.id)
    keep_for_keepers(connection, replace(row, token_hash=None), ring, {})  # it is revoked next
    queue.change(connection, row.id, closed=True, position=None)


def _revoke(connection: Connection, row: ConversationRow) -> None:
    conversations.drop_wraps(connection, row.id, "token")
    conversations.change(connection, row.id, token_hash=None, carried=None)
