"""What members have open, blocked and done, read for a whole page of them at once (ELG-05)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import RowMapping, Select, and_, column, func, literal, select, true, tuple_, values
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Date

from cbc_adapters.persistence.postgres.bases import read_bases
from cbc_adapters.persistence.postgres.batches import batch
from cbc_adapters.persistence.postgres.tables.metadata import identity, instant, text
from cbc_adapters.persistence.postgres.tables.outcomes import coin_blocks, drawdown_pauses, equity_marks
from cbc_adapters.persistence.postgres.tables.trades import positions
from cbc_adapters.persistence.postgres.trade_reading import ENDED, UNFINISHED, WAITING_FOR_SETTLEMENT, among
from cbc_domain.identity.model import Member
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.time import day_start, local_day
from cbc_domain.kernel.venues import Environment
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.limits import streak_pause
from cbc_domain.risk.model import Activity, EquityBase
from cbc_domain.trading.model import PositionState

WEEK: Final = timedelta(days=7)
_LIMITS: Final = SystemLimits()
_POSITION: Final = positions.c

Holder = tuple[MemberId, Environment]
Facts = dict[Holder, dict[str, Any]]


async def read_activities(
    connection: AsyncConnection, members: Sequence[Member], now: datetime, read_at: Mapping[Holder, datetime]
) -> Mapping[MemberId, tuple[Activity, ...]]:
    """One activity for each member and environment, in seven statements."""
    ids = [member.id for member in members]
    facts: Facts = {(id_, environment): {} for id_ in ids for environment in Environment}
    for query in (_held(ids), _today(members, now)):
        for row in await _rows(connection, query):
            facts[_holder(row)].update({name: row[name] for name in row if name not in ("member", "environment")})
    for row in await _rows(connection, _streaks(ids)):
        facts[_holder(row)].update(_streak(row, now))
    for row in await _rows(connection, _blocks(ids, now)):
        facts[_holder(row)].setdefault("blocked_coins", {}).setdefault(row["coin"], row["until"])
    for row in await _rows(connection, _pauses(ids)):
        facts[_holder(row)]["drawdown_paused"] = True
    marks: dict[Holder, list[RowMapping]] = {}
    for row in await _rows(connection, _marks(members, now)):
        marks.setdefault(_holder(row), []).append(row)
    bases = await read_bases(connection, marks, read_at)
    holders = {id_: [(id_, environment) for environment in Environment] for id_ in ids}
    return {
        id_: tuple(_activity(holder[1], facts[holder], bases.get(holder)) for holder in held) for id_, held in holders.items()
    }


def _activity(environment: Environment, facts: dict[str, Any], base: EquityBase | None) -> Activity:
    blocked = tuple(facts.pop("blocked_coins", {}).items())
    symbols = frozenset(facts.pop("open_symbols", ()))
    return Activity(environment, symbols, blocked_coins=blocked, base=base, **facts)


def _streak(row: RowMapping, now: datetime) -> dict[str, object]:
    until = streak_pause(row["losses"], row["last_closed_at"], _LIMITS)
    return {"loss_streak": row["losses"], "loss_streak_until": until if until is not None and now < until else None}


def _holder(row: RowMapping) -> Holder:
    return MemberId(row["member"]), Environment(row["environment"])


async def _rows(connection: AsyncConnection, query: Select[Any]) -> Sequence[RowMapping]:
    found: Sequence[RowMapping] = (await connection.execute(query)).mappings().all()
    return found


def _held(members: Iterable[MemberId]) -> Select[Any]:
    in_flight = and_(_POSITION.state == PositionState.OPENING.value, _POSITION.bought == 0)
    margin = func.coalesce(func.sum(_POSITION.planned_margin).filter(in_flight), literal(Decimal(0)))
    return (
        select(
            _POSITION.member,
            _POSITION.environment,
            func.array_agg(_POSITION.symbol).label("open_symbols"),
            func.sum(_POSITION.planned_notional).label("open_notional"),
            margin.label("margin_in_flight"),
        )
        .where(among(_POSITION.member, members), UNFINISHED)
        .group_by(_POSITION.member, _POSITION.environment)
    )


def _today(members: Sequence[Member], now: datetime) -> Select[Any]:
    starts = [{"member": member.id, "start": day_start(now, member.time_zone)} for member in members]
    day = batch(starts, {"member": identity, "start": instant}, "today")
    return (
        select(
            _POSITION.member,
            _POSITION.environment,
            func.count().label("trades_today"),
            func.sum(_POSITION.planned_notional).label("notional_today"),
        )
        .join(day, day.c.member == _POSITION.member)
        .where(_POSITION.created_at >= day.c.start, _POSITION.state != PositionState.ABANDONED.value)
        .group_by(_POSITION.member, _POSITION.environment)
    )


def _streaks(members: Iterable[MemberId]) -> Select[Any]:
    """How many of the newest settled positions were losses, and when the newest of them was closed (RSK-12)."""
    asked = batch([{"member": member} for member in members], {"member": identity}, "asked")
    each = [(environment.value,) for environment in Environment]
    places = values(column("environment", text), name="places").data(each)
    his = and_(_POSITION.member == asked.c.member, _POSITION.environment == places.c.environment)
    settled = and_(his, ENDED, ~WAITING_FOR_SETTLEMENT)
    newest_first = (_POSITION.closed_at.desc(), _POSITION.id.desc())
    good = (
        select(_POSITION.closed_at, _POSITION.id).where(settled, _POSITION.result >= 0).order_by(*newest_first).limit(1)
    ).lateral("good")
    since_good = good.c.id.is_(None) | (tuple_(_POSITION.closed_at, _POSITION.id) > tuple_(good.c.closed_at, good.c.id))
    run = (
        select(func.count().label("losses"), func.max(_POSITION.closed_at).label("last_closed_at"))
        .select_from(positions)
        .where(settled, since_good)
    ).lateral("run")
    return (
        select(asked.c.member, places.c.environment, run.c.losses, run.c.last_closed_at)
        .select_from(asked.join(places, true()).outerjoin(good, true()).join(run, true()))
        .where(run.c.losses > 0)
    )


def _blocks(members: Iterable[MemberId], now: datetime) -> Select[Any]:
    block = coin_blocks.c
    return (
        select(block.member, block.environment, block.coin, block.until)
        .where(among(block.member, members), block.until > now)
        .order_by(block.until.desc(), block.coin.desc())
    )


def _pauses(members: Iterable[MemberId]) -> Select[Any]:
    pause = drawdown_pauses.c
    return select(pause.member, pause.environment).where(among(pause.member, members), pause.until.is_(None))


def _marks(members: Sequence[Member], now: datetime) -> Select[Any]:
    days = [{"member": member.id, "today": local_day(now, member.time_zone)} for member in members]
    day = batch(days, {"member": identity, "today": Date()}, "days")
    mark = equity_marks.c
    in_week = and_(mark.day > day.c.today - WEEK.days, mark.day <= day.c.today)
    return select(equity_marks, day.c.today).join(day, and_(day.c.member == mark.member, in_week)).order_by(mark.day)
