"""The tables: what is kept, and for how long it can be read is decided by keys, not here.

Outside the sealed bytes stand only what routing needs: owner, epochs, counts, the hour of the last
activity (for expiry) and the times of queueing (design.md, "Confidentiality in detail").
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData()

conversation = Table(
    "conversation",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("token_hash", LargeBinary(32), unique=True, nullable=True),
    Column("owner", String(16), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("key_epoch", Integer, nullable=False),
    Column("last_number", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("carried", LargeBinary, nullable=True),
    Column("carried_number", Integer, nullable=False),
    Column("carried_key_epoch", Integer, nullable=False),
    Column("hour", Integer, nullable=False, index=True),
    Column("handed_off", Boolean, nullable=False),
    Column("left_quickly", Boolean, nullable=False),
    Column("hidden_hour", Integer, nullable=True),
    Column("shown_from", Integer, nullable=False),
    Column("feedback_given", Boolean, nullable=False),
    Column("new_epoch_due", Boolean, nullable=False),
)

wrapped_key = Table(
    "wrapped_key",
    metadata,
    Column("conversation", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("key_epoch", Integer, primary_key=True),
    Column("holder", String(48), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("conversation", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("sender", String(16), nullable=True),
    Column("key_epoch", Integer, nullable=True),
    Column("client_id", LargeBinary(16), nullable=True),
    Column("sealed", LargeBinary, nullable=True),
    Column("owner", String(16), nullable=True),
    Column("position", Integer, nullable=True),
    Column("worker", String(80), nullable=True),
    UniqueConstraint("conversation", "client_id"),
)

excerpt = Table(
    "excerpt",
    metadata,
    Column("conversation", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

excerpt_key = Table(
    "excerpt_key",
    metadata,
    Column("conversation", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("holder", String(48), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

queue_entry = Table(
    "queue_entry",
    metadata,
    Column("conversation", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("level", Integer, nullable=False),
    Column("reason", String(16), nullable=False),
    Column("agreed", String(16), nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("promised_at", Float, nullable=False),
    Column("staff", ForeignKey("staff.id"), nullable=True),
    Column("taken_at", Float, nullable=True),
    Column("told_at", Float, nullable=True),
    Column("position", Integer, nullable=True),
    Column("closed", Boolean, nullable=False, index=True),
    Column("wanted", Integer, nullable=True),
    Column("returned", Boolean, nullable=False),
    Column("unanswered_since", Float, nullable=True),
    Column("away_told_at", Float, nullable=True),
    Column("lead_told_at", Float, nullable=True),
    Column("alert", String(8), nullable=True),
    Column("owed", String(8), nullable=True),
)

desk_key = Table(
    "desk_key",
    metadata,
    Column("conversation", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("key_epoch", Integer, primary_key=True),
    Column("holder", String(48), primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)

desk_note = Table(
    "desk_note",
    metadata,
    Column("conversation", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("key_epoch", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

look = Table(
    "look",
    metadata,
    Column("conversation", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("staff", ForeignKey("staff.id"), primary_key=True),
    Column("at", Float, nullable=False),
)

unsealing = Table(
    "unsealing",
    metadata,
    Column("conversation", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("asked_by", ForeignKey("staff.id"), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("asked_at", Float, nullable=False),
)

legal_hold = Table(
    "legal_hold",
    metadata,
    Column("conversation", ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("ground", String(32), nullable=False),
    Column("asked_by", ForeignKey("staff.id"), nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("agreed_by", ForeignKey("staff.id"), nullable=True),
    Column("agreed_at", Float, nullable=True),
    Column("ending_by", ForeignKey("staff.id"), nullable=True),
    Column("ending_at", Float, nullable=True),
)

finished_chat = Table(
    "finished_chat",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("day", Integer, nullable=False),
    Column("held_s", Integer, nullable=False),
)

return_code = Table(
    "return_code",
    metadata,
    Column("tag", LargeBinary(32), primary_key=True),
    Column(
        "conversation",
        ForeignKey("conversation.id", ondelete="CASCADE"),
        unique=True,
        nullable=False,
    ),
    Column("public", LargeBinary(32), nullable=False),
)

tally = Table(
    "tally",
    metadata,
    Column("day", Integer, primary_key=True),
    Column("name", String(48), primary_key=True),
    Column("count", Integer, nullable=False),
)

record = Table(
    "record",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation", LargeBinary(16), nullable=True, index=True),
    Column("staff", ForeignKey("staff.id"), nullable=False),
    Column("day", Integer, nullable=False, index=True),
    Column("contact", String(32), nullable=True),
    Column("finished", Boolean, nullable=False),
    Column("talk_asked_at", Float, nullable=True, index=True),
    Column("sealed", LargeBinary, nullable=False),
)

record_key = Table(
    "record_key",
    metadata,
    Column("record", ForeignKey("record.id", ondelete="CASCADE"), primary_key=True),
    Column("holder", String(48), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

record_category = Table(
    "record_category",
    metadata,
    Column("record", ForeignKey("record.id", ondelete="CASCADE"), primary_key=True),
    Column("category", String(64), primary_key=True),
)

broken_confidentiality = Table(
    "broken_confidentiality",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation", LargeBinary(16), nullable=True),
    Column("staff", ForeignKey("staff.id"), nullable=False),
    Column("at", Float, nullable=False),
    Column("danger_now", Boolean, nullable=False),
    Column("asked_at", Float, nullable=True, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("second", ForeignKey("staff.id"), nullable=True),
    Column("second_at", Float, nullable=True),
    Column("second_sealed", LargeBinary, nullable=True),
)

broken_confidentiality_key = Table(
    "broken_confidentiality_key",
    metadata,
    Column("id", ForeignKey("broken_confidentiality.id", ondelete="CASCADE"), primary_key=True),
    Column("holder", String(48), primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

staff = Table(
    "staff",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(80), unique=True, nullable=False),
    Column("alias", String(80), nullable=False),
    Column("role", String(16), nullable=False),
    Column("salt", LargeBinary(16), nullable=False),
    Column("public", LargeBinary(32), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("second_factor", Boolean, nullable=False),
    Column("last_code_step", Integer, nullable=False),
    Column("presence", String(8), nullable=False),
    Column("at_once", Integer, nullable=False),
    Column("left_at", Float, nullable=True),
)

team_key = Table(
    "team_key",
    metadata,
    Column("epoch", Integer, primary_key=True),
    Column("public", LargeBinary(32), nullable=False),
    Column("recovery_copy", LargeBinary, nullable=False),
    Column("recovery_public", LargeBinary(32), nullable=True),
)

team_member = Table(
    "team_member",
    metadata,
    Column("staff", ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True),
    Column("team_epoch", ForeignKey("team_key.epoch"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("cookie_hash", LargeBinary(32), primary_key=True),
    Column("staff", ForeignKey("staff.id", ondelete="CASCADE"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("used_at", Float, nullable=False),
    Column("here_at", Float, nullable=False),
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("staff", Integer, nullable=True),
    Column("action", String(32), nullable=False),
    Column("conversation", LargeBinary(16), nullable=True),
    Column("about", Integer, nullable=True),
    Column("detail", String(64), nullable=True),
    Column("chain", LargeBinary(32), nullable=True),
)
