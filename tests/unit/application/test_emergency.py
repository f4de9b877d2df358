"""Emergency acts of staff and members, and the pauses that the platform sets by itself."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.application.trading.emergency import Stopped
from cbc_domain.application.trading.watch_risks import skewed, too_many_failed
from cbc_domain.identity.model import Member, Role
from cbc_domain.kernel.errors import DomainError
from cbc_domain.kernel.events import EventName
from cbc_domain.kernel.ids import OrderId
from cbc_domain.kernel.venues import Environment, Symbol, Venue
from cbc_domain.ports.exchange import VenueStanding
from cbc_domain.ports.persistence.trades import OrderTally
from cbc_domain.risk.model import Stop, StopLevel, StopScope
from cbc_domain.trading.model import OrderState, PositionState
from tests.club import BTC, Club, open_club

WHY = "a reason of staff"
ETH = Symbol("ETHUSDT")
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def club() -> Club:
    club = await open_club()
    for _ in range(2):
        await club.join()
    await club.market()
    return club


def staff(club: Club, role: Role = Role.ADMIN) -> Member:
    return attrs.evolve(club.members[0], role=role)


async def act(club: Club, actor: Member, scope: StopScope, target: str | None, level: StopLevel) -> Stopped:
    return await club.platform.emergency()(actor, scope, target, level, WHY, stepped_up=True, typed=scope.value)


async def states(club: Club) -> list[PositionState]:
    return [(await club.trade(member)).position.state for member in club.members]


async def both_open(club: Club) -> None:
    await club.alert("SINAL LONG FORTE")
    await club.work()
    assert await states(club) == [PositionState.PROTECTED] * 2


def targets_of(club: Club) -> dict[StopScope, str | None]:
    return {
        StopScope.GLOBAL: None,
        StopScope.EXCHANGE: Venue.BYBIT.value,
        StopScope.SYMBOL: BTC,
        StopScope.STRATEGY: str(club.strategy.id),
        StopScope.USER: str(club.members[1].id),
    }


@pytest.mark.parametrize("scope", StopScope)
async def test_a_flatten_closes_every_position_in_its_scope_and_no_other(club: Club, scope: StopScope) -> None:
    """rules: RSK-20, POS-02"""
    await both_open(club)

    done = await act(club, staff(club), scope, targets_of(club)[scope], StopLevel.FLATTEN)
    await club.work()

    second = (await club.trade(club.members[1])).position
    assert (second.state, second.close_reason) == (PositionState.CLOSED, "EMERGENCY")
    alone = scope is StopScope.USER
    assert (await states(club))[0] is (PositionState.PROTECTED if alone else PositionState.CLOSED)
    assert len(done.closing) == (1 if alone else 2)
    assert done.taken_back == ()


@pytest.mark.parametrize(
    ("scope", "target"),
    [
        (StopScope.EXCHANGE, "okx"),
        (StopScope.SYMBOL, "ETHUSDT"),
        (StopScope.STRATEGY, "no such strategy"),
        (StopScope.USER, "nobody"),
    ],
)
async def test_what_is_out_of_scope_goes_on(club: Club, scope: StopScope, target: str) -> None:
    """rules: RSK-20"""
    await both_open(club)

    done = await act(club, staff(club), scope, target, StopLevel.FLATTEN)
    await club.work()

    assert done.closing == ()
    assert await states(club) == [PositionState.PROTECTED] * 2


async def test_a_pause_stops_opens_and_leaves_the_rest_as_it_is(club: Club) -> None:
    """rules: RSK-20, RSK-04"""
    await both_open(club)

    done = await act(club, staff(club, Role.OPERADOR), StopScope.GLOBAL, None, StopLevel.PAUSE)
    refused = await club.alert("SINAL LONG FORTE", ETH)
    await club.work()

    assert (done.taken_back, done.closing) == ((), ())
    assert await states(club) == [PositionState.PROTECTED] * 2
    assert "emergency_stop" in await club.reasons(club.members[0], refused)


async def test_reduce_only_takes_waiting_entries_back_and_leaves_positions_protected(club: Club) -> None:
    """rules: RSK-20, ORD-01"""
    await both_open(club)
    club.clock.advance(by=MINUTE)
    club.venue.set_price(ETH, Decimal(100), club.clock.now())
    await club.market()
    await club.alert("SINAL LONG FORTE", ETH, close="100")
    await club.jobs()

    done = await act(club, staff(club), StopScope.GLOBAL, None, StopLevel.REDUCE_ONLY)
    await club.work()

    assert (len(done.taken_back), done.closing) == (2, ())
    for member in club.members:
        kept, taken_back = await club.trades(member)
        assert (kept.position.state, taken_back.position.state) == (PositionState.PROTECTED, PositionState.ABANDONED)
        assert taken_back.orders[0].state is OrderState.EXPIRED
        assert (await club.at_venue(member)).entries == 1


async def test_an_act_is_told_with_what_it_did_and_stays_until_it_is_lifted_with_a_reason(club: Club) -> None:
    """rules: RSK-20, RSK-24"""
    await both_open(club)
    admin = staff(club)
    await act(club, admin, StopScope.SYMBOL, BTC, StopLevel.FLATTEN)
    await club.work()
    async with club.store() as work:
        (stop,) = await work.configuration.stops()
    assert (stop.level, stop.reason, stop.actor) == (StopLevel.FLATTEN, WHY, str(admin.id))

    await club.platform.emergency().lift(admin, StopScope.SYMBOL, BTC, WHY)
    await club.platform.emergency().lift(admin, StopScope.SYMBOL, BTC, WHY)

    async with club.store() as work:
        assert await work.configuration.stops() == []
        told = [event.data for event in await work.outbox.take(10_000) if event.name is EventName.EMERGENCY_CHANGED]
    common = {"scope": "symbol", "target": BTC, "actor": str(admin.id), "reason": WHY}
    assert told == [{**common, "level": "flatten", "taken_back": "0", "closing": "2"}, {**common, "level": "lifted"}]


@pytest.mark.parametrize(
    ("role", "level", "allowed"),
    [
        (Role.ADMIN, StopLevel.FLATTEN, True),
        (Role.GESTOR, StopLevel.FLATTEN, True),
        (Role.OPERADOR, StopLevel.FLATTEN, False),
        (Role.OPERADOR, StopLevel.REDUCE_ONLY, True),
        (Role.OPERADOR, StopLevel.PAUSE, True),
        (Role.USER, StopLevel.PAUSE, False),
        (Role.USER, StopLevel.FLATTEN, False),
    ],
)
async def test_who_may_stop_everybody(club: Club, role: Role, level: StopLevel, *, allowed: bool) -> None:
    """rules: RSK-20, ROL-03"""
    try:
        await act(club, staff(club, role), StopScope.GLOBAL, None, level)
    except DomainError as refusal:
        assert (refusal.code, allowed) == ("forbidden", False)
    else:
        assert allowed


@pytest.mark.parametrize("level", StopLevel)
async def test_a_member_stops_himself_and_nobody_else(club: Club, level: StopLevel) -> None:
    """rules: RSK-20"""
    me, other = club.members
    await both_open(club)

    await act(club, me, StopScope.USER, str(me.id), level)
    with pytest.raises(DomainError, match="forbidden"):
        await act(club, me, StopScope.USER, str(other.id), level)
    await club.work()

    ends = PositionState.CLOSED if level is StopLevel.FLATTEN else PositionState.PROTECTED
    assert await states(club) == [ends, PositionState.PROTECTED]


@pytest.mark.parametrize(
    ("stepped_up", "typed", "reason", "code"),
    [
        (False, "global", WHY, "step_up_required"),
        (True, None, WHY, "validation_error"),
        (True, "symbol", WHY, "validation_error"),
        (True, "global", "short", "reason_required"),
    ],
)
async def test_a_flatten_needs_a_step_up_its_word_and_a_reason(
    club: Club, typed: str | None, reason: str, code: str, *, stepped_up: bool
) -> None:
    """rules: RSK-20, ROL-07"""
    await both_open(club)

    with pytest.raises(DomainError, match=code):
        await club.platform.emergency()(
            staff(club), StopScope.GLOBAL, None, StopLevel.FLATTEN, reason, stepped_up=stepped_up, typed=typed
        )

    async with club.store() as work:
        assert await work.configuration.stops() == []
    await club.work()
    assert await states(club) == [PositionState.PROTECTED] * 2


@pytest.mark.parametrize(("scope", "target"), [(StopScope.GLOBAL, "bybit"), (StopScope.SYMBOL, None)])
async def test_a_scope_and_its_target_belong_together(club: Club, scope: StopScope, target: str | None) -> None:
    """rules: RSK-20"""
    with pytest.raises(DomainError, match="validation_error"):
        await act(club, staff(club), scope, target, StopLevel.PAUSE)


async def test_a_stop_that_comes_between_plan_and_send_stops_the_send(club: Club) -> None:
    """rules: RSK-21"""
    await club.alert("SINAL LONG FORTE")
    await club.jobs()

    await act(club, staff(club), StopScope.GLOBAL, None, StopLevel.PAUSE)
    await club.work()

    assert [(await club.at_venue(member)).entries for member in club.members] == [0, 0]


@pytest.mark.parametrize(
    ("sent", "failed", "paused"),
    [(20, 4, False), (20, 5, True), (19, 19, False), (100, 20, False), (100, 21, True), (21, 5, True), (0, 0, False)],
)
def test_more_than_a_fifth_of_at_least_twenty_orders_is_too_many(sent: int, failed: int, *, paused: bool) -> None:
    """rules: RSK-22, GEN-08"""
    assert too_many_failed(OrderTally(sent, failed)) is paused


@given(st.integers(0, 200), st.data())
def test_one_failure_more_never_lifts_a_pause(sent: int, data: st.DataObject) -> None:
    """rules: RSK-22"""
    failed = data.draw(st.integers(0, max(sent - 1, 0)))

    assert too_many_failed(OrderTally(sent, failed)) <= too_many_failed(OrderTally(sent, failed + 1))


async def test_a_venue_whose_orders_fail_is_paused_until_a_person_lifts_it(club: Club) -> None:
    """rules: RSK-22"""
    member = club.members[0]
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    trade = await club.trade(member)
    async with club.store() as work:
        orders = [
            attrs.evolve(
                trade.orders[0],
                id=OrderId(club.identities.new()),
                client_id=f"cbce{number:028}",
                state=OrderState.REJECTED,
                sent_at=club.clock.now(),
            )
            for number in range(20)
        ]
        await work.trades.add_orders(orders)
        await work.commit()

    assert await club.platform.watch_risks()() == 1
    assert await club.platform.watch_risks()() == 0

    async with club.store() as work:
        (stop,) = await work.configuration.stops()
    assert (stop.scope, stop.target, stop.level, stop.actor) == (StopScope.EXCHANGE, "bybit", StopLevel.PAUSE, "system")
    club.clock.advance(by=10 * MINUTE)
    await club.platform.watch_risks()()
    async with club.store() as work:
        assert await work.configuration.stops() == [stop]


@pytest.mark.parametrize(("minutes", "stops"), [(15, 0), (16, 1)])
async def test_a_market_that_is_unknown_for_more_than_a_quarter_of_an_hour_pauses_everything(
    club: Club, minutes: int, stops: int
) -> None:
    """rules: RSK-22"""
    for _ in range(minutes):
        club.clock.advance(by=MINUTE)
        await club.market(index=None)

    await club.platform.watch_risks()()

    async with club.store() as work:
        found: list[Stop] = list(await work.configuration.stops())
    assert [(stop.scope, stop.level) for stop in found] == [(StopScope.GLOBAL, StopLevel.PAUSE)] * stops


async def test_a_platform_that_never_knew_the_market_is_not_paused(club: Club) -> None:
    """rules: RSK-22, GEN-14"""
    club.clock.advance(by=timedelta(hours=7))
    await club.market(index=None)

    assert await club.platform.watch_risks()() == 0


def standing(skew: str | None, environment: Environment = Environment.LIVE, venue: Venue = Venue.BYBIT) -> VenueStanding:
    return VenueStanding(venue, environment, timedelta(seconds=float(skew)) if skew else None)


@pytest.mark.parametrize(
    ("standings", "paused"),
    [
        ([standing("1.001")], ["bybit"]),
        ([standing("-1.001")], ["bybit"]),
        ([standing("1"), standing(None, venue=Venue.OKX)], []),
        ([standing("2"), standing("3", venue=Venue.BINANCE)], ["binance", "bybit"]),
        ([standing("2", Environment.TESTNET), standing("0.2")], []),
        ([standing("2", Environment.TESTNET), standing(None)], []),
        ([standing("2", Environment.TESTNET)], ["bybit"]),
        ([standing("2", Environment.TESTNET), standing("2")], ["bybit"]),
    ],
)
def test_a_clock_that_is_more_than_a_second_off_pauses_its_venue(standings: list[VenueStanding], paused: list[str]) -> None:
    """rules: EXC-07, RSK-22"""
    stops = list(skewed(standings, datetime(2026, 3, 2, tzinfo=UTC)))

    assert [(stop.scope, stop.target) for stop in stops] == [(StopScope.EXCHANGE, venue) for venue in paused]


async def test_a_venue_with_another_clock_opens_nothing_until_a_person_lifts_it(club: Club) -> None:
    """rules: EXC-07, RSK-22"""
    club.exchange.standing = [standing("-1.5")]
    await club.platform.watch_risks()()
    club.exchange.standing = [standing("0.1")]
    await club.platform.watch_risks()()

    receipt = await club.alert("SINAL LONG FORTE")
    await club.work()

    async with club.store() as work:
        (stop,) = await work.configuration.stops()
    assert (stop.level, stop.actor, stop.reason) == (StopLevel.PAUSE, "system", "its clock is 1.5 s off")
    assert await club.reasons(club.members[0], receipt) == ["emergency_stop"]
