"""What members and venues get wrong, end to end: a stable code, told to the member, tried again only where that can help."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import attrs
import pytest

from cbc_adapters.exchange.simulated.adapter import SimulatedExchange
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.faults import Failure, FaultPlan, Nth, Refuse
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION, START_PRICES
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.server import serving
from cbc_adapters.exchange.simulated.venues.simulation import Simulation
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.application.people.add_key import KeyForm
from cbc_domain.kernel.errors import DomainError
from cbc_domain.kernel.ids import MemberId, SignalId
from cbc_domain.kernel.venues import Environment, Symbol, Venue
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.risk.credentials import Credentials
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.model import KeyStatus, LiveGate
from cbc_domain.trading.model import Leg, PositionState
from cbc_domain.trading.sizes import Instrument
from cbc_domain.trading.steps import Abandoned, Refused, Unanswered
from cbc_entrypoints.live import live
from tests.venue_club import REAL, Joined, VenueClub, sent, settings_for, standing, venue_club

BTC, ETH, SOL, XRP, PEPE = (Symbol(f"{coin}USDT") for coin in ("BTC", "ETH", "SOL", "XRP", "PEPE"))
LISTED: Final = {instrument.symbol: instrument for instrument in DEMONSTRATION}
PRICE: Final = START_PRICES[BTC]
SMALLEST: Final = {Venue.OKX: Decimal(100_000)}
"""Of SOL, where a venue has a least number of contracts and no least value."""
ELSEWHERE: Final = frozenset({"203.0.113.7"})
GOOD, REVOKED, MOVED, DEMOTED, EMPTIED, FLIPPED = range(1, 7)
"""Members by number, and what happens to each between the plan and the order."""


@asynccontextmanager
async def club_of(tmp_path: Path, postgres_url: str, members: Mapping[Venue, int]) -> AsyncIterator[VenueClub]:
    simulation = Simulation(SystemClock(), accounts=6)
    simulation.move(BTC, PRICE)
    async with serving(simulation.server, tmp_path) as served:
        settings = settings_for(served, postgres_url, tmp_path / "data")
        async with venue_club(simulation, settings, members) as club:
            await club.market()
            yield club


@pytest.fixture
async def everywhere(tmp_path: Path, postgres_url: str) -> AsyncIterator[VenueClub]:
    """One member at each venue."""
    async with club_of(tmp_path, postgres_url, dict.fromkeys(REAL, 1)) as club:
        yield club


def house_of(club: VenueClub, venue: Venue) -> House:
    return club.simulation.houses[venue, Environment.LIVE]


def ended(trades: Sequence[Trade]) -> bool:
    return all(trade.position.state in {PositionState.PROTECTED, PositionState.ABANDONED} for trade in trades)


def protected(trades: Sequence[Trade]) -> bool:
    return all(trade.position.state is PositionState.PROTECTED for trade in trades)


def closed(trades: Sequence[Trade]) -> bool:
    return all(trade.position.state is PositionState.CLOSED for trade in trades)


def mishaps(club: VenueClub, venue: Venue) -> None:
    """Everything that can happen to members at a venue between the plan and the order."""
    house, key = house_of(club, venue), {number: club.simulation.of(venue, Environment.LIVE, number) for number in range(1, 7)}
    del house.keys[key[REVOKED].key]
    house.issue(attrs.evolve(key[MOVED], addresses=ELSEWHERE))
    house.issue(attrs.evolve(key[DEMOTED], trades=False))
    house.engine.deposit(key[EMPTIED].account, Decimal(-9990), house.now())
    house.account(key[FLIPPED].account).hedge = True


def close_doors(club: VenueClub, takes: timedelta) -> None:
    """Every venue is in maintenance from now on for a while."""
    for house in club.simulation.houses.values():
        house.maintenance = [(club.platform.clock().now(), club.platform.clock().now() + takes)]


def change(club: VenueClub, venue: Venue, *changed: Instrument) -> None:
    """Let a venue have other rules for some symbols."""
    engine = house_of(club, venue).engine
    engine.listing = {**engine.listing, **{instrument.symbol: instrument for instrument in changed}}


async def another_second() -> None:
    """Two alerts of one second are one (SIG-30)."""
    await asyncio.sleep(1)


async def hasten(club: VenueClub) -> None:
    """Let the tasks that wait for their next try be due now."""
    async with club.opened.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE tasks SET due_at = now()")


async def seen(club: VenueClub, one: Joined, signal: SignalId) -> tuple[str, str | None, KeyStatus]:
    """What a member sees of his part, why it was given up, and how his key is."""
    told = await club.told(one, signal)
    why = next((step.reason for step in told.steps if isinstance(step, Abandoned)), None)
    return told.outcome, why, (await club.key_of(one)).status


async def refused(club: VenueClub, member: MemberId, venue: Venue, key: IssuedKey) -> str:
    """The code with which a key is not taken."""
    form = KeyForm(venue, Environment.LIVE, "bad", Credentials(key.key, key.secret, key.passphrase))
    with pytest.raises(DomainError) as refusal:
        await club.platform.add_key()(member, form)
    return refusal.value.code


@pytest.mark.parametrize("venue", REAL)
async def test_a_bad_key_is_refused_by_its_code_and_nothing_of_it_is_kept(
    venue: Venue, tmp_path: Path, postgres_url: str
) -> None:
    """rules: KEY-03, KEY-04"""
    one_code = venue is Venue.BINANCE
    async with club_of(tmp_path, postgres_url, {Venue.BYBIT if venue is not Venue.BYBIT else Venue.OKX: 1}) as club:
        (member,), house = [one.member for one in club.joined], house_of(club, venue)
        good = club.simulation.of(venue, Environment.LIVE, 1)
        bad = {
            "wrong": attrs.evolve(good, secret="x" * len(good.secret)),
            "expired": attrs.evolve(good, key=good.key[::-1], expires_at=house.now() - timedelta(days=1)),
            "elsewhere": attrs.evolve(good, key=good.key[:-1] + "1", addresses=ELSEWHERE),
            "withdraws": attrs.evolve(good, key=good.key[:-1] + "2", withdraws=True),
            "only reads": attrs.evolve(good, key=good.key[:-1] + "3", trades=False),
        }
        bad["of the testnet"] = club.simulation.of(venue, Environment.TESTNET, 1)
        for name in ("expired", "elsewhere", "withdraws", "only reads"):
            house.issue(bad[name])

        codes = {name: await refused(club, member, venue, key) for name, key in bad.items()}

        async with club.platform.store()() as work:
            kept = [account.venue for account in await work.people.accounts(member)]
    assert codes == {
        "wrong": "key_invalid",
        "expired": "key_invalid",
        "elsewhere": "key_invalid" if one_code else "key_ip_blocked",
        "withdraws": "key_can_withdraw",
        "only reads": "key_cannot_trade",
        "of the testnet": "key_wrong_environment",
    }
    assert venue not in kept


@pytest.mark.parametrize("venue", REAL)
async def test_what_turned_bad_between_plan_and_order_is_refused_with_its_code_and_sent_no_more(
    venue: Venue, tmp_path: Path, postgres_url: str
) -> None:
    """rules: EXC-04, EXC-06, ORD-07, ORD-14, GEN-14, KEY-10"""
    one_code = venue is Venue.BINANCE
    async with club_of(tmp_path, postgres_url, {venue: FLIPPED}) as club:
        signal = await club.plan("SINAL LONG FORTE", BTC, PRICE)
        mishaps(club, venue)

        await club.carry_out(ended)
        await club.platform.verify_due_keys()()

        found = [await seen(club, one, signal) for one in club.joined]
        hedge = (await club.key_of(club.joined[FLIPPED - 1])).hedge
        club.simulation.plan(venue, Environment.LIVE, FaultPlan())
        await club.platform.reconcile()()
        await club.platform.place_orders()()
        later = [sent(club.account(one), Leg.ENTRY) for one in club.joined]
    assert found == [
        ("open", None, KeyStatus.VALID),
        ("abandoned", "AUTH", KeyStatus.INVALID),
        ("abandoned", "AUTH" if one_code else "IP_NOT_ALLOWED", KeyStatus.INVALID),
        ("abandoned", "AUTH" if one_code else "PERMISSION", KeyStatus.INVALID),
        ("abandoned", "INSUFFICIENT_MARGIN", KeyStatus.VALID),
        ("abandoned", "POSITION_MODE", KeyStatus.VALID),
    ]
    assert hedge
    assert later == [1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("venue", REAL)
async def test_a_key_that_may_withdraw_since_yesterday_opens_nothing_today(
    venue: Venue, tmp_path: Path, postgres_url: str
) -> None:
    """rules: KEY-03, KEY-12"""
    async with club_of(tmp_path, postgres_url, {venue: 2}) as club:
        signal = await club.plan("SINAL LONG FORTE", BTC, PRICE)
        async with club.opened.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE exchange_keys SET verified_at = verified_at - interval '25 hours'")
        key = club.simulation.of(venue, Environment.LIVE, 2)
        house_of(club, venue).issue(attrs.evolve(key, withdraws=True))

        await club.carry_out(ended)

        found = [(await seen(club, one, signal))[:2] for one in club.joined]
        bought = [sent(club.account(one), Leg.ENTRY) for one in club.joined]
        async with club.platform.store()() as work:
            acts = [(await work.keys.acts(one.member))[-1] for one in club.joined]
    assert found == [("open", None), ("abandoned", "key_can_withdraw")]
    assert bought == [1, 0]
    assert {(act.purpose, act.outcome) for act in acts} >= {("first order", "key_can_withdraw")}


@pytest.mark.parametrize("venue", [Venue.BYBIT, Venue.OKX])
async def test_a_hurried_entry_is_put_off_looked_for_and_bought_once(venue: Venue, tmp_path: Path, postgres_url: str) -> None:
    """rules: ORD-04, ORD-07, EXC-08"""
    async with club_of(tmp_path, postgres_url, {venue: 1}) as club:
        (one,) = club.joined
        signal = await club.plan("SINAL LONG FORTE", BTC, PRICE)
        hurried = Failure(Refuse(Fault.RATE_LIMIT, 1), Nth(frozenset({1})), leg=Leg.ENTRY)
        club.simulation.plan(venue, Environment.LIVE, FaultPlan([hurried]))

        await club.carry_out(ended)

        told = await club.told(one, signal)
        assert [step.leg for step in told.steps if isinstance(step, Unanswered)][:1] == [Leg.ENTRY]
        assert told.outcome == "open"
        assert sent(club.account(one), Leg.ENTRY) == 1


async def test_a_venue_back_from_maintenance_within_the_window_is_bought_at_once(everywhere: VenueClub) -> None:
    """rules: ORD-07, SIG-21, PRI-05"""
    club = everywhere
    signal = await club.plan("SINAL LONG FORTE", BTC, PRICE)
    close_doors(club, timedelta(seconds=2))

    await club.carry_out(ended)

    told = [await club.told(one, signal) for one in club.joined]
    # Where a stop goes first it is what meets the closed door.
    goes_first = {Leg.ENTRY, Leg.STOP}
    codes = [{step.code for step in one.steps if isinstance(step, Unanswered) and step.leg in goes_first} for one in told]
    assert [one.outcome for one in told] == ["open"] * len(REAL)
    assert [bool(one) and one <= {"MAINTENANCE", "lost"} for one in codes] == [True] * len(REAL)
    assert [sent(club.account(one), Leg.ENTRY) for one in club.joined] == [1] * len(REAL)


async def test_a_venue_that_is_away_beyond_the_window_is_sent_nothing_when_it_is_back(everywhere: VenueClub) -> None:
    """rules: SIG-21, PRI-05, ORD-04"""
    club = everywhere
    club.platform.limits.override(SystemLimits(execution_window=timedelta(seconds=1)))
    signal = await club.plan("SINAL LONG FORTE", BTC, PRICE)
    close_doors(club, timedelta(seconds=2))

    await club.platform.place_orders()()
    await asyncio.sleep(2)
    await hasten(club)
    await club.carry_out(ended)

    told = [await club.told(one, signal) for one in club.joined]
    assert [(one.outcome, one.steps[-1]) for one in told if not isinstance(one.steps[-1], Abandoned)] == []
    assert [one.steps[-1].reason for one in told if isinstance(one.steps[-1], Abandoned)] == ["window_expired"] * len(REAL)
    assert [sent(club.account(one), Leg.ENTRY) for one in club.joined] == [0] * len(REAL)


async def test_a_protected_position_stays_so_in_maintenance_and_a_close_goes_on_until_the_venue_is_back(
    everywhere: VenueClub,
) -> None:
    """rules: SIG-22, POS-06, ORD-09, ORD-11"""
    club = everywhere
    await club.plan("SINAL LONG FORTE", BTC, PRICE)
    await club.carry_out(protected)
    close_doors(club, timedelta(seconds=2))
    await club.plan("FECHE LONG", BTC)
    await club.platform.place_orders()()
    away = [(len(club.account(one).positions), standing(club.account(one))) for one in club.joined]

    await club.carry_out(closed)

    assert away == [(1, [Leg.STOP, Leg.TARGET])] * len(REAL)
    assert [sent(club.account(one), Leg.EXIT) for one in club.joined] == [1] * len(REAL)
    assert [(len(club.account(one).positions), standing(club.account(one))) for one in club.joined] == [(0, [])] * len(REAL)


async def test_what_is_delisted_unlisted_or_too_small_is_refused_in_planning_and_never_sent(everywhere: VenueClub) -> None:
    """rules: ORD-16, SIZ-07, SIZ-08, ELG-04"""
    club = everywhere
    for venue in REAL:
        change(
            club,
            venue,
            attrs.evolve(LISTED[XRP], tradable=False),
            attrs.evolve(LISTED[ETH], min_quantity=Decimal(1000)),
            attrs.evolve(LISTED[SOL], min_notional=Decimal(1_000_000), min_quantity=SMALLEST.get(venue, LISTED[SOL].step)),
        )

    signals = [await club.plan("SINAL LONG FORTE", symbol, START_PRICES.get(symbol)) for symbol in (XRP, PEPE, ETH, SOL)]
    await club.platform.place_orders()()

    reasons = [[(await club.told(one, signal)).reasons[0] for one in club.joined] for signal in signals]
    unlisted, small = ["symbol_not_tradable"] * len(REAL), ["qty_below_minimum"] * len(REAL)
    cheap = ["qty_below_minimum" if venue in SMALLEST else "notional_below_minimum" for venue in REAL]
    assert reasons == [unlisted, unlisted, small, cheap]
    assert [len(club.account(one).orders) for one in club.joined] == [0] * len(REAL)


async def test_a_symbol_that_closed_after_planning_is_refused_by_its_name_and_by_the_next_plan(everywhere: VenueClub) -> None:
    """rules: ORD-16, ORD-07, EXC-04, SIZ-07"""
    club = everywhere
    first = await club.plan("SINAL LONG FORTE", BTC, PRICE)
    for venue in REAL:
        change(club, venue, attrs.evolve(LISTED[BTC], tradable=False))

    await club.carry_out(ended)
    await another_second()
    second = await club.plan("SINAL LONG FORTE", BTC, PRICE)

    ends = [(await club.told(one, first)).steps[-1] for one in club.joined]
    assert [end.reason for end in ends if isinstance(end, Abandoned)] == ["SYMBOL_CLOSED"] * len(REAL)
    assert [(await club.told(one, second)).reasons[0] for one in club.joined] == ["symbol_not_tradable"] * len(REAL)


async def test_with_live_trading_off_no_order_leaves_for_a_live_account_and_the_member_sees_why(
    tmp_path: Path, postgres_url: str
) -> None:
    """rules: ELG-01, ELG-02, CFG-02"""
    simulation = Simulation(SystemClock(), accounts=1)
    simulation.move(BTC, PRICE)
    paper = SimulatedExchange(SimulatedVenue(DEMONSTRATION), SystemClock())
    async with serving(simulation.server, tmp_path) as served:
        settings = settings_for(served, postgres_url, tmp_path / "data")
        async with venue_club(simulation, settings, dict.fromkeys(REAL, 1)) as club:
            await club.market()
            planned = await club.plan("SINAL LONG FORTE", BTC, PRICE)
            async with live(attrs.evolve(settings, live_trading=False), paper, durable=False) as off:
                careful = attrs.evolve(club, opened=off)
                await careful.carry_out(ended)
                await another_second()
                refused_in_planning = await careful.plan("SINAL LONG FORTE", BTC, PRICE)

                ends = [(await careful.told(one, planned)).steps[-1] for one in club.joined]
                skipped = [(await careful.told(one, refused_in_planning)).steps[-1] for one in club.joined]
    assert [end.reason for end in ends if isinstance(end, Abandoned)] == ["LIVE_OFF"] * len(REAL)
    assert [step.failing_gates for step in skipped if isinstance(step, Refused)] == [(LiveGate.LIVE_FLAG_OFF,)] * len(REAL)
    assert [len(club.account(one).orders) for one in club.joined] == [0] * len(REAL)
