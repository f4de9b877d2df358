"""Closes reach what they should, sell it once, and are finished only when the venue holds nothing of ours."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cbc_adapters.exchange.simulated.faults import (
    Always,
    Call,
    DropBefore,
    Failure,
    FaultPlan,
    FillPart,
    Harm,
    LoseAnswer,
    Nth,
    Refuse,
)
from cbc_domain.kernel.errors import Conflict, NotFound
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.risk.model import Stop, StopLevel, StopScope
from cbc_domain.trading.model import CloseReason, Leg, OrderState, PositionState
from cbc_domain.trading.positions import net
from tests.club import BTC, Club, open_club

ETH = Symbol("ETHUSDT")


class Noted(FaultPlan):
    """Harms nothing and notes what is called; mutable for that."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    def harms(self, call: Call, account: AccountId, ordinal: int, leg: Leg | None = None) -> tuple[Harm, ...]:
        self.calls.append(call)
        return ()


async def opened(*failures: Failure, wishes: dict[str, object] | None = None) -> Club:
    club = await open_club(faults=FaultPlan(failures))
    await club.join(equity="2000", wishes=wishes)
    await club.market()
    return club


async def test_what_the_member_bought_on_top_is_left_alone_and_shown_to_him() -> None:
    """rules: POS-03, POS-10"""
    club = await open_club()
    member = await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    ours = (await club.trade(member)).position.quantity

    await club.by_hand(member, Side.LONG, Leg.ENTRY, "0.002")
    await club.reconcile()

    position = (await club.trade(member)).position
    assert (position.quantity, position.excess, position.state) == (ours, Decimal("0.002"), PositionState.PROTECTED)

    await club.by_hand(member, Side.LONG, Leg.EXIT, "0.002")
    await club.reconcile()
    assert (await club.trade(member)).position.excess == 0

    await club.by_hand(member, Side.LONG, Leg.ENTRY, "0.003")
    await club.platform.close_position()(member.id, position.id)
    await club.work()

    assert (await club.at_venue(member)).held == {(BTC, Side.LONG): Decimal("0.003")}
    assert (await club.trade(member)).position.sold == ours


async def test_an_exit_that_finds_nothing_is_not_sent_for_ever_though_the_venue_takes_its_time() -> None:
    """rules: ORD-11, POS-10, POS-11

    In seed 26 of the campaign at the venues nobody waited for what was held, and one exit after the other was refused.
    """
    club = await opened(Failure(Refuse(Fault.FILTER), Always(), leg=Leg.STOP))
    club.exchange.attaches, club.exchange.deaf_to_haste = frozenset(), True
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    await club.platform.place_orders()()
    await club.by_hand(member, Side.LONG, Leg.EXIT, str((await club.trade(member)).position.quantity))
    club.venue.unread.clear()

    await club.work()

    trade = await club.trade(member)
    assert (trade.position.state, trade.position.close_reason) == (PositionState.CLOSED, CloseReason.EXTERNAL)
    assert [order.error_code for order in trade.orders if order.leg is Leg.EXIT] == [Fault.REDUCE_ONLY, None]


async def test_a_close_ends_the_position_with_the_signals_reason_and_leaves_no_order() -> None:
    """rules: POS-04, ORD-11, POS-06"""
    club = await opened()
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.work()

    await club.alert("FECHE LONG")
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert venue.flat
    assert (trade.position.state, trade.position.close_reason) == (PositionState.CLOSED, CloseReason.SIGNAL)
    assert trade.position.sold == Decimal("0.050") == trade.position.bought
    assert all(order.state.final for order in trade.orders)


async def test_a_close_reaches_only_the_side_symbol_and_strategy_that_it_names() -> None:
    """rules: POS-04, POS-03"""
    club = await opened()
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.alert("SINAL LONG FORTE", symbol=ETH)
    await club.work()
    stranger = await club.another_strategy()

    await club.alert("FECHE SHORT")
    await club.alert("FECHE LONG", symbol=ETH, secret=stranger)
    await club.work()
    assert set((await club.at_venue(member)).held) == {(BTC, Side.LONG), (ETH, Side.LONG)}

    await club.alert("FECHE LONG", symbol=ETH)
    await club.work()
    assert set((await club.at_venue(member)).held) == {(BTC, Side.LONG)}


async def test_close_all_ends_every_symbol_of_the_strategy() -> None:
    """rules: POS-04, SIG-10"""
    club = await opened()
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.alert("SINAL LONG FORTE", symbol=ETH)
    await club.work()
    assert len((await club.at_venue(member)).held) == 2

    await club.alert("FECHE TODAS AS POSIÇÕES")
    await club.work()

    assert (await club.at_venue(member)).flat


async def test_what_was_closed_before_it_was_planned_is_not_opened_any_more() -> None:
    """rules: POS-04, SIG-22"""
    club = await opened()
    (member,) = club.members
    late = await club.alert("SINAL LONG FORTE")
    other = await club.alert("SINAL LONG FORTE", symbol=ETH)
    await club.alert("FECHE LONG")

    await club.work()

    assert list(await club.reasons(member, late)) == ["window_expired"]
    assert list(await club.reasons(member, other)) == []
    assert set((await club.at_venue(member)).held) == {(ETH, Side.LONG)}


async def test_a_close_of_the_other_side_lets_an_open_be_planned() -> None:
    """rules: POS-04"""
    club = await opened()
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.alert("FECHE SHORT")

    await club.work()

    assert set((await club.at_venue(member)).held) == {(BTC, Side.LONG)}


async def test_a_close_that_is_worked_on_late_leaves_a_newer_position_alone() -> None:
    """rules: POS-04, SIG-22"""
    club = await opened()
    (member,) = club.members
    await club.alert("FECHE LONG")
    newer = await club.alert("SINAL LONG FORTE")
    await club.platform.plan_orders()(newer.signal)
    await club.until_idle()

    await club.work()

    assert set((await club.at_venue(member)).held) == {(BTC, Side.LONG)}


async def test_a_close_before_the_open_was_sent_keeps_it_from_being_sent() -> None:
    """rules: POS-01, SIG-22"""
    club = await opened()
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.jobs()

    await club.alert("FECHE LONG")
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert (venue.entries, venue.exits) == (0, 0)
    assert trade.position.state is PositionState.ABANDONED
    assert all(order.state is OrderState.EXPIRED for order in trade.orders)


async def test_an_open_in_doubt_is_not_sent_again_once_a_close_is_wanted() -> None:
    """rules: SIG-22, ORD-04"""
    club = await opened(Failure(DropBefore(), leg=Leg.ENTRY), Failure(DropBefore(), Nth(frozenset({1, 2, 3})), Call.CANCEL))
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    await club.platform.place_orders()()

    await club.alert("FECHE LONG")
    await club.work()

    assert (await club.at_venue(member)).entries == 0
    assert (await club.trade(member)).position.state is PositionState.ABANDONED


async def test_a_close_finds_an_entry_whose_answer_was_lost() -> None:
    """rules: SIG-22, ORD-04"""
    club = await opened(Failure(LoseAnswer(), leg=Leg.ENTRY))
    club.deaf = True
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    await club.platform.place_orders()()

    await club.alert("FECHE LONG")
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert venue.flat
    assert (venue.entries, venue.exits) == (1, 1)
    assert (trade.position.state, trade.position.close_reason) == (PositionState.CLOSED, CloseReason.SIGNAL)


async def test_a_close_ends_a_position_that_is_still_without_protection() -> None:
    """rules: SIG-22, ORD-10"""
    club = await opened(Failure(Refuse(Fault.FILTER), Nth(frozenset({1, 2})), leg=Leg.STOP))
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    await club.platform.place_orders()()
    assert (await club.trade(member)).position.state is PositionState.OPENING

    await club.alert("FECHE LONG")
    await club.work()

    assert (await club.at_venue(member)).flat
    assert (await club.trade(member)).position.close_reason is CloseReason.SIGNAL


async def test_an_exit_does_not_wait_for_a_look_that_was_asked_for_before_it() -> None:
    """rules: POS-11

    In seed 392 of the campaign at the venues a look took the position when its exit was due, and kept it waiting for 1.4 s.
    """
    plan = Noted()
    club = await open_club(faults=plan)
    member = await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    club.clock.advance(by=timedelta(seconds=31))
    await club.platform.reconcile()()
    await club.platform.close_position()(member.id, (await club.trade(member)).position.id)
    plan.calls.clear()

    looked = await club.platform.place_orders()()
    before_the_exit = list(plan.calls)
    await club.platform.place_orders()()

    assert looked == 1
    assert before_the_exit == []
    assert (await club.at_venue(member)).held == {}


async def test_two_closes_sell_once() -> None:
    """rules: POS-06, SIG-30"""
    club = await opened()
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.work()

    await club.alert("FECHE LONG")
    await club.alert("FECHE TODAS AS POSIÇÕES")
    await club.alert("FECHE LONG")
    await club.work()

    venue = await club.at_venue(member)
    assert venue.flat
    assert venue.exits == 1


async def test_a_stop_at_the_same_moment_as_a_close_is_the_reason() -> None:
    """rules: ORD-11, POS-02"""
    club = await opened()
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.alert("FECHE LONG")
    await club.jobs()

    club.clock.advance(by=timedelta(seconds=1))
    club.venue.set_price(BTC, Decimal(58000), club.clock.now())
    await club.platform.place_orders()()
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert (venue.flat, venue.exits) == (True, 0)
    assert (trade.position.state, trade.position.close_reason) == (PositionState.CLOSED, CloseReason.SL)
    assert all(order.state.final for order in trade.orders)


async def test_an_exit_that_sells_a_part_is_followed_by_one_for_the_rest() -> None:
    """rules: POS-06, ORD-03, ORD-11"""
    club = await opened(Failure(FillPart(Decimal("0.4")), leg=Leg.EXIT))
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.work()

    await club.alert("FECHE LONG")
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    exits = [order for order in trade.orders if order.leg is Leg.EXIT]
    assert venue.flat
    assert [order.filled for order in exits] == [Decimal("0.020"), Decimal("0.030")]
    assert (trade.position.sold, trade.position.close_reason) == (Decimal("0.050"), CloseReason.SIGNAL)


async def test_an_exit_that_the_venue_refuses_is_tried_again_until_it_is_taken() -> None:
    """rules: SIG-22, PRI-05"""
    club = await opened(Failure(Refuse(Fault.SYMBOL_CLOSED), Nth(frozenset(range(1, 7))), leg=Leg.EXIT))
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.work()

    await club.alert("FECHE LONG")
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert (venue.flat, venue.exits) == (True, 1)
    assert (trade.position.state, trade.position.close_reason) == (PositionState.CLOSED, CloseReason.SIGNAL)
    assert trade.position.sold == trade.position.bought


async def test_a_close_sells_no_more_than_the_venue_still_has_of_ours() -> None:
    """rules: ORD-11, POS-03"""
    club = await opened()
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.by_hand(member, Side.LONG, Leg.EXIT, "0.020")

    await club.alert("FECHE LONG")
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert venue.flat
    assert (trade.position.state, trade.position.close_reason) == (PositionState.CLOSED, CloseReason.SIGNAL)
    assert sum(order.filled for order in trade.orders if order.leg is Leg.EXIT) == Decimal("0.030")
    assert all(order.state.final for order in trade.orders)


async def test_a_close_leaves_what_the_member_added_by_hand() -> None:
    """rules: POS-03, POS-10"""
    club = await opened()
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.by_hand(member, Side.LONG, Leg.ENTRY, "0.004")

    await club.alert("FECHE LONG")
    await club.work()

    assert (await club.at_venue(member)).held == {(BTC, Side.LONG): Decimal("0.004")}
    assert (await club.trade(member)).position.state is PositionState.CLOSED


async def test_a_late_close_reaches_only_what_was_opened_before_it_fired() -> None:
    """rules: SIG-22"""
    club = await opened()
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.work()
    before = club.clock.now() - timedelta(hours=2)

    await club.alert("FECHE LONG", time=f"{before:%Y-%m-%d %H:%M:%S}")
    await club.work()
    assert not (await club.at_venue(member)).flat

    club.clock.advance(by=timedelta(hours=2))
    after = club.clock.now() - timedelta(hours=1)
    await club.alert("FECHE LONG", time=f"{after:%Y-%m-%d %H:%M:%S}")
    await club.work()
    assert (await club.at_venue(member)).flat


async def test_a_member_closes_his_own_position_and_nobody_elses() -> None:
    """rules: POS-05, ROL-06"""
    club = await opened()
    (member,) = club.members
    other = await club.join()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    position = (await club.trade(member)).position.id
    close = club.platform.close_position()

    with pytest.raises(NotFound):
        await close(other.id, position)
    await close(member.id, position)
    await close(member.id, position)
    await club.work()

    assert (await club.trade(member)).position.close_reason is CloseReason.MANUAL
    assert (await club.at_venue(member)).exits == 1
    assert not (await club.at_venue(other)).flat
    with pytest.raises(Conflict, match="state_conflict"):
        await close(member.id, position)


@pytest.mark.parametrize("attempts", [0, 1])
async def test_an_emergency_stop_before_the_send_keeps_an_open_back(attempts: int) -> None:
    """rules: RSK-20, RSK-21"""
    club = await opened(Failure(DropBefore(), leg=Leg.ENTRY))
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    for _ in range(attempts):
        await club.platform.place_orders()()

    async with club.store() as work:
        stop = Stop(StopScope.GLOBAL, None, StopLevel.PAUSE, "a drill", "staff", club.clock.now())
        await work.configuration.set_stop(stop)
        await work.commit()
    await club.work()

    trade = await club.trade(member)
    assert (await club.at_venue(member)).entries == 0
    assert trade.position.state is PositionState.ABANDONED
    assert trade.orders[0].error_code == "emergency_stop"


async def test_a_member_who_pauses_himself_before_the_send_is_kept_back_too() -> None:
    """rules: RSK-20, RSK-21"""
    club = await opened()
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.jobs()

    async with club.store() as work:
        await work.people.pause(member.id, True, "a break", club.clock.now())
        await work.commit()
    await club.work()

    assert (await club.at_venue(member)).entries == 0


async def test_an_emergency_stop_does_not_keep_a_position_from_being_closed() -> None:
    """rules: RSK-20, GEN-14, POS-05"""
    club = await opened()
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.work()
    async with club.store() as work:
        stop = Stop(StopScope.GLOBAL, None, StopLevel.PAUSE, "a drill", "staff", club.clock.now())
        await work.configuration.set_stop(stop)
        await work.commit()

    await club.alert("FECHE LONG")
    await club.work()

    assert (await club.at_venue(member)).flat


async def test_an_exit_that_grew_with_its_entry_is_counted_to_the_last_of_its_fills() -> None:
    """rules: ORD-08, ORD-11, POS-12

    In seed 1 of the campaign at the venues an exit for a part was sent for all that had filled meanwhile, filled in two, and
    counted as over with the first: 11 USDT of the account were in nobody's books.
    """
    club = await opened(
        Failure(FillPart(Decimal("0.4")), leg=Leg.ENTRY),
        Failure(Refuse(Fault.FILTER), Always(), leg=Leg.STOP),
        Failure(FillPart(Decimal("0.5")), leg=Leg.EXIT),
    )
    club.deaf = True
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    while not (left := [order for order in (await club.trade(member)).orders if order.leg is Leg.EXIT]):
        await club.platform.place_orders()()
        club.clock.advance(by=timedelta(milliseconds=250))
    trade, (leave,) = await club.trade(member), left
    club.venue.fill_rest(trade.position.account, trade.orders[0].client_id, club.clock.now())
    await club.platform.place_orders()()
    club.venue.set_price(BTC, Decimal(60_100), club.clock.now())
    club.venue.fill_rest(trade.position.account, leave.client_id, club.clock.now())

    await club.work()

    position = (await club.trade(member)).position
    assert (await club.at_venue(member)).flat
    assert position.bought == position.sold == trade.orders[0].quantity
    assert net(position) == await club.result_at_venue(member)
