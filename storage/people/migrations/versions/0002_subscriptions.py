"""Subscriptions with topics, consent, letters, claims by workers. Only SQLite had tables before."""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

#: The tables as they are at this version; later migrations change them.
_TABLES = """
CREATE TABLE approval (
    edition VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    asked_at DATETIME NOT NULL,
    deadline_at DATETIME NOT NULL,
    decided_at DATETIME,
    decided_by VARCHAR,
    letter_sent_at DATETIME,
    CONSTRAINT approval_pkey PRIMARY KEY (edition)
);
CREATE TABLE bounce (
    report_hash VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    status VARCHAR,
    subscriber_id INTEGER,
    delivery_id INTEGER,
    at DATETIME NOT NULL,
    words VARCHAR NOT NULL,
    CONSTRAINT bounce_pkey PRIMARY KEY (report_hash)
);
CREATE INDEX bounce_subscriber_id ON bounce (subscriber_id);
CREATE TABLE delivery (
    delivery_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    subscriber_id INTEGER NOT NULL,
    edition VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    message_id VARCHAR NOT NULL,
    changed_at DATETIME NOT NULL,
    answer VARCHAR,
    worker VARCHAR,
    claimed_until DATETIME,
    not_before DATETIME,
    tries INTEGER DEFAULT '0' NOT NULL,
    CONSTRAINT delivery_subscriber_id_edition_key UNIQUE (subscriber_id, edition)
);
CREATE INDEX delivery_edition ON delivery (edition, state, subscriber_id);
CREATE INDEX delivery_state ON delivery (state, edition);
CREATE TABLE letter (
    letter_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind VARCHAR NOT NULL,
    email VARCHAR NOT NULL,
    email_key VARCHAR NOT NULL,
    request_id VARCHAR,
    queued_at DATETIME NOT NULL,
    sent_at DATETIME,
    answer VARCHAR
);
CREATE INDEX letter_email_key ON letter (email_key);
CREATE TABLE request (
    request_id VARCHAR NOT NULL,
    email VARCHAR NOT NULL,
    subscription JSON NOT NULL,
    asked_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    network VARCHAR,
    used_at DATETIME,
    CONSTRAINT request_pkey PRIMARY KEY (request_id)
);
CREATE TABLE subscriber (
    subscriber_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    email VARCHAR NOT NULL,
    email_key VARCHAR NOT NULL,
    token_id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    state_at DATETIME NOT NULL,
    subscribed_at DATETIME NOT NULL,
    CONSTRAINT subscriber_email_key_key UNIQUE (email_key),
    CONSTRAINT subscriber_token_id_key UNIQUE (token_id)
);
CREATE TABLE suppression (
    address_hash VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    at DATETIME NOT NULL,
    CONSTRAINT suppression_pkey PRIMARY KEY (address_hash)
);
CREATE TABLE consent (
    consent_id INTEGER NOT NULL,
    subscriber_id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    at DATETIME NOT NULL,
    network VARCHAR,
    details JSON NOT NULL,
    CONSTRAINT consent_pkey PRIMARY KEY (consent_id),
    CONSTRAINT consent_subscriber_id_fkey FOREIGN KEY(subscriber_id)
        REFERENCES subscriber (subscriber_id) ON DELETE CASCADE
);
CREATE INDEX consent_subscriber_id ON consent (subscriber_id);
CREATE TABLE subscription (
    subscriber_id INTEGER NOT NULL,
    frequency VARCHAR NOT NULL,
    language VARCHAR NOT NULL,
    categories JSON NOT NULL,
    keywords JSON NOT NULL,
    authors JSON NOT NULL,
    timezone VARCHAR NOT NULL,
    wants_empty BOOLEAN NOT NULL,
    CONSTRAINT subscription_pkey PRIMARY KEY (subscriber_id),
    CONSTRAINT subscription_subscriber_id_fkey FOREIGN KEY(subscriber_id)
        REFERENCES subscriber (subscriber_id) ON DELETE CASCADE
)
"""
#: What an older Yibao knew of everybody, in the new tables.
_SUBSCRIPTIONS = (
    "INSERT INTO subscription "
    "SELECT subscriber_id, frequency, 'zh', '[]', '[]', '[]', 'Asia/Shanghai', 0 FROM old_subscriber "
    "WHERE subscriber_id IN (SELECT subscriber_id FROM subscriber)"
)
_CONSENTS = (
    "INSERT INTO consent (subscriber_id, kind, at, details) "
    "SELECT subscriber_id, 'added', subscribed_at, '{\"by\": \"an older Yibao\"}' FROM subscriber",
    "INSERT INTO consent (subscriber_id, kind, at, details) "
    "SELECT subscriber_id, 'left', state_at, '{\"by\": \"an older Yibao\"}' FROM subscriber WHERE state = 'left'",
)
_DELIVERIES = (
    "INSERT INTO delivery (delivery_id, subscriber_id, edition, state, message_id, changed_at, answer) "
    "SELECT delivery_id, subscriber_id, edition, "
    "CASE state WHEN 'claimed' THEN 'queued' WHEN 'sending' THEN 'unknown' ELSE state END, message_id, changed_at, "
    "CASE WHEN state = 'sending' AND answer IS NULL "
    "THEN 'the run was killed before the server''s answer was on record' ELSE answer END FROM old_delivery"
)
#: Of two deliveries of one edition to one person the one stays that a server was told of.
_MERGES = (
    "DELETE FROM old_delivery WHERE subscriber_id = :keeper AND state IN ('held', 'claimed') AND edition IN "
    "(SELECT edition FROM old_delivery WHERE subscriber_id = :other AND state NOT IN ('held', 'claimed'))",
    "UPDATE OR IGNORE old_delivery SET subscriber_id = :keeper WHERE subscriber_id = :other",
    "DELETE FROM old_delivery WHERE subscriber_id = :other",
)
#: A number of somebody of whom deliveries alone are left is not given again.
_NUMBERS = (
    "DELETE FROM sqlite_sequence WHERE name = 'subscriber'",
    "INSERT INTO sqlite_sequence SELECT 'subscriber', coalesce(max(subscriber_id), 0) FROM "
    "(SELECT subscriber_id FROM subscriber UNION ALL SELECT subscriber_id FROM delivery)",
)


def upgrade() -> None:
    """Make new tables, and copy subscribers and deliveries into them; two spellings of an address become one person."""
    connection = op.get_bind()
    for table in ("subscriber", "delivery"):
        op.rename_table(table, f"old_{table}")
    for index in ("delivery_edition", "delivery_state"):
        op.execute(f"DROP INDEX IF EXISTS {index}")
    for statement in _TABLES.split(";"):
        connection.exec_driver_sql(statement)
    _copy_subscribers(connection)
    for statement in (_SUBSCRIPTIONS, *_CONSENTS, _DELIVERIES, *_NUMBERS):
        connection.exec_driver_sql(statement)
    for table in ("subscriber", "delivery"):
        op.drop_table(f"old_{table}")


def _copy_subscribers(connection: sa.Connection) -> None:
    # Who gets mail comes first, and keeps the address.
    query = "SELECT * FROM old_subscriber ORDER BY left_at IS NOT NULL, subscriber_id"
    keepers: dict[str, sa.RowMapping] = {}
    others = []
    for row in connection.execute(sa.text(query)).mappings():
        keeper = keepers.setdefault(row["email"].casefold(), row)
        if keeper is not row:
            others.append({"keeper": keeper["subscriber_id"], "other": row["subscriber_id"]})
    people = list(_make_subscribers(keepers))
    if people:
        connection.execute(
            sa.text(
                "INSERT INTO subscriber VALUES (:subscriber_id, :email, :key, :token, :state, :since, :subscribed_at)"
            ),
            people,
        )
    for pair in others:
        for statement in _MERGES:
            connection.execute(sa.text(statement), pair)


def _make_subscribers(keepers: Mapping[str, sa.RowMapping]) -> Iterator[dict[str, Any]]:
    for key, row in keepers.items():
        yield {
            **row,
            "key": key,
            "token": secrets.token_urlsafe(12),
            "state": "left" if row["left_at"] else "active",
            "since": row["left_at"] or row["subscribed_at"],
        }
