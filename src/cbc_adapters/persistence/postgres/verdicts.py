"""What signals meant for members, read back from PostgreSQL (SIG-31, SIG-32)."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import ScalarSelect, Uuid, and_, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.rows.verdicts import verdict_of
from cbc_adapters.persistence.postgres.tables.trades import decisions, orders, positions
from cbc_domain.kernel.ids import MemberId, SignalId
from cbc_domain.ports.persistence.views import MemberDecision, SignalTally

_IDENTITIES: Final = ARRAY(Uuid)


async def of_member(connection: AsyncConnection, member: MemberId, signals: Sequence[SignalId]) -> Sequence[MemberDecision]:
    """A member's decisions in the order of the signals asked for; signals without one are left out."""
    known = select(decisions, _orders().label("orders")).where(
        decisions.c.member == member, decisions.c.signal == any_(literal(list(signals), _IDENTITIES))
    )
    rows = (await connection.execute(known)).mappings()
    found = {row["signal"]: verdict_of(row) for row in rows}
    return [found[signal] for signal in signals if signal in found]


async def tallies(connection: AsyncConnection, signals: Sequence[SignalId]) -> Sequence[SignalTally]:
    """One tally for each signal asked for, in that order."""
    counted = (
        select(decisions.c.signal, decisions.c.headline, func.count().label("members"))
        .where(decisions.c.signal == any_(literal(list(signals), _IDENTITIES)))
        .group_by(decisions.c.signal, decisions.c.headline)
    )
    found: dict[SignalId, dict[str | None, int]] = {}
    for row in (await connection.execute(counted)).mappings():
        found.setdefault(row["signal"], {})[row["headline"]] = row["members"]
    return [_tally(signal, found.get(signal, {})) for signal in signals]


def _tally(signal: SignalId, members: Mapping[str | None, int]) -> SignalTally:
    refused = {headline: count for headline, count in members.items() if headline is not None}
    return SignalTally(signal, members.get(None, 0), refused)


def _orders() -> ScalarSelect[Sequence[object]]:
    of_position = and_(positions.c.signal == decisions.c.signal, positions.c.member == decisions.c.member)
    oldest_first = aggregate_order_by(orders.c.id, orders.c.created_at, orders.c.id)
    return (
        select(func.array_agg(oldest_first, type_=_IDENTITIES))
        .select_from(positions.join(orders, orders.c.position == positions.c.id))
        .where(of_position)
        .scalar_subquery()
    )
