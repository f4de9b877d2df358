"""Tasks, orders, fills and positions, and what a signal became for a member."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

import attrs

from cbc_domain.commissions.model import SettlementState, Terms
from cbc_domain.kernel.ids import AccountId, MemberId, OrderId, PositionId, SignalId, StrategyId, TaskId
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.risk.model import LimitNotice, LiveGate, Reason
from cbc_domain.trading.sizes import Size


class TaskAction(StrEnum):
    OPEN = "open"
    CLOSE = "close"
    PROTECT = "protect"


class TaskState(StrEnum):
    WAITING = "WAITING"
    LEASED = "LEASED"
    DONE = "DONE"
    DEAD = "DEAD"


@attrs.frozen
class Task:
    """One piece of order work (PRI-01), unique by (signal, member, environment, action, position).

    `waiting_since` starts the ageing; `not_after` is the last instant an open may be sent (None for the rest);
    `due_at` is when a retry may be taken; `lease_until` is set while a worker holds it (PRI-06).
    """

    id: TaskId
    action: TaskAction
    signal: SignalId | None
    member: MemberId
    account: AccountId
    environment: Environment
    position: PositionId
    base_priority: int
    waiting_since: datetime
    due_at: datetime
    not_after: datetime | None = None
    state: TaskState = TaskState.WAITING
    attempts: int = 0
    lease_until: datetime | None = None
    reason: str | None = None


class Leg(StrEnum):
    """The letter of an order in its client order id (ORD-03)."""

    ENTRY = "e"
    STOP = "s"
    TARGET = "t"
    EXIT = "x"


PROTECTION: Final = (Leg.STOP, Leg.TARGET)
"""The legs that stand at the venue until a price is reached."""


class OrderState(StrEnum):
    CREATED = "CREATED"
    SUBMITTED = "SUBMITTED"
    ACKED = "ACKED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"

    @property
    def final(self) -> bool:
        return self in {OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED}


@attrs.frozen
class Order:
    """A request to an exchange; committed before the exchange is called (ORD-02).

    `client_id` is deterministic (ORD-03); `quantity` in the venue's unit; `trigger` is the price of a stop or target,
    None for market legs; `side` is the side of the position: the entry of a LONG buys, its other legs sell.
    `filled`, `average_price` and `fee` come from fills only (ORD-12). `lost_at` is when its fate was last unknown,
    `ended_at` when it was refused, cancelled or lapsed.
    """

    id: OrderId
    client_id: str
    position: PositionId
    member: MemberId
    account: AccountId
    venue: Venue
    environment: Environment
    symbol: Symbol
    side: Side
    leg: Leg
    seq: int
    quantity: Decimal
    created_at: datetime
    trigger: Decimal | None = None
    state: OrderState = OrderState.CREATED
    filled: Decimal = Decimal(0)
    average_price: Decimal | None = None
    fee: Decimal = Decimal(0)
    venue_order_id: str | None = None
    sent_at: datetime | None = None
    acked_at: datetime | None = None
    filled_at: datetime | None = None
    lost_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = 0
    error_code: str | None = None
    fill_ids: frozenset[str] = frozenset()

    @property
    def reduces(self) -> bool:
        return self.leg is not Leg.ENTRY


@attrs.frozen
class Fill:
    """One execution as the venue records it; `id` is the venue's and unique per venue and account; fee in USDT.

    `funding` is what the closed quantity paid while it was held, in USDT, negative for received (ORD-12, POS-12).
    """

    id: str
    client_order_id: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    at: datetime
    maker: bool = False
    funding: Decimal = Decimal(0)


@attrs.frozen
class Setback:
    """A sending that brought nothing: `code` is why the venue put it off (ORD-07), or `lost` when no answer came (ORD-04)."""

    client_order_id: str
    at: datetime
    code: str


class PositionState(StrEnum):
    OPENING = "OPENING"
    PROTECTED = "PROTECTED"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"
    LIQUIDATED = "LIQUIDATED"
    ABANDONED = "ABANDONED"

    @property
    def final(self) -> bool:
        return self in {PositionState.CLOSED, PositionState.LIQUIDATED, PositionState.ABANDONED}


class CloseReason(StrEnum):
    SL = "SL"
    TP = "TP"
    SIGNAL = "SIGNAL"
    MANUAL = "MANUAL"
    EMERGENCY = "EMERGENCY"
    LIQUIDATION = "LIQUIDATION"
    EXTERNAL = "EXTERNAL"
    UNPROTECTED = "UNPROTECTED"
    TIME = "TIME"
    DIRECTION = "DIRECTION"


@attrs.frozen
class Position:
    """What a member holds because of a signal: a fold over fills and confirmations.

    `size` is what was planned; `bought` and `sold` are the venue-unit quantities of entry and closing fills, with their
    average prices; `fees` and `funding` are USDT paid (negative funding: received); stop and target are those in force.
    The multipliers are the distances of stop and target in percent of the entry price (SIZ-01, SIZ-13).
    `settings_version` is that of the member's settings when it was planned (CFG-04). `excess` is what the venue held beyond it
    when it was last asked, in the venue's unit: the member's own, which is left alone and shown to him (POS-10).
    """

    id: PositionId
    member: MemberId
    account: AccountId
    venue: Venue
    environment: Environment
    symbol: Symbol
    side: Side
    strategy: StrategyId
    signal: SignalId
    terms: Terms
    size: Size
    stop_multiplier: Decimal
    take_multiplier: Decimal
    contract_size: Decimal
    created_at: datetime
    state: PositionState = PositionState.OPENING
    bought: Decimal = Decimal(0)
    entry_price: Decimal | None = None
    sold: Decimal = Decimal(0)
    exit_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    fees: Decimal = Decimal(0)
    funding: Decimal = Decimal(0)
    opened_at: datetime | None = None
    protected_at: datetime | None = None
    closing_reason: CloseReason | None = None
    closed_at: datetime | None = None
    close_reason: CloseReason | None = None
    settlement: SettlementState = SettlementState.UNSETTLED
    settings_version: int = 0
    excess: Decimal = Decimal(0)

    @property
    def quantity(self) -> Decimal:
        """What is still open, in the venue's unit."""
        return self.bought - self.sold


@attrs.frozen
class Ordered:
    """A member's part of a signal that will be traded: the position to be, its entry and protection orders, its task."""

    position: Position
    orders: tuple[Order, ...]
    task: Task
    failing_gates: tuple[LiveGate, ...] = ()


@attrs.frozen
class Skipped:
    """A member's part of a signal that will not be traded: every reason, the first is the headline (ELG-04).

    `limits` says more of those reasons that are risk limits (RSK-04).
    """

    member: MemberId
    signal: SignalId
    environment: Environment
    reasons: tuple[Reason, ...]
    failing_gates: tuple[LiveGate, ...] = ()
    limits: tuple[LimitNotice, ...] = ()
