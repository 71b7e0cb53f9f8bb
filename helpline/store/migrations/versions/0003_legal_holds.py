"""legal holds"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "legal_hold",
        sa.Column("conversation", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ground", sa.String(length=32), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.Float(), nullable=False),
        sa.Column("agreed_by", sa.Integer(), nullable=True),
        sa.Column("agreed_at", sa.Float(), nullable=True),
        sa.Column("ending_by", sa.Integer(), nullable=True),
        sa.Column("ending_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"]),
        sa.ForeignKeyConstraint(["agreed_by"], ["staff.id"]),
        sa.ForeignKeyConstraint(["ending_by"], ["staff.id"]),
        sa.PrimaryKeyConstraint("conversation"),
    )
