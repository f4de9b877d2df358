"""Bitget through unmodified ccxt, over TLS, against the simulated venue."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from cbc_adapters.exchange.ccxt.clients import ClientPool
from cbc_adapters.exchange.ccxt.dialect import Client
from cbc_adapters.exchange.ccxt.dialects import DIALECTS
from cbc_adapters.exchange.ccxt.dialects.bitget.dialect import BitgetDialect
from cbc_adapters.exchange.ccxt.translate import milliseconds
from cbc_adapters.exchange.ccxt.wiring import Gateway
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.keys import GivenKeys
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.exchange.simulated.venues.bitget import BitgetWire
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.server import VenueServer, serving
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.venues import Environment, Side, Venue
from cbc_domain.ports.exchange import OpenOrder
from cbc_domain.ports.venue_keys import KeyFindings
from tests.integration.exchange.venues.bench import GIVEN, VenuePromises
from tests.promises.exchange import E1, S1, X1
from tests.strategies.exchange import BTC, FIRST, PRICE, entry, instrument, leave, stop


class TestBitget(VenuePromises):
    """rules: EXC-01"""

    venue = Venue.BITGET


@attrs.frozen
class Both:
    """The live and the demo venue, both in hedge mode, and a pool of clients of them."""

    houses: Mapping[Environment, House]
    pool: ClientPool

    def house(self, environment: Environment = Environment.LIVE) -> House:
        return self.houses[environment]


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Both]:
    clock = SystemClock()
    houses = {}
    for environment in Environment:
        engine = SimulatedVenue(DEMONSTRATION)
        engine.open_account(FIRST, Decimal(10_000), clock.now(), hedge=True)
        engine.set_price(BTC, PRICE, clock.now() - timedelta(seconds=1))
        houses[environment] = House(Venue.BITGET, environment, engine, clock)
        houses[environment].issue(IssuedKey("key", "secret", "passphrase", FIRST))
    server = VenueServer([BitgetWire()], {(Venue.BITGET, each): house for each, house in houses.items()}, clock)
    async with serving(server, tmp_path) as served:
        pool = ClientPool(DIALECTS, GivenKeys({}), Gateway("127.0.0.1", served.port, served.ca_file))
        try:
            yield Both(houses, pool)
        finally:
            await pool.close()


@pytest.fixture
async def client(both: Both) -> AsyncIterator[Client]:
    async with both.pool.with_key((Venue.BITGET, Environment.LIVE), GIVEN) as client:
        yield client


def now() -> datetime:
    return datetime.now(UTC)


async def test_a_key_is_examined_without_touching_anything(client: Client) -> None:
    """rules: KEY-03, EXC-06"""
    findings = await BitgetDialect().examine(client)

    assert findings == KeyFindings(reads=True, trades=True, withdraws=False, hedge=True, restricted=False)


async def test_a_demo_key_reaches_the_demo_venue_alone(both: Both) -> None:
    """rules: EXC-10, KEY-03"""
    both.house(Environment.TESTNET).engine.deposit(FIRST, Decimal(5), now())

    async with both.pool.with_key((Venue.BITGET, Environment.TESTNET), GIVEN) as client:
        balance = await BitgetDialect().balance(client)
        findings = await BitgetDialect().examine(client)

    assert balance.equity == Decimal(10_005)
    assert findings.withdraws is None


async def test_leverage_is_set_for_both_sides_and_once(both: Both, client: Client) -> None:
    """rules: SIZ-04"""
    dialect, chosen = BitgetDialect(), both.house().choices(FIRST, BTC)

    await dialect.prepare(client, instrument(), Side.LONG, 7, hedge=True)
    both.house().engine.place(FIRST, entry(), now())
    await dialect.prepare(client, instrument(), Side.SHORT, 7, hedge=True)

    assert (chosen.leverage, chosen.isolated) == (7, True)


async def test_tiers_are_told_to_everybody(both: Both) -> None:
    """rules: SIZ-07"""
    public = both.pool.public((Venue.BITGET, Environment.LIVE))

    tiers = await BitgetDialect().brackets(public, BTC)

    assert [tier.max_leverage for tier in tiers[BTC]] == [50, 20, 10]


async def test_what_stands_at_the_venue_is_listed_with_its_plans(both: Both, client: Client) -> None:
    """rules: POS-10"""
    engine = both.house().engine
    engine.place(FIRST, entry(E1), now(), fraction=Decimal("0.5"))
    engine.place(FIRST, stop("46000", S1), now())

    standing = await BitgetDialect().open_orders(client)

    assert standing == [OpenOrder(BTC, E1), OpenOrder(BTC, S1)]


async def test_a_result_counts_fees_and_funding(both: Both, client: Client) -> None:
    """rules: COM-05, POS-12"""
    engine, began = both.house().engine, now()
    engine.place(FIRST, entry(E1), now())
    engine.apply_funding(BTC, Decimal("0.0001"), now())
    engine.set_price(BTC, Decimal(47_500), now())
    engine.place(FIRST, leave(X1), now())

    [closed] = await BitgetDialect().closings(client, instrument(), Side.LONG, began, now(), funded=True)

    assert closed.ending.funding == Decimal("0.47")
    assert closed.net == engine.accounts[FIRST].closings[0].net


async def test_money_moved_in_is_told_apart_from_results(both: Both, client: Client) -> None:
    """rules: RSK-03"""
    engine, began = both.house().engine, now()
    engine.place(FIRST, entry(E1), now())
    engine.apply_funding(BTC, Decimal("0.0001"), now())
    engine.deposit(FIRST, Decimal(250), now())
    engine.deposit(FIRST, Decimal(-40), now())
    engine.place(FIRST, leave(X1), now())

    told = await BitgetDialect().transfers(client, milliseconds(began))

    assert {moved.amount for moved in told} == {Decimal(250), Decimal(-40)}


async def test_the_stop_that_came_with_an_entry_is_taken_back_by_the_venues_own_id(both: Both, client: Client) -> None:
    """rules: ORD-09, POS-11"""
    product, symbol = {"productType": "USDT-FUTURES"}, {"symbol": "BTCUSDT"}
    isolated = {"marginMode": "isolated", "marginCoin": "USDT", "orderType": "market", "size": "0.1"}
    opened = {"side": "buy", "tradeSide": "open", "clientOid": E1, "presetStopLossPrice": "46000"}
    asked = {**product, **symbol, "planType": "profit_loss"}

    await client.privateMixPostV2MixOrderPlaceOrder({**product, **symbol, **isolated, **opened})
    [plan] = (await client.privateMixGetV2MixOrderOrdersPlanPending(asked))["data"]["entrustedList"]
    one = {"planType": "loss_plan", "orderIdList": [{"orderId": plan["orderId"]}]}
    done = await client.privateMixPostV2MixOrderCancelPlanOrder({**product, **symbol, **one})

    [over] = (await client.privateMixGetV2MixOrderOrdersPlanHistory(asked))["data"]["entrustedList"]
    assert (plan["planType"], plan["triggerPrice"], plan["planStatus"]) == ("loss_plan", "46000", "live")
    assert done["data"]["failureList"] == []
    assert (over["orderId"], over["planStatus"]) == (plan["orderId"], "cancelled")
    assert both.house().engine.accounts[FIRST].positions
