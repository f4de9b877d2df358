"""What a member has open, blocked and done in one environment, read from the trades in memory (ELG-05)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Final

import attrs

from cbc_adapters.persistence.memory.table import Changes, Table
from cbc_adapters.persistence.memory.trade_tables import WAITING, Holder, TradeTables
from cbc_adapters.persistence.memory.transfers import MemoryTransfers
from cbc_domain.identity.model import Member
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.time import day_start, local_day
from cbc_domain.kernel.venues import Environment
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.limits import streak_pause
from cbc_domain.risk.model import Activity, EquityBase
from cbc_domain.risk.transfers import Equity
from cbc_domain.trading.model import Position, PositionState
from cbc_domain.trading.positions import net

_LIMITS: Final = SystemLimits()
_WEEK: Final = timedelta(days=7)


@attrs.frozen
class Equities:
    """The first equity of each of the last seven local days, oldest first, and the highest after all transfers (RSK-03).

    `peak` is None once the member resumed after a drawdown, until the next equity is measured.
    """

    firsts: tuple[tuple[date, Equity], ...]
    peak: Equity | None


class MemoryActivity:
    def __init__(self, changes: Changes, trades: TradeTables, transfers: MemoryTransfers) -> None:
        self._trades, self._transfers = trades, transfers
        self._equities = Table[Holder, Equities](changes)
        self._pauses = Table[Holder, datetime](changes)

    def observe(self, member: MemberId, environment: Environment, equity: Equity, today: date) -> None:
        holder = (member, environment)
        known = self._equities.get(holder) or Equities((), equity)
        firsts = known.firsts
        if not firsts or firsts[-1][0] < today:
            firsts = (*(first for first in firsts if today - first[0] < _WEEK), (today, equity))
        peak = known.peak
        if peak is None or equity.usdt > self._transfers.worth(holder, peak, until=equity.at):
            peak = equity
        self._equities.put(holder, Equities(firsts, peak))
        self._transfers.measure(holder)

    def pause(self, member: MemberId, environment: Environment, now: datetime) -> bool:
        """Start a drawdown pause; False when one is in force."""
        if self._pauses.get((member, environment)) is not None:
            return False
        self._pauses.put((member, environment), now)
        return True

    def resume(self, member: MemberId, environment: Environment) -> bool:
        """End a drawdown pause and forget the peak; False when none is in force."""
        holder = (member, environment)
        if self._pauses.get(holder) is None:
            return False
        self._pauses.remove(holder)
        if (known := self._equities.get(holder)) is not None:
            self._equities.put(holder, attrs.evolve(known, peak=None))
        return True

    def of(self, member: Member, environment: Environment, now: datetime, read_at: datetime | None = None) -> Activity:
        holder = (member.id, environment)
        held = [self._trades.positions[position] for position in self._trades.open.all(holder)]
        today = list(self._created_since(holder, day_start(now, member.time_zone)))
        losses = list(takewhile(lambda position: net(position) < 0, self._settled(holder)))
        until = streak_pause(len(losses), losses[0].closed_at if losses else None, _LIMITS)
        return Activity(
            environment=environment,
            open_symbols=frozenset(position.symbol for position in held),
            open_notional=sum((position.size.notional for position in held), start=Decimal(0)),
            margin_in_flight=sum((position.size.margin for position in held if _in_flight(position)), start=Decimal(0)),
            blocked_coins=tuple(self._blocked(holder, now)),
            trades_today=len(today),
            notional_today=sum((position.size.notional for position in today), start=Decimal(0)),
            loss_streak=len(losses),
            loss_streak_until=until if until is not None and now < until else None,
            base=self._base(holder, local_day(now, member.time_zone), read_at),
            drawdown_paused=self._pauses.get(holder) is not None,
        )

    def _created_since(self, holder: Holder, start: datetime) -> Iterator[Position]:
        for created_at, position in self._trades.created.before(holder, None):
            if created_at < start:
                return
            if self._trades.positions[position].state is not PositionState.ABANDONED:
                yield self._trades.positions[position]

    def _settled(self, holder: Holder) -> Iterator[Position]:
        newest = (self._trades.positions[position] for _, position in self._trades.ended.before(holder, None))
        return (position for position in newest if position.settlement not in WAITING)

    def _blocked(self, holder: Holder, now: datetime) -> Iterator[tuple[str, datetime]]:
        named: set[str] = set()
        for until, coin, _ in self._trades.blocks_of.before(holder, None):
            if until <= now:
                return
            if coin not in named:
                named.add(coin)
                yield coin, until

    def _base(self, holder: Holder, today: date, read_at: datetime | None) -> EquityBase | None:
        known = self._equities.get(holder)
        if known is None or known.firsts[-1][0] != today:
            return None
        (_, week), (_, day) = known.firsts[0], known.firsts[-1]
        return EquityBase(
            day_start=self._transfers.worth(holder, day, read_at),
            week_start=self._transfers.worth(holder, week, read_at),
            peak=None if known.peak is None else self._transfers.worth(holder, known.peak, read_at),
        )


def _in_flight(position: Position) -> bool:
    return position.state is PositionState.OPENING and not position.bought
