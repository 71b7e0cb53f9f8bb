"""what the desk needs"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "finished_chat",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("held_s", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "tally",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "name"),
    )
    op.create_table(
        "broken_confidentiality",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=True),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("danger_now", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.Float(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("second", sa.Integer(), nullable=True),
        sa.Column("second_at", sa.Float(), nullable=True),
        sa.Column("second_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["second"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "desk_key",
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=False),
        sa.Column("key_epoch", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=48), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation", "key_epoch", "holder"),
    )
    op.create_table(
        "desk_note",
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key_epoch", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation", "number"),
    )
    op.create_table(
        "look",
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["staff"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("conversation", "staff"),
    )
    op.create_table(
        "record",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=True),
        sa.Column("staff", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("contact", sa.String(length=32), nullable=True),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("talk_asked_at", sa.Float(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_record_conversation"), ["conversation"], unique=False)
        batch_op.create_index(batch_op.f("ix_record_day"), ["day"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_record_talk_asked_at"), ["talk_asked_at"], unique=False
        )

    with op.batch_alter_table("broken_confidentiality", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_broken_confidentiality_asked_at"), ["asked_at"], unique=False
        )

    op.create_table(
        "return_code",
        sa.Column("tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=False),
        sa.Column("public", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tag"),
        sa.UniqueConstraint("conversation"),
    )
    op.create_table(
        "unsealing",
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation"),
    )
    op.create_table(
        "broken_confidentiality_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=48), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["broken_confidentiality.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", "holder"),
    )
    op.create_table(
        "record_category",
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["record.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("record", "category"),
    )
    op.create_table(
        "record_key",
        sa.Column("record", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=48), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["record"], ["record.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("record", "holder"),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("about", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("detail", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("chain", sa.LargeBinary(length=32), nullable=True))

    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("shown_from", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.add_column(
            sa.Column("feedback_given", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(
            sa.Column("new_epoch_due", sa.Boolean(), nullable=False, server_default=sa.false())
        )

    with op.batch_alter_table("queue_entry", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wanted", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("returned", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("unanswered_since", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("away_told_at", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("lead_told_at", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("alert", sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column("owed", sa.String(length=8), nullable=True))
        batch_op.create_index(batch_op.f("ix_queue_entry_closed"), ["closed"], unique=False)

    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("presence", sa.String(length=8), nullable=False, server_default="here")
        )
        batch_op.add_column(sa.Column("at_once", sa.Integer(), nullable=False, server_default="3"))
        batch_op.add_column(sa.Column("left_at", sa.Float(), nullable=True))

    with op.batch_alter_table("team_key", schema=None) as batch_op:
        batch_op.add_column(sa.Column("recovery_public", sa.LargeBinary(length=32), nullable=True))
