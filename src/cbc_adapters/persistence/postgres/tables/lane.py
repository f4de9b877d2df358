"""The order lane: tasks, and which account is held by whom."""

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    Sequence,
    Table,
    Text,
)
from sqlalchemy import (
    text as sql,
)

from cbc_adapters.persistence.postgres.tables.metadata import (
    METADATA,
    at_least,
    document,
    identity,
    index,
    instant,
    one_of,
    text,
)
from cbc_domain.kernel.venues import Environment
from cbc_domain.trading.model import TaskAction, TaskState

_OWED: Final = "state IN ('WAITING', 'LEASED')"

lane_holders: Final = Sequence("lane_holders", metadata=METADATA, data_type=Integer, cycle=True)
"""Numbers of the workers that take tasks: each connection of a worker's presence gets the next one."""

tasks: Final = Table(
    "tasks",
    METADATA,
    Column("id", identity, primary_key=True),
    Column("action", text, one_of("action", TaskAction), nullable=False),
    Column("signal", identity, ForeignKey("signals.id")),
    Column("member", identity, nullable=False),
    Column("account", identity, nullable=False),
    Column("environment", text, one_of("environment", Environment), nullable=False),
    Column("position", identity, ForeignKey("positions.id"), nullable=False),
    Column("base_priority", Integer, nullable=False),
    Column("waiting_since", instant, nullable=False),
    Column("due_at", instant, nullable=False),
    Column("not_after", instant),
    Column("state", text, one_of("state", TaskState), nullable=False),
    Column("attempts", Integer, at_least("attempts", 0), nullable=False),
    Column("lease_until", instant),
    # Under which number of `lane_holders` the worker lives that has it; NULL when only its lease says so.
    Column("holder", Integer),
    Column("reason", text),
    # What breaks ties (PRI-03), computed by the domain when the task is added.
    Column("rotation", Text(collation="C"), nullable=False),
    ForeignKeyConstraint(["account", "member"], ["exchange_accounts.id", "exchange_accounts.member"]),
    CheckConstraint("(state = 'LEASED') = (lease_until IS NOT NULL)", name="lease"),
    CheckConstraint("holder IS NULL OR state = 'LEASED'", name="holder"),
    index(
        "tasks_once",
        "signal",
        "member",
        "environment",
        "action",
        "position",
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sql("action = 'open' OR (action = 'close' AND signal IS NOT NULL)"),
    ),
    index(
        "tasks_one_close",
        "position",
        unique=True,
        postgresql_where=sql(f"action = 'close' AND signal IS NULL AND {_OWED}"),
    ),
    index(
        "tasks_one_protect",
        "signal",
        "position",
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sql(f"action = 'protect' AND {_OWED}"),
    ),
    index("tasks_owed", "account", "due_at", postgresql_where=sql(_OWED)),
    index("tasks_of_account", "account"),
    index("tasks_of_position", "position"),
    index("tasks_of_signal", "signal", postgresql_where=sql("signal IS NOT NULL")),
    index("tasks_closing", "signal", "position", postgresql_where=sql("action = 'close' AND signal IS NOT NULL")),
)

lane_accounts: Final = Table(
    "lane_accounts",
    METADATA,
    # One row for each account that ever had work: who updates it holds the account (ARC-04).
    Column("account", identity, ForeignKey("exchange_accounts.id"), primary_key=True),
    # On which of its positions the holder works, each with the end of its lease. Here and not with the tasks, so that a claim
    # which finds the row changed since it began judges by what stands in it now.
    Column("positions", document, nullable=False, server_default=sql("'{}'")),
    Column("held_until", instant),
    Column("holder", Integer),
    CheckConstraint("(positions = '{}') = (held_until IS NULL)", name="held"),
    CheckConstraint("holder IS NULL OR held_until IS NOT NULL", name="holder"),
)
