"""Sample values for stores: each with an identity of its own, ascending in the order of making."""

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_adapters.system.stepped.identities import SteppedIdentities
from cbc_domain.commissions.model import Terms
from cbc_domain.identity.model import AccountStatus, Member, Session
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import (
    AccountId,
    EventId,
    LotId,
    MemberId,
    OrderId,
    PositionId,
    SessionId,
    SignalId,
    StrategyId,
    TaskId,
)
from cbc_domain.kernel.money import BRL, USD, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ledger.model import Lot
from cbc_domain.ledger.postings import new_lot
from cbc_domain.market.model import Direction, Dominance, MarketCode, MarketReading, Observation
from cbc_domain.plans.model import PlanCode
from cbc_domain.ports.persistence.people import Credential
from cbc_domain.risk.model import ExchangeAccount, Reason
from cbc_domain.signals.model import Decision, Scope, Signal, SignalKind, SignalStatus, Strategy, StrategySecret
from cbc_domain.trading.model import (
    CloseReason,
    Fill,
    Leg,
    Order,
    Ordered,
    Position,
    PositionState,
    Skipped,
    Task,
    TaskAction,
)
from cbc_domain.trading.sizes import Size

NOW: Final = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
BTC: Final = Symbol("BTCUSDT")
ETH: Final = Symbol("ETHUSDT")
SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)


def brl(text: str) -> Money:
    return Money.parse(text, BRL)


def usd(text: str) -> Money:
    return Money.parse(text, USD)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@attrs.frozen
class Place:
    """What a trade needs to stand on: a member with an account, and a signal of a strategy."""

    member: Member
    account: ExchangeAccount
    strategy: Strategy
    signal: Signal


class SampleValues:
    """Makes sample values; mutable because its identities ascend."""

    def __init__(self) -> None:
        self.ids = SteppedIdentities(SteppedClock(NOW), seed=7)

    def member(self, email: str | None = None) -> Member:
        new = MemberId(self.ids.new())
        return Member(
            id=new,
            email=email or f"{new}@example.com",
            full_name="Ana Souza",
            country="BR",
            created_at=NOW - 90 * DAY,
            status=AccountStatus.ACTIVE,
        )

    def credential(self, email: str | None = None) -> Credential:
        return Credential(self.member(email), "argon2id$hash")

    def session(self, member: Member, refresh_hash: str = "first") -> Session:
        return Session(SessionId(self.ids.new()), member.id, digest(refresh_hash), NOW, NOW + 7 * DAY, NOW)

    def account(
        self, member: Member, environment: Environment = Environment.LIVE, venue: Venue = Venue.BYBIT
    ) -> ExchangeAccount:
        return ExchangeAccount(AccountId(self.ids.new()), member.id, venue, environment, "main", "wxyz", NOW - DAY)

    def strategy(self, slug: str | None = None) -> Strategy:
        new = StrategyId(self.ids.new())
        return Strategy(new, "House", slug or f"house-{new.hex}", timedelta(minutes=30))

    def secret(self, strategy: Strategy, word: str | None = None) -> StrategySecret:
        return StrategySecret(strategy.id, digest(word or f"secret of {strategy.slug}"), NOW - DAY)

    def signal(
        self,
        strategy: Strategy,
        kind: SignalKind = SignalKind.OPEN_LONG_STRONG,
        side: Side = Side.LONG,
        symbol: Symbol = BTC,
        received_at: datetime = NOW,
        status: SignalStatus = SignalStatus.PENDING,
    ) -> Signal:
        new = SignalId(self.ids.new())
        return Signal(
            id=new,
            strategy=strategy.id,
            kind=kind,
            side=side,
            scope=Scope.SYMBOL,
            symbol=symbol,
            price=Decimal("60000.5"),
            fired_at=received_at - SECOND,
            received_at=received_at,
            dedupe_key=digest(str(new)),
            indicators={"rsi_15": Decimal("61.20"), "cruzou_acima_ema9": True, "rsi_4h": None},
            warnings=("indicator_unreadable:rsi_4h",),
            raw='{"signal": "SINAL LONG FORTE"}',
            status=status,
        )

    def decision(self, *, approved: bool) -> Decision:
        return Decision(approved, "approved" if approved else Reason.CRITERIA_NOT_MET, None, Decimal("0.5"), "2026-01")

    def reading(self, at: datetime = NOW, *, direction: Direction = Direction.BOTH) -> MarketReading:
        return MarketReading(
            observation=Observation(at=at, fear_greed=None, pulse=None, btc_dominance=Decimal("48.20"), sources=("test",)),
            direction=direction,
            code=MarketCode.FG_UNKNOWN,
            confidence=Decimal("0.50"),
            divergence=False,
            size_factor=Decimal("0.5"),
            dominance=Dominance.NEUTRAL,
            rule_version="2026-01",
        )

    def rate(self, text: str, accepted_at: datetime = NOW) -> FxRate:
        return FxRate(Decimal(text), "test", accepted_at - SECOND, accepted_at)

    def position(
        self,
        place: Place,
        symbol: Symbol = BTC,
        side: Side = Side.LONG,
        created_at: datetime = NOW,
        signal: Signal | None = None,
    ) -> Position:
        return Position(
            id=PositionId(self.ids.new()),
            member=place.member.id,
            account=place.account.id,
            venue=place.account.venue,
            environment=place.account.environment,
            symbol=symbol,
            side=side,
            strategy=place.strategy.id,
            signal=(signal or place.signal).id,
            terms=Terms(PlanCode.FLEX_BR, Decimal("0.2"), BRL),
            size=Size(
                quantity=Decimal("0.002"),
                leverage=5,
                notional=Decimal("120.001"),
                margin=Decimal("24.0002"),
                stop_loss=Decimal("58800.4"),
                take_profit=Decimal("61800.5"),
                loss_at_stop=Decimal("2.4"),
                gain_at_target=Decimal("3.6"),
            ),
            stop_multiplier=Decimal("2.0"),
            take_multiplier=Decimal("3.0"),
            contract_size=Decimal(1),
            created_at=created_at,
        )

    def order(self, position: Position, leg: Leg = Leg.ENTRY, seq: int = 0, created_at: datetime | None = None) -> Order:
        return Order(
            id=OrderId(self.ids.new()),
            client_id=f"cbc{leg}{digest(f'{position.id}{leg}{seq}')[:28]}",
            position=position.id,
            member=position.member,
            account=position.account,
            venue=position.venue,
            environment=position.environment,
            symbol=position.symbol,
            side=position.side,
            leg=leg,
            seq=seq,
            quantity=position.size.quantity,
            created_at=created_at or position.created_at,
            trigger={Leg.STOP: position.size.stop_loss, Leg.TARGET: position.size.take_profit}.get(leg),
        )

    def fill(self, order: Order, name: str = "f-1", quantity: str = "0.002", price: str = "60000.5") -> Fill:
        return Fill(name, order.client_id, Decimal(quantity), Decimal(price), Decimal("0.07200060"), NOW + SECOND)

    def task(
        self,
        position: Position,
        action: TaskAction = TaskAction.OPEN,
        base: int = 450,
        waiting_since: datetime = NOW,
        signal: Signal | None = None,
    ) -> Task:
        opening = action is TaskAction.OPEN
        return Task(
            id=TaskId(self.ids.new()),
            action=action,
            signal=position.signal if opening else signal.id if signal else None,
            member=position.member,
            account=position.account,
            environment=position.environment,
            position=position.id,
            base_priority=base,
            waiting_since=waiting_since,
            due_at=waiting_since,
            not_after=waiting_since + 120 * SECOND if opening else None,
        )

    def ordered(self, position: Position, base: int = 450) -> Ordered:
        legs = tuple(self.order(position, leg) for leg in (Leg.ENTRY, Leg.STOP, Leg.TARGET))
        return Ordered(position, legs, self.task(position, base=base, waiting_since=position.created_at))

    def skipped(self, member: Member, signal: Signal, *reasons: Reason) -> Skipped:
        return Skipped(member.id, signal.id, Environment.LIVE, reasons or (Reason.COIN_BLOCKED,))

    def lot(self, member: Member, amount: Money, credited_at: datetime = NOW) -> Lot:
        return new_lot(LotId(self.ids.new()), member.id, amount, "manual_credit:sample", credited_at)

    def event(self, about: Member, name: EventName = EventName.BALANCE_CREDITED, at: datetime = NOW) -> Event:
        return Event(EventId(self.ids.new()), name, about.id, at, {"key": "recharge:pi_1"})


def held(position: Position, opened_at: datetime = NOW + SECOND) -> Position:
    """The position with its entry filled and protected."""
    return attrs.evolve(
        position,
        state=PositionState.PROTECTED,
        bought=position.size.quantity,
        entry_price=Decimal("60000.5"),
        stop_loss=position.size.stop_loss,
        take_profit=position.size.take_profit,
        fees=Decimal("0.0720006"),
        opened_at=opened_at,
        protected_at=opened_at + SECOND,
    )


def closed(position: Position, closed_at: datetime, exit_price: str = "61800.5") -> Position:
    """The held position after its end, at its target unless told otherwise; entered at 60000.5."""
    return attrs.evolve(
        held(position, position.created_at + SECOND),
        state=PositionState.CLOSED,
        sold=position.size.quantity,
        exit_price=Decimal(exit_price),
        closed_at=closed_at,
        close_reason=CloseReason.TP,
    )
