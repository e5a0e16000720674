"""The tables as they were before migrations had numbers: subscriber and delivery. They are there already."""

from alembic import op
from sqlalchemy import inspect, text

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make what the very first version lacked."""
    if not inspect(op.get_bind()).has_table("subscriber"):
        op.execute(
            text(
                "CREATE TABLE subscriber (subscriber_id INTEGER PRIMARY KEY, email VARCHAR NOT NULL UNIQUE, "
                "frequency VARCHAR NOT NULL, subscribed_at DATETIME NOT NULL, left_at DATETIME)"
            )
        )
