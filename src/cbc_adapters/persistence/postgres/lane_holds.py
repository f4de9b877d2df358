"""Which worker has an exchange account, and on which of its positions it works (ARC-04)."""

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Text,
    Update,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    null,
    or_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from cbc_adapters.persistence.postgres.presence import is_gone
from cbc_adapters.persistence.postgres.tables.lane import lane_accounts
from cbc_adapters.persistence.postgres.tables.metadata import instant
from cbc_adapters.persistence.postgres.tables.trades import orders
from cbc_adapters.persistence.postgres.trade_reading import IDS
from cbc_domain.trading.model import Leg, TaskAction

NOW: Final = bindparam("now", type_=instant)
UNTIL: Final = bindparam("until", type_=instant)
HOLDER: Final = bindparam("holder", type_=Integer)
"""The worker that asks; NULL when nobody would see it die: then it shares nothing with itself either."""

_ACCOUNT: Final = lane_accounts.c
_ORDER: Final = orders.c
_LEFT: Final = _ACCOUNT.positions.op("-", return_type=JSONB())(bindparam("ended", type_=ARRAY(Text, dimensions=1)))
_OVER: Final = func.jsonb_build_object() == _LEFT

IS_FREE: Final = or_(_ACCOUNT.held_until.is_(None), _ACCOUNT.held_until <= NOW, is_gone(_ACCOUNT.holder))

LET_GO: Final = (
    update(lane_accounts)
    .where(_ACCOUNT.account == any_(IDS), _ACCOUNT.holder.is_not_distinct_from(HOLDER))
    .values(
        positions=_LEFT,
        held_until=case((_OVER, null()), else_=_ACCOUNT.held_until),
        holder=case((_OVER, null()), else_=_ACCOUNT.holder),
    )
)
"""End one holder's work on the `ended` positions of the accounts `ids`; another holder's is left as it is."""


def is_open_to_its_holder(task: FromClause) -> ColumnElement[bool]:
    """Whether the worker that has the account may take this beside what it does there: nothing new, and no position twice.

    A venue that does not answer about one position keeps no other of the account from its stop or its exit (POS-11). An open
    whose entry the venue took is nothing new any more: what is left of it is protection.
    """
    leased_until = cast(_ACCOUNT.positions[cast(task.c.position, Text)].astext, instant)
    idle = or_(leased_until.is_(None), leased_until <= NOW)
    taken = exists().where(_ORDER.position == task.c.position, _ORDER.leg == Leg.ENTRY.value, _ORDER.acked_at.is_not(None))
    return and_(_ACCOUNT.holder == HOLDER, or_(task.c.action != TaskAction.OPEN.value, taken), idle)


def take(picked: FromClause) -> Update:
    """Hold the accounts of what was picked, with its positions; `was_free` says that nobody else's work goes on there."""
    taken = func.jsonb_build_object(cast(picked.c.position, Text), UNTIL, type_=JSONB)
    at_work = case((picked.c.was_free, taken), else_=_ACCOUNT.positions.concat(taken))
    held = update(lane_accounts).where(_ACCOUNT.account == picked.c.account)
    return held.values(positions=at_work, held_until=UNTIL, holder=HOLDER)


def ended(tasks: Collection[Any], holder: int | None) -> Mapping[str, list[UUID] | list[str] | int | None]:
    """The values of LET_GO for tasks that ended, each with its account and position."""
    accounts, positions = sorted({task.account for task in tasks}), [str(task.position) for task in tasks]
    return {"ids": accounts, "ended": positions, "holder": holder}
