"""Which table goes into which file of a backup; a test asks that each stands on one side."""

from typing import Final

from sqlalchemy import Table

from helpline.store import tables

ROWS: Final[tuple[Table, ...]] = (
    tables.conversation,
    tables.event,
    tables.excerpt,
    tables.desk_note,
    tables.queue_entry,
    tables.record,
    tables.record_category,
    tables.broken_confidentiality,
    tables.audit_entry,
    tables.finished_chat,
    tables.tally,
)
"""What is sealed, and what routing and counting need: kept longer, and opened by nothing in it."""

KEYS: Final[tuple[Table, ...]] = (
    tables.wrapped_key,
    tables.excerpt_key,
    tables.desk_key,
    tables.return_code,
    tables.record_key,
    tables.broken_confidentiality_key,
    tables.staff,
    tables.team_key,
    tables.team_member,
    tables.legal_hold,
)
"""What opens something, and what was decided last of who may: kept for a short time.

Staff and team keys stand here because they open everything below them, and because only the newest
may count: who has left, or has a new password, must not come back with an older file. A legal hold
stands here because it decides over keys. The pepper and the hours of deletion go with them
(`files.HEADER`, `files.HIDDEN`).
"""

LEFT_OUT: Final[tuple[Table, ...]] = (tables.staff_session, tables.look, tables.unsealing)
"""What holds for minutes or hours: everybody signs in anew after a restore."""
