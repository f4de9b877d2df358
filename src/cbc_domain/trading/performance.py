"""What closed trades came to, from recorded trades only (GEN-12, GEN-13)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from cbc_domain.kernel.money import LEDGER_CURRENCIES, Money, total
from cbc_domain.kernel.rounding import EXACT, half_up
from cbc_domain.trading.model import Position, PositionState
from cbc_domain.trading.positions import net


@attrs.frozen
class Performance:
    """Results in USDT of one environment; None where there are no trades, or no losses to divide by.

    `win_rate` is a fraction with 4 places; `max_drawdown` the deepest fall of the summed result from its peak, in USDT;
    `equity` the summed net result after each close, oldest first.
    """

    trades: int
    win_rate: Decimal | None
    realised_pnl: Decimal
    fees: Decimal
    funding: Decimal
    commission: tuple[Money, ...]
    max_drawdown: Decimal
    profit_factor: Decimal | None
    by_symbol: tuple[tuple[str, int, Decimal], ...]
    equity: tuple[tuple[datetime, Decimal], ...]


def performance(closed: Sequence[tuple[Position, Money | None]]) -> Performance:
    """Sum up closed positions, oldest first, each with the commission it cost; positions that held nothing are left out."""
    held = [(position, cost) for position, cost in closed if position.state is not PositionState.ABANDONED]
    results = [(position, net(position)) for position, _ in held]
    gains = sum((result for _, result in results if result > 0), start=Decimal(0))
    losses = -sum((result for _, result in results if result < 0), start=Decimal(0))
    equity = _running(results)
    wins = sum(result > 0 for _, result in results)
    return Performance(
        trades=len(results),
        win_rate=half_up(EXACT.divide(Decimal(wins), Decimal(len(results))), 4) if results else None,
        realised_pnl=sum((result for _, result in results), start=Decimal(0)),
        fees=sum((position.fees for position, _ in results), start=Decimal(0)),
        funding=sum((position.funding for position, _ in results), start=Decimal(0)),
        commission=tuple(
            total((cost for _, cost in held if cost is not None and cost.currency == currency), currency)
            for currency in LEDGER_CURRENCIES
        ),
        max_drawdown=_deepest_fall([value for _, value in equity]),
        profit_factor=half_up(EXACT.divide(gains, losses), 4) if losses else None,
        by_symbol=_by_symbol(results),
        equity=equity,
    )


def _running(results: Sequence[tuple[Position, Decimal]]) -> tuple[tuple[datetime, Decimal], ...]:
    value, points = Decimal(0), []
    for position, result in results:
        value += result
        if position.closed_at is not None:
            points.append((position.closed_at, value))
    return tuple(points)


def _deepest_fall(values: Sequence[Decimal]) -> Decimal:
    peak = deepest = Decimal(0)
    for value in values:
        peak = max(peak, value)
        deepest = max(deepest, peak - value)
    return deepest


def _by_symbol(results: Sequence[tuple[Position, Decimal]]) -> tuple[tuple[str, int, Decimal], ...]:
    sums: dict[str, tuple[int, Decimal]] = {}
    for position, result in results:
        count, value = sums.get(position.symbol, (0, Decimal(0)))
        sums[position.symbol] = (count + 1, value + result)
    return tuple((symbol, count, value) for symbol, (count, value) in sorted(sums.items()))
