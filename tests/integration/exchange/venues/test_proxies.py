"""A venue behind an HTTP proxy of its own: calls and streams go through it, and what is behind it is verified."""

import asyncio
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from cbc_adapters.exchange.ccxt.adapter import CcxtExchange
from cbc_adapters.exchange.ccxt.clients import ClientPool
from cbc_adapters.exchange.ccxt.dialects import DIALECTS
from cbc_adapters.exchange.simulated.keys import GivenKeys
from cbc_adapters.exchange.simulated.venues.wires import WIRES
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.venues import Side, Venue
from cbc_domain.ports.exchange import Report, ReportState
from cbc_domain.ports.venue_faults import OutcomeUnknown
from tests.integration.exchange.venues.bench import GIVEN, PATIENCE_S, Desk, opened_desk
from tests.integration.exchange.venues.proxy import Proxy, proxying
from tests.integration.exchange.venues.troubled import E1, S1
from tests.strategies.exchange import BTC, entry, stop

NOWHERE = 9
"""A port that nobody listens at: whoever went past the proxy would meet nobody."""
OWNERS = {Venue.BINANCE: "binance", Venue.BYBIT: "bybit", Venue.OKX: "okx", Venue.BITGET: "bitget"}


def behind(desk: Desk, proxy: Proxy, venue: Venue) -> CcxtExchange:
    """Another adapter at the desk's venue, whose only way there is the proxy."""
    proxy.leads_to = desk.gateway.port
    ways = attrs.evolve(desk.gateway, port=NOWHERE)
    pool = ClientPool(DIALECTS, GivenKeys({desk.account.id: GIVEN}), ways, proxies={venue: proxy.url})
    return CcxtExchange(pool, SystemClock(), allow_live=True)


async def heard(exchange: CcxtExchange, client_id: str) -> Report:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for report in await exchange.changes(10):
                if report.client_id == client_id:
                    return report
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("venue", list(WIRES), ids=str)
async def test_calls_and_streams_go_through_the_proxy_of_their_venue(venue: Venue, tmp_path: Path) -> None:
    """rules: EXC-09"""
    async with opened_desk(venue, tmp_path) as desk, proxying() as proxy:
        exchange = behind(desk, proxy, venue)

        await exchange.follow([desk.account])
        await desk.heard_by_venue()
        placed = await exchange.place(desk.account, entry(E1, "0.01"))
        await exchange.place(desk.account, stop("46000", S1))
        await desk.move(Decimal("45900"))
        fired = await heard(exchange, S1)
        held = await exchange.holding(desk.account, BTC, Side.LONG)
        await exchange.close()

    assert placed.state is ReportState.FILLED
    assert fired.state is ReportState.FILLED
    assert held is None
    assert proxy.asked_for
    assert all(OWNERS[venue] in host for host in proxy.asked_for)


async def test_a_venue_without_a_proxy_does_not_take_another_ones(tmp_path: Path) -> None:
    """rules: EXC-09, EXC-11"""
    async with opened_desk(Venue.BYBIT, tmp_path) as desk, proxying() as proxy:
        exchange = behind(desk, proxy, Venue.OKX)

        with pytest.raises(OutcomeUnknown):
            await exchange.holding(desk.account, BTC, Side.LONG)
        await exchange.close()

    assert proxy.asked_for == set()
