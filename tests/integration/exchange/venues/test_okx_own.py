"""What is OKX's own: contracts, sides in hedge mode, keys with a passphrase, refusals inside a 200."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from cbc_adapters.exchange.ccxt.adapter import CcxtExchange
from cbc_adapters.exchange.ccxt.clients import ClientPool
from cbc_adapters.exchange.ccxt.dialects import DIALECTS
from cbc_adapters.exchange.ccxt.dialects.okx.faults import DOUBTFUL, FAULTS
from cbc_adapters.exchange.ccxt.errors import translated
from cbc_adapters.exchange.ccxt.wiring import Gateway
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.keys import GivenKeys
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.okx import OkxWire
from cbc_adapters.exchange.simulated.venues.server import VenueServer, serving
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.venues import Environment, Side, Venue
from cbc_domain.ports.exchange import Ending, Holding, ReportState
from cbc_domain.ports.venue_faults import Fault, VenueRefused
from cbc_domain.ports.venue_keys import Credentials, KeyFindings
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.sizes import Bracket
from tests.promises.exchange import E1, E2, S1, T1, X1
from tests.strategies.exchange import BTC, PRICE, entry, exchange_account, instrument, leave, stop, target

CONTRACT = Decimal("0.01")
GIVEN = Credentials("key", "secret", "passphrase")
MARKET = (Venue.OKX, Environment.LIVE)
KEY = IssuedKey("key", "secret", "passphrase", exchange_account().id, addresses=frozenset({"127.0.0.1"}))


@attrs.frozen
class Desk:
    """The venue from both sides: its engine and house, and the adapter in front of it; a contract is 0.01 BTC."""

    engine: SimulatedVenue
    house: House
    exchange: CcxtExchange
    pool: ClientPool
    account: ExchangeAccount

    async def examine(self, credentials: Credentials = GIVEN) -> KeyFindings:
        async with self.pool.with_key(MARKET, credentials) as client:
            return await DIALECTS[Venue.OKX].examine(client)

    async def refused(self, credentials: Credentials = GIVEN) -> Fault:
        with pytest.raises(Exception, match=r"okx") as raised:
            await self.examine(credentials)
        return translated(raised.value, Venue.OKX, FAULTS, DOUBTFUL).fault


@pytest.fixture(params=[False, True], ids=["one-way", "hedge"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    clock, account = SystemClock(), exchange_account(venue=Venue.OKX, hedge=request.param)
    rules = attrs.evolve(instrument(), contract_size=CONTRACT, step=Decimal("0.1"), min_quantity=Decimal("0.1"))
    engine = SimulatedVenue([rules])
    house = House(Venue.OKX, Environment.LIVE, engine, clock)
    engine.open_account(account.id, Decimal(10_000), clock.now(), hedge=request.param)
    engine.set_price(BTC, PRICE, clock.now() - timedelta(seconds=30))
    house.issue(KEY)
    server = VenueServer([OkxWire()], {MARKET: house, (Venue.OKX, Environment.TESTNET): house}, clock)
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(serving(server, tmp_path))
        pool = ClientPool(DIALECTS, GivenKeys({account.id: GIVEN}), Gateway("127.0.0.1", served.port, served.ca_file))
        exchange = CcxtExchange(pool, clock, allow_live=True)
        stack.push_async_callback(exchange.close)
        yield Desk(engine, house, exchange, pool, account)


async def test_quantities_are_contracts_from_the_rules_to_the_holding(desk: Desk) -> None:
    """rules: EXC-03, SIZ-06, SIZ-07"""
    told = await desk.exchange.instrument(*MARKET, BTC)
    assert told is not None

    report = await desk.exchange.place(desk.account, entry(E1, quantity="10"))

    reading = (await desk.exchange.readings([desk.account]))[desk.account.id]
    assert (told.contract_size, told.step, told.min_quantity) == (CONTRACT, Decimal("0.1"), Decimal("0.1"))
    assert sum(fill.quantity for fill in report.fills) == Decimal(10)
    assert await desk.exchange.holding(desk.account, BTC, Side.LONG) == Holding(BTC, Side.LONG, Decimal(10))
    assert Decimal(469) < reading.margin_in_use < Decimal(471)
    assert reading.held == {BTC}


async def test_what_a_position_brought_is_what_the_venue_booked(desk: Desk) -> None:
    """rules: POS-10, POS-12, COM-05"""
    start = desk.house.now() - timedelta(seconds=1)
    await desk.exchange.place(desk.account, entry(E1, quantity="10"))
    desk.engine.apply_funding(BTC, Decimal("0.001"), desk.house.now())
    await desk.exchange.place(desk.account, leave(E2, quantity="4"))
    desk.engine.set_price(BTC, Decimal(47_500), desk.house.now())

    await desk.exchange.place(desk.account, leave(X1, quantity="6"))

    now = desk.house.now()
    ending = await desk.exchange.ending(desk.account, BTC, Side.LONG, start)
    booked = desk.engine.ending(desk.account.id, BTC, Side.LONG, start)
    assert ending is not None
    assert booked is not None
    assert _rounded(ending) == _rounded(booked)
    assert ending.funding > 0
    result = await desk.exchange.closed_result(desk.account, BTC, Side.LONG, start, now)
    expected = desk.engine.closed_result(desk.account.id, BTC, Side.LONG, start, now)
    assert result is not None
    assert expected is not None
    assert result.quantity == expected.quantity
    assert round(result.net, 6) == round(expected.net, 6)


async def test_a_part_that_was_closed_does_not_pay_for_what_is_open(desk: Desk) -> None:
    """rules: COM-05"""
    start = desk.house.now() - timedelta(seconds=1)
    await desk.exchange.place(desk.account, entry(E1, quantity="10"))
    await desk.exchange.place(desk.account, leave(X1, quantity="4"))

    result = await desk.exchange.closed_result(desk.account, BTC, Side.LONG, start, desk.house.now())

    expected = desk.engine.closed_result(desk.account.id, BTC, Side.LONG, start, desk.house.now())
    assert result is not None
    assert expected is not None
    assert round(result.net, 6) == round(expected.net, 6)


@pytest.mark.parametrize("desk", [True], indirect=True, ids=["hedge"])
async def test_each_side_pays_its_own_funding(desk: Desk) -> None:
    """rules: POS-12, COM-05, EXC-06"""
    start = desk.house.now() - timedelta(seconds=1)
    await desk.exchange.place(desk.account, entry(E1, quantity="10"))
    await desk.exchange.place(desk.account, entry(E2, quantity="5", side=Side.SHORT))
    desk.engine.apply_funding(BTC, Decimal("0.001"), desk.house.now())

    await desk.exchange.place(desk.account, leave(X1, quantity="5", side=Side.SHORT))

    short = await desk.exchange.ending(desk.account, BTC, Side.SHORT, start)
    assert short is not None
    assert short.funding == Decimal("-2.35")
    assert await desk.exchange.ending(desk.account, BTC, Side.LONG, start) is None


async def test_a_liquidation_is_told_as_one(desk: Desk) -> None:
    """rules: POS-10"""
    start = desk.house.now() - timedelta(seconds=1)
    await desk.exchange.place(desk.account, entry(E1, quantity="10"))

    desk.engine.set_price(BTC, Decimal(40_000), desk.house.now())

    ending = await desk.exchange.ending(desk.account, BTC, Side.LONG, start)
    assert ending is not None
    assert ending.liquidated


async def test_what_stands_at_the_venue_is_listed(desk: Desk) -> None:
    """rules: POS-10, ORD-09"""
    await desk.exchange.place(desk.account, entry(E1, quantity="10"))
    await desk.exchange.place(desk.account, attrs.evolve(stop("46000", S1), quantity=Decimal(10)))
    await desk.exchange.place(desk.account, attrs.evolve(target("48000", T1), quantity=Decimal(10)))

    async with desk.pool.of(desk.account) as client:
        standing = await DIALECTS[Venue.OKX].open_orders(client)

    assert {order.client_id for order in standing} == {S1, T1}


async def test_a_stop_stands_the_moment_the_entry_that_carried_it_has_filled(desk: Desk) -> None:
    """rules: ORD-09, POS-11"""
    carried = attrs.evolve(stop("46000", S1), quantity=Decimal(10))

    await desk.exchange.place(desk.account, entry(E1, quantity="10"), [carried])

    there = desk.engine.accounts[desk.account.id].orders[S1]
    found = await desk.exchange.find(desk.account, BTC, S1)
    assert (there.open, there.ticket.trigger, there.quantity) == (True, Decimal(46_000), Decimal(10))
    assert found is not None
    assert (found.client_id, found.state) == (S1, ReportState.LIVE)


@pytest.mark.parametrize(("ending", "covered"), [("filled", "10"), ("cancelled", "4")])
async def test_a_carried_stop_waits_for_the_end_of_its_entry_and_covers_what_filled(
    desk: Desk, ending: str, covered: str
) -> None:
    """rules: ORD-08, ORD-09"""
    carried = attrs.evolve(stop("46000", S1), quantity=Decimal(10))
    desk.house.fraction_of_next = Decimal("0.4")
    await desk.exchange.place(desk.account, entry(E1, quantity="10"), [carried])
    before = await desk.exchange.find(desk.account, BTC, S1)
    with pytest.raises(VenueRefused) as refusal:
        await desk.exchange.place(desk.account, attrs.evolve(carried, quantity=Decimal(4)))

    if ending == "filled":
        desk.house.fill_rest(desk.account.id, E1)
    else:
        await desk.exchange.cancel(desk.account, BTC, E1)

    found = await desk.exchange.find(desk.account, BTC, S1)
    assert before is None
    assert refusal.value.fault is Fault.DUPLICATE_ID
    assert found is not None
    assert found.state is ReportState.LIVE
    assert desk.engine.accounts[desk.account.id].orders[S1].quantity == Decimal(covered)


@pytest.mark.parametrize("fraction", [None, Decimal("0.4")], ids=["whole", "part"])
async def test_a_carried_stop_that_the_price_has_passed_refuses_the_entry_with_it(desk: Desk, fraction: Decimal | None) -> None:
    """rules: ORD-09, EXC-04"""
    desk.house.fraction_of_next = fraction

    with pytest.raises(VenueRefused) as refusal:
        await desk.exchange.place(
            desk.account, entry(E1, quantity="10"), [attrs.evolve(stop("47500", S1), quantity=Decimal(10))]
        )

    assert refusal.value.fault is Fault.PRICE_PASSED
    assert not desk.engine.accounts[desk.account.id].orders


async def test_an_account_in_another_mode_than_we_think_is_a_matter_of_the_mode(desk: Desk) -> None:
    """rules: EXC-04, EXC-06"""
    other = attrs.evolve(desk.account, hedge=not desk.account.hedge)
    await desk.exchange.place(desk.account, entry(E1, quantity="10"))

    with pytest.raises(VenueRefused) as refusal:
        await desk.exchange.place(other, attrs.evolve(stop("46000", S1), quantity=Decimal(10)))

    assert refusal.value.fault is Fault.POSITION_MODE


async def test_the_mode_is_found_wrong_before_anything_is_ordered(desk: Desk) -> None:
    """rules: EXC-04, EXC-06, SIZ-04"""
    with pytest.raises(VenueRefused) as refusal:
        await desk.exchange.place(attrs.evolve(desk.account, hedge=not desk.account.hedge), entry(E1, quantity="10"))

    assert refusal.value.fault is Fault.POSITION_MODE
    assert not desk.engine.accounts[desk.account.id].orders


async def test_a_key_says_what_it_may_do(desk: Desk) -> None:
    """rules: KEY-03, EXC-06"""
    findings = await desk.examine()
    desk.house.issue(attrs.evolve(KEY, withdraws=True, trades=False, addresses=frozenset()))
    other = await desk.examine()

    assert findings == KeyFindings(reads=True, trades=True, withdraws=False, hedge=desk.account.hedge, restricted=True)
    assert (other.trades, other.withdraws, other.restricted) == (False, True, False)


@pytest.mark.parametrize(
    "given", [attrs.evolve(GIVEN, key="no"), attrs.evolve(GIVEN, secret="no"), attrs.evolve(GIVEN, passphrase="no")]
)
async def test_a_key_counts_with_its_secret_and_its_passphrase_only(desk: Desk, given: Credentials) -> None:
    """rules: EXC-03, EXC-04"""
    assert await desk.refused(given) is Fault.AUTH


async def test_a_key_has_an_end_and_its_addresses_and_a_call_has_a_time(desk: Desk) -> None:
    """rules: EXC-03, EXC-04, KEY-03"""
    desk.house.issue(attrs.evolve(KEY, addresses=frozenset({"203.0.113.7"})))
    elsewhere = await desk.refused()
    desk.house.issue(attrs.evolve(KEY, expires_at=desk.house.now()))
    ended = await desk.refused()
    desk.house.issue(KEY)
    desk.house.skew = timedelta(seconds=31)
    late = await desk.refused()

    assert (elsewhere, ended, late) == (Fault.IP_NOT_ALLOWED, Fault.AUTH, Fault.CLOCK)


async def test_a_key_that_only_reads_orders_nothing(desk: Desk) -> None:
    """rules: EXC-04"""
    desk.house.issue(attrs.evolve(KEY, trades=False))

    with pytest.raises(VenueRefused) as refusal:
        await desk.exchange.place(desk.account, entry(E1, quantity="10"))

    assert refusal.value.fault is Fault.PERMISSION


async def test_tiers_are_told_to_everybody(desk: Desk) -> None:
    """rules: SIZ-07"""
    dialect, client = DIALECTS[Venue.OKX], desk.pool.public(MARKET)

    brackets = (await dialect.brackets(client, BTC))[BTC]

    assert [bracket.max_leverage for bracket in brackets] == [50, 20, 10]
    assert brackets[0] == Bracket(Decimal("299_954.0"), 50, Decimal("0.004"))


def _rounded(ending: Ending) -> Ending:
    """Shares of fees and funding are exact here and on eight places there."""
    return attrs.evolve(ending, funding=round(ending.funding, 6), at=ending.at.replace(microsecond=0))
