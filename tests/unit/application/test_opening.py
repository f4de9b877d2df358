"""A strong signal becomes a protected position on every eligible member's own account."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import attrs

from cbc_adapters.exchange.simulated.faults import Call, FaultPlan, Harm
from cbc_domain.identity.model import AccountStatus
from cbc_domain.kernel.events import EventName
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.money import BRL, USD, Money
from cbc_domain.kernel.venues import Environment, Side
from cbc_domain.plans.model import PlanCode
from cbc_domain.trading.model import Leg, OrderState, PositionState
from tests.club import BTC, open_club


class Counted(FaultPlan):
    """Nothing fails; mutable because it counts the calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = Counter[Call]()

    def harms(self, call: Call, account: AccountId, ordinal: int, leg: Leg | None = None) -> tuple[Harm, ...]:
        self.calls[call] += 1
        return ()


async def test_a_strong_long_becomes_a_protected_position_of_every_eligible_member() -> None:
    """rules: ARC-05, ORD-09, POS-01, SIZ-01"""
    club = await open_club()
    members = [await club.join(PlanCode.PRO_BR), await club.join(PlanCode.FLEX_US, real=Money(50_00, USD))]
    await club.market()

    await club.alert("SINAL LONG FORTE")
    await club.work()

    for member in members:
        (trade,) = await club.trades(member)
        venue = await club.at_venue(member)
        assert trade.position.state is PositionState.PROTECTED
        assert (trade.position.quantity, trade.position.size.leverage) == (Decimal("0.025"), 5)
        assert venue.held == {(BTC, Side.LONG): Decimal("0.025")}
        assert venue.entries == 1
        assert venue.protected


async def test_stop_and_target_stand_around_the_average_fill_and_never_leave_the_position_bare() -> None:
    """rules: SIZ-08, SIZ-10"""
    club = await open_club()
    member = await club.join()
    await club.market()

    await club.alert("SINAL LONG FORTE")
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert trade.position.entry_price == Decimal("60030.0")
    assert (venue.stops, venue.targets) == ([Decimal("58829.4")], [Decimal("61830.9")])
    assert (trade.position.stop_loss, trade.position.take_profit) == (Decimal("58829.4"), Decimal("61830.9"))
    replaced, kept = sorted((order for order in trade.orders if order.leg is Leg.STOP), key=lambda order: order.seq)
    assert (replaced.state, kept.state) == (OrderState.CANCELLED, OrderState.ACKED)
    account = club.venue.accounts[(await club.account(member)).id]
    order = list(account.orders)
    assert order.index(kept.client_id) > order.index(replaced.client_id)
    assert account.orders[replaced.client_id].at >= account.orders[kept.client_id].at


async def test_a_venue_that_says_what_a_cancel_ended_is_not_asked_for_it() -> None:
    """rules: SIZ-10, ORD-11"""
    counted = [Counted(), Counted()]
    clubs = [await open_club(faults=plan) for plan in counted]
    for club, sure in zip(clubs, (False, True), strict=True):
        club.exchange.sure_of_cancels = sure
        await club.join()
        await club.market()
        await club.alert("SINAL LONG FORTE")
        await club.work()

    states = [[order.state for order in (await club.trade(club.members[0])).orders] for club in clubs]
    asked, unasked = ([plan.calls[call] for call in (Call.CANCEL, Call.FIND)] for plan in counted)
    assert states[1] == states[0]
    assert unasked == [asked[0], asked[1] - asked[0]]


async def test_a_strong_short_is_the_mirror_of_a_long() -> None:
    """rules: SIZ-08, SIZ-12"""
    club = await open_club()
    member = await club.join()
    await club.market(index=85, pm_plus="30", vwdelta="-1.2")

    await club.alert("SINAL SHORT FORTE")
    await club.work()

    venue = await club.at_venue(member)
    assert venue.held == {(BTC, Side.SHORT): Decimal("0.025")}
    assert (venue.stops, venue.targets) == ([Decimal("61169.4")], [Decimal("58170.9")])
    assert venue.protected


async def test_who_may_not_trade_is_told_every_reason_and_nothing_is_sent() -> None:
    """rules: ELG-04, GEN-14"""
    club = await open_club()
    sound = await club.join()
    off = await club.join(wishes={"auto_trade_enabled": False, "blocked_symbols": ["BTCUSDT"]})
    poor = await club.join(equity="10")
    suspended = await club.join()
    async with club.store() as work:
        held = await work.people.member(suspended.id)
        assert held is not None
        await work.people.save(attrs.evolve(held, status=AccountStatus.SUSPENDED))
        await work.commit()
    await club.market()

    receipt = await club.alert("SINAL LONG FORTE")
    await club.work()

    assert await club.reasons(sound, receipt) == []
    assert await club.reasons(off, receipt) == ["trading_disabled", "symbol_blocked_by_member"]
    assert await club.reasons(poor, receipt) == ["exchange_balance_too_low"]
    assert await club.reasons(suspended, receipt) == ["account_not_active"]
    for member in (off, poor, suspended):
        assert (await club.at_venue(member)).entries == 0


async def test_a_member_below_the_minimum_balance_trades_on_his_testnet_account_only() -> None:
    """rules: ELG-01, ELG-03, ELG-04"""
    club = await open_club()
    short = await club.join(real=Money(99_99, BRL), environment=Environment.TESTNET)
    await club.market()

    await club.alert("SINAL LONG FORTE")
    await club.work()

    trade = await club.trade(short)
    assert (trade.position.environment, trade.position.state) == (Environment.TESTNET, PositionState.PROTECTED)


async def test_a_direction_that_the_market_forbids_is_refused_to_everybody_by_name() -> None:
    """rules: DEC-03, MKT-11, SIG-32"""
    club = await open_club()
    member = await club.join()
    await club.market(index=85, pm_plus="70", vwdelta="1.2")

    receipt = await club.alert("SINAL LONG FORTE")
    await club.work()

    assert await club.reasons(member, receipt) == ["direction_not_allowed"]
    assert (await club.at_venue(member)).entries == 0


async def test_every_step_leaves_its_event_in_order() -> None:
    """rules: ARC-05, ARC-06"""
    club = await open_club()
    member = await club.join()
    await club.market()
    receipt = await club.alert("SINAL LONG FORTE")
    await club.work()

    trade = await club.trade(member)

    told = [event.name for event in await club.events(receipt.signal)]
    assert told == [
        EventName.SIGNAL_RECEIVED,
        EventName.SIGNAL_ACCEPTED,
        EventName.SIGNAL_DECIDED,
        EventName.SIGNAL_APPROVED,
    ]
    told = [event.name for event in await club.events(trade.position.id)]
    assert told == [
        EventName.ORDER_SUBMITTED,
        EventName.ORDER_FILLED,
        EventName.POSITION_OPENED,
        EventName.POSITION_PROTECTED,
    ]


async def test_a_price_half_a_percent_away_is_taken_and_one_beyond_is_not() -> None:
    """rules: ORD-06"""
    club = await open_club()
    member = await club.join()
    await club.market()

    allowed = await club.alert("SINAL LONG FORTE", close="59701.5")
    await club.work()
    refused = await club.alert("SINAL LONG FORTE", symbol="ETHUSDT", close="99.50")
    await club.work()

    assert await club.reasons(member, allowed) == []
    assert await club.reasons(member, refused) == ["slippage_too_high"]


async def test_without_a_signal_price_the_price_of_five_seconds_ago_is_the_measure() -> None:
    """rules: ORD-06, GEN-12"""
    club = await open_club()
    member = await club.join()
    await club.market()
    club.clock.advance(by=timedelta(seconds=10))
    club.venue.set_price(BTC, Decimal("61000"), club.clock.now())

    receipt = await club.alert("SINAL LONG FORTE")
    await club.work()

    assert await club.reasons(member, receipt) == ["slippage_too_high"]


async def test_a_position_of_the_members_own_in_the_symbol_keeps_the_platform_out() -> None:
    """rules: POS-03"""
    club = await open_club()
    member = await club.join()
    await club.market()
    await club.by_hand(member, Side.LONG, Leg.ENTRY, "0.002")

    receipt = await club.alert("SINAL LONG FORTE")
    await club.work()

    assert await club.reasons(member, receipt) == ["position_exists"]
    assert (await club.at_venue(member)).held == {(BTC, Side.LONG): Decimal("0.002")}
