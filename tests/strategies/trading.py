"""A member, a signal and a market in which a trade is planned, and the news of its orders."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from hypothesis import strategies as st

from cbc_domain.commissions.model import Terms
from cbc_domain.identity.model import AccountStatus, Member
from cbc_domain.kernel.ids import AccountId, MemberId, OrderId, PositionId, SignalId, StrategyId, TaskId
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.plans.model import PlanCode
from cbc_domain.risk.defaults import Switches, SystemLimits
from cbc_domain.risk.model import Activity, EquityBase, ExchangeAccount, TradingSettings
from cbc_domain.signals.model import Decision, Scope, Signal, SignalKind, Strategy
from cbc_domain.trading.candidates import Candidate
from cbc_domain.trading.model import Fill, Leg, Order, Position, Task, TaskAction
from cbc_domain.trading.opening import Opening, PlannedIds
from cbc_domain.trading.orders import Acknowledged, Cancelled, Expired, Fact, Filled, Lost, Rejected, Sent
from cbc_domain.trading.protection import leg_order
from cbc_domain.trading.sizes import AccountReading, Bracket, Instrument, Quote, Size
from cbc_domain.trading.sizing import Funds

NOW: Final = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
BTC: Final = Symbol("BTCUSDT")
MEMBER: Final = MemberId(UUID(int=1))
STRATEGY: Final = StrategyId(UUID(int=2))
SIGNAL: Final = SignalId(UUID(int=3))
IDS: Final = PlannedIds(
    TaskId(UUID(int=10)), PositionId(UUID(int=11)), OrderId(UUID(int=12)), OrderId(UUID(int=13)), OrderId(UUID(int=14))
)
LIMITS: Final = SystemLimits()
LIVE_ON: Final = Switches(live_trading_enabled=True)

MEMBER_READY: Final = Member(
    id=MEMBER,
    email="ana@example.com",
    full_name="Ana",
    country="BR",
    created_at=NOW - timedelta(days=90),
    status=AccountStatus.ACTIVE,
    email_verified_at=NOW - timedelta(days=89),
    terms_version="2026-01",
    two_factor=True,
)
BTC_RULES: Final = Instrument(
    symbol=BTC,
    tick=Decimal("0.1"),
    step=Decimal("0.001"),
    min_quantity=Decimal("0.001"),
    min_notional=Decimal(5),
    brackets=(Bracket(None, 125, Decimal("0.005")),),
)


def account_of(
    number: int, environment: Environment = Environment.LIVE, venue: Venue = Venue.BYBIT, *, can_trade: bool = True
) -> ExchangeAccount:
    return ExchangeAccount(
        AccountId(UUID(int=20 + number)),
        MEMBER,
        venue,
        environment,
        "main",
        "wxyz",
        NOW - timedelta(days=1),
        can_trade=can_trade,
    )


LIVE_ACCOUNT: Final = account_of(0)
TESTNET_ACCOUNT: Final = account_of(1, Environment.TESTNET)


def activity_in(environment: Environment = Environment.LIVE, equity: str = "1000") -> Activity:
    worth = Decimal(equity)
    return Activity(environment, base=EquityBase(worth, worth, worth))


def candidate_ready(mode: Environment = Environment.LIVE) -> Candidate:
    """A member who passes every check, live unless told otherwise, with a testnet account beside the live one."""
    return Candidate(
        member=MEMBER_READY,
        plan=PlanCode.PRO_BR,
        settings=TradingSettings(auto_trade_enabled=True, trading_mode=mode),
        settings_version=1,
        subscribed=True,
        paused=False,
        real=(Money(10_000, BRL),),
        admin=(),
        owes=(),
        rehearsal_trades=5,
        live_since=NOW - timedelta(days=31),
        accounts=(LIVE_ACCOUNT, TESTNET_ACCOUNT),
        activities=tuple(activity_in(environment) for environment in Environment),
    )


def reading_of(account: ExchangeAccount, equity: str = "1000", at: datetime = NOW) -> AccountReading:
    return AccountReading(account.id, Decimal(equity), Decimal(equity), Decimal(0), at)


def signal_of(kind: SignalKind = SignalKind.OPEN_LONG_STRONG, side: Side | None = Side.LONG) -> Signal:
    return Signal(
        id=SIGNAL,
        strategy=STRATEGY,
        kind=kind,
        side=side,
        scope=Scope.SYMBOL,
        symbol=BTC,
        price=Decimal(60000),
        fired_at=NOW,
        received_at=NOW,
        dedupe_key="0" * 64,
        indicators={},
        warnings=(),
        raw="{}",
        decision=Decision(True, "approved", None, Decimal(1), "1"),
    )


def opening_of(signal: Signal | None = None) -> Opening:
    """A calm market on which everything can be traded."""
    markets = [(Venue.BYBIT, environment) for environment in Environment]
    return Opening(
        signal=signal or signal_of(),
        strategy=Strategy(STRATEGY, "House", "house", timedelta(minutes=30)),
        switches=LIVE_ON,
        stops=(),
        instruments=dict.fromkeys(markets, BTC_RULES),
        quotes=dict.fromkeys(markets, Quote(BTC, Decimal(60000), NOW)),
        readings={account.id: reading_of(account) for account in (LIVE_ACCOUNT, TESTNET_ACCOUNT)},
        process_allows_live=True,
        now=NOW,
    )


def position_of(side: Side = Side.LONG, quantity: str = "10", price: str = "100") -> Position:
    """A position of one coin a unit that is to be opened with stop 2% and target 3% around `price`."""
    stop, take = (Decimal("0.98"), Decimal("1.03")) if side is Side.LONG else (Decimal("1.02"), Decimal("0.97"))
    entry, amount = Decimal(price), Decimal(quantity)
    size = Size(amount, 5, amount * entry, amount * entry / 5, entry * stop, entry * take, Decimal(20), Decimal(30))
    return Position(
        id=IDS.position,
        member=MEMBER,
        account=LIVE_ACCOUNT.id,
        venue=Venue.BYBIT,
        environment=Environment.LIVE,
        symbol=BTC,
        side=side,
        strategy=STRATEGY,
        signal=SIGNAL,
        terms=Terms(PlanCode.PRO_BR, Decimal("0.10"), BRL),
        size=size,
        stop_multiplier=Decimal(2),
        take_multiplier=Decimal(3),
        contract_size=Decimal(1),
        created_at=NOW,
    )


def order_of(
    position: Position, leg: Leg = Leg.ENTRY, seq: int = 0, price: Decimal | None = None, quantity: str | None = None
) -> Order:
    amount = position.size.quantity if quantity is None else Decimal(quantity)
    return leg_order(position, leg, seq, OrderId(UUID(int=100 + seq + 10 * list(Leg).index(leg))), amount, price, NOW)


def fill_of(name: str, quantity: str, price: str, seconds: int = 1, fee: str = "0") -> Fill:
    return Fill(name, "", Decimal(quantity), Decimal(price), Decimal(fee), NOW + timedelta(seconds=seconds))


def task_of(
    number: int,
    base: int,
    waited: timedelta = timedelta(0),
    action: TaskAction = TaskAction.OPEN,
    environment: Environment = Environment.LIVE,
) -> Task:
    """A task of a member of its own, waiting for `waited` at NOW."""
    return Task(
        id=TaskId(UUID(int=number)),
        action=action,
        signal=SIGNAL,
        member=MemberId(UUID(int=1000 + number)),
        account=AccountId(UUID(int=2000 + number)),
        environment=environment,
        position=PositionId(UUID(int=3000 + number)),
        base_priority=base,
        waiting_since=NOW - waited,
        due_at=NOW,
    )


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal(low), Decimal(high), places=places, allow_nan=False, allow_infinity=False)


prices = st.one_of(decimals("0.0001", "2", 4), decimals("2", "5000", 2), decimals("5000", "120000", 1))

settings = st.builds(
    lambda leverage, size, stop, take, cap: TradingSettings(
        default_leverage=leverage,
        max_leverage=10,
        position_size_percentage=Decimal(size),
        stop_loss_multiplier=stop,
        take_profit_multiplier=stop + take,
        max_position_usd=cap,
    ),
    st.integers(1, 10),
    st.integers(10, 50),
    decimals("2", "5", 1),
    decimals("0.1", "1", 1),
    st.none() | decimals("10", "5000", 0),
)

accounts_funds = st.builds(
    lambda equity, free, used, exposed: Funds(equity, equity * free, equity * used, equity * exposed),
    decimals("25", "200000", 2),
    decimals("0", "1", 2),
    decimals("0", "1", 2),
    decimals("0", "3.5", 2),
)

instruments = st.builds(
    lambda tick, step, contract, most, first, second: Instrument(
        symbol=BTC,
        tick=tick,
        step=step,
        min_quantity=step,
        min_notional=Decimal(5),
        brackets=(
            Bracket(first, 50, Decimal("0.004")),
            Bracket(first * second, 7, Decimal("0.01")),
            Bracket(None, 3, Decimal("0.02")),
        ),
        max_market_quantity=most,
        contract_size=contract,
    ),
    st.sampled_from([Decimal("0.0001"), Decimal("0.01"), Decimal("0.1")]),
    st.sampled_from([Decimal("0.001"), Decimal("0.1"), Decimal(1)]),
    st.sampled_from([Decimal(1), Decimal("0.01"), Decimal("0.001")]),
    st.none() | decimals("1", "1000", 0),
    decimals("100", "50000", 0),
    st.integers(2, 10).map(Decimal),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """News of an order of 10 in the order of its times: sent first, then whatever a venue and a bad line may tell."""
    facts: list[Fact] = [Sent(NOW)]
    kinds = draw(st.lists(st.sampled_from(["ack", "lost", "fill", "cancel", "reject", "expire"]), max_size=8))
    for second, kind in enumerate(kinds, start=1):
        at = NOW + timedelta(seconds=second)
        match kind:
            case "ack":
                facts.append(Acknowledged(at, "v-1"))
            case "lost":
                facts.append(Lost(at))
            case "fill":
                quantity, price = draw(st.integers(1, 6)), draw(decimals("90", "110", 2))
                facts.append(Filled(Fill(f"f-{second}", "", Decimal(quantity), price, Decimal("0.1"), at)))
            case "cancel":
                facts.append(Cancelled(at))
            case "reject":
                facts.append(Rejected(at, "FILTER"))
            case _:
                facts.append(Expired(at))
    return facts


@st.composite
def tasks(draw: st.DrawFn) -> list[Task]:
    """Different tasks of different members that wait for different times."""
    count = draw(st.integers(0, 12))
    return [
        task_of(
            number,
            draw(st.sampled_from([1000, 500, 450, 400, 50, 10])),
            timedelta(seconds=draw(st.integers(-5, 120))),
            environment=draw(st.sampled_from(Environment)),
        )
        for number in range(count)
    ]
