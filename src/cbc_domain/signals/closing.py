"""What a close reaches: what was opened by signals that came before it, and what those have yet to open (POS-04, SIG-22)."""

from collections.abc import Iterable
from datetime import datetime

import attrs

from cbc_domain.kernel.ids import SignalId, StrategyId
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.signals.model import Scope, Signal, SignalKind, Strategy
from cbc_domain.signals.rules import acts_before

Place = tuple[datetime, SignalId]
"""Where a signal stands in the order in which they came: its `received_at`, then its id."""


@attrs.frozen
class Reach:
    """Positions of a strategy on some sides; `symbol` None: of all coins.

    Only those whose signal stands before `until` in the order of receipt: work on a close may come late, after a newer
    open has been carried out, and that one is none of its business. `opened_before` None: whenever they were opened.
    """

    strategy: StrategyId
    symbol: Symbol | None
    sides: frozenset[Side]
    until: Place
    opened_before: datetime | None = None


def reach_of(close: Signal, strategy: Strategy) -> Reach:
    """What a close reaches; a late one only what was open at its own firing time (SIG-22)."""
    symbol = close.symbol if close.scope is Scope.SYMBOL else None
    return Reach(close.strategy, symbol, sides_of(close.kind), place_of(close), acts_before(close, strategy))


def place_of(signal: Signal) -> Place:
    return signal.received_at, signal.id


def sides_of(kind: SignalKind) -> frozenset[Side]:
    """The sides that a close reaches (POS-04)."""
    match kind:
        case SignalKind.CLOSE_LONG:
            return frozenset({Side.LONG})
        case SignalKind.CLOSE_SHORT:
            return frozenset({Side.SHORT})
        case _:
            return frozenset(Side)


def reaches(close: Signal, opened: Signal) -> bool:
    """Say whether a close is about the coin and the side of an open of the same strategy, whatever came first."""
    return opened.side in sides_of(close.kind) and (close.scope is Scope.STRATEGY or close.symbol == opened.symbol)


def is_over(closes: Iterable[Signal], strategy: Strategy) -> bool:
    """Say whether later closes end what an open asked for before it was carried out; a late one ends only what was open."""
    return any(acts_before(close, strategy) is None for close in closes)
