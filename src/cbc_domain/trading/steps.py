"""The steps of a receipt: what happened to a member's part of a signal, each with its time and the figures that explain it."""

from datetime import datetime
from decimal import Decimal

import attrs

from cbc_domain.commissions.model import SettlementReason, SettlementState
from cbc_domain.kernel.ids import JournalId, PositionId, SignalId
from cbc_domain.kernel.money import Money
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.market.model import Direction, MarketCode
from cbc_domain.plans.model import PlanCode
from cbc_domain.risk.model import LiveGate
from cbc_domain.signals.model import SignalKind
from cbc_domain.trading.facts import Source
from cbc_domain.trading.model import CloseReason, Leg, OrderState, PositionState
from cbc_domain.trading.sizes import SizeFlag


@attrs.frozen
class Received:
    """The alert was stored; `price` is the one it names."""

    at: datetime
    kind: SignalKind
    symbol: Symbol | None
    side: Side | None
    price: Decimal | None
    fired_at: datetime


@attrs.frozen
class Decided:
    """The signal was judged, for everybody alike; `criteria_met` of four, None where none are needed (DEC-01, DEC-06)."""

    at: datetime
    reason: str
    criteria_met: int | None
    size_factor: Decimal | None
    market: MarketCode | None
    direction: Direction | None
    rule_version: str | None


@attrs.frozen
class Refused:
    """The member's part is not traded, for all these reasons, the first one weighs most (ELG-04). An end."""

    at: datetime
    reasons: tuple[str, ...]
    environment: Environment | None = None
    failing_gates: tuple[LiveGate, ...] = ()


@attrs.frozen
class Planned:
    """The part was sized and its orders were written; `asked_price` is the mark price it was sized at, `cuts` what cut it."""

    at: datetime
    position: PositionId
    environment: Environment
    exchange: Venue
    symbol: Symbol
    side: Side
    quantity: Decimal
    asked_price: Decimal | None
    leverage: int
    notional: Decimal
    margin: Decimal
    cuts: tuple[SizeFlag, ...]
    stop_loss: Decimal
    take_profit: Decimal
    loss_at_stop: Decimal
    gain_at_target: Decimal
    settings_version: int
    failing_gates: tuple[LiveGate, ...] = ()


@attrs.frozen
class Sent:
    """The order was committed to be sent, so that it is asked for before it is ever sent again (ORD-02, ORD-04).

    `price` is the trigger of a stop or target; `attempts` is how often a worker took it up.
    """

    at: datetime
    leg: Leg
    order: str
    quantity: Decimal
    price: Decimal | None
    attempts: int


@attrs.frozen
class Unanswered:
    """A sending brought nothing: `code` is why the exchange put it off, or `lost` when no answer came (ORD-04, ORD-07)."""

    at: datetime
    leg: Leg
    order: str
    code: str


@attrs.frozen
class Acknowledged:
    at: datetime
    leg: Leg
    order: str
    exchange_order: str | None


@attrs.frozen
class Filled:
    """All fills of an order so far, at the time of the last; `price` is their average, `fee` in USDT (ORD-12)."""

    at: datetime
    leg: Leg
    order: str
    filled: Decimal
    quantity: Decimal
    asked_price: Decimal | None
    price: Decimal | None
    fee: Decimal


@attrs.frozen
class OrderEnded:
    """An order ended without its whole fill: refused, cancelled or expired; `code` is the exchange's or ours (ORD-14)."""

    at: datetime
    leg: Leg
    order: str
    state: OrderState
    code: str | None


@attrs.frozen
class Protected:
    """The exchange holds a stop and a target for all that is open; the prices are those in force (ORD-09)."""

    at: datetime
    stop_loss: Decimal | None
    take_profit: Decimal | None


@attrs.frozen
class CloseAsked:
    """Somebody or something wanted the position closed; `signal` is the one that did, `attempts` how often it was tried."""

    at: datetime
    position: PositionId
    reason: str
    signal: SignalId | None
    attempts: int


@attrs.frozen
class Abandoned:
    """The position was given up before it held anything. An end."""

    at: datetime
    reason: str


@attrs.frozen
class Closed:
    """Nothing is open any more; results in USDT, `net` after `fees` and `funding` (COM-05, COM-11)."""

    at: datetime
    state: PositionState
    reason: CloseReason | None
    quantity: Decimal
    entry_price: Decimal | None
    exit_price: Decimal | None
    gross: Decimal
    fees: Decimal
    funding: Decimal
    net: Decimal


@attrs.frozen
class Settled:
    """What the closed position cost (COM-10, COM-11). An end.

    `rate` is the plan's fraction of profit, `exchange_rate` BRL per USD; `sources` are the accounts that paid, a debt among
    them; `affiliate` and `company` share the commission and are None for whoever may not see them.
    """

    at: datetime
    state: SettlementState
    reason: SettlementReason | None = None
    plan: PlanCode | None = None
    rate: Decimal | None = None
    exchange_rate: Decimal | None = None
    exchange_rate_from: str | None = None
    exchange_rate_at: datetime | None = None
    commission: Money | None = None
    sources: tuple[Source, ...] = ()
    debt: Money | None = None
    journal: JournalId | None = None
    affiliate: Money | None = None
    company: Money | None = None


Step = (
    Received
    | Decided
    | Refused
    | Planned
    | CloseAsked
    | Sent
    | Unanswered
    | Acknowledged
    | Filled
    | Protected
    | OrderEnded
    | Abandoned
    | Closed
    | Settled
)
Ending = Refused | Abandoned | Settled
"""After one of these nothing more is due."""
