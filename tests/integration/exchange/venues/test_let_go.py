"""Calls that are let go while their connection is being opened harm nobody else's."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cbc_adapters.exchange.ccxt.adapter import CcxtExchange
from cbc_adapters.exchange.ccxt.clients import ClientPool
from cbc_adapters.exchange.ccxt.dialects import DIALECTS
from cbc_adapters.exchange.simulated.keys import GivenKeys
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.venues import Side, Venue
from cbc_domain.ports.exchange import Holding
from tests.integration.exchange.venues.bench import GIVEN, Desk, opened_desk
from tests.strategies.exchange import BTC

ROUNDS = 12
STEP_S = 0.004
"""A handshake takes some tens of milliseconds; each round lets go a step later."""
AT_ONCE = 20


@asynccontextmanager
async def unconnected(desk: Desk) -> AsyncIterator[CcxtExchange]:
    """Another adapter at the desk's venue, which has a connection for the rules alone."""
    pool = ClientPool(DIALECTS, GivenKeys({desk.account.id: GIVEN}), desk.gateway)
    exchange = CcxtExchange(pool, SystemClock(), allow_live=True)
    try:
        await exchange.instrument(desk.account.venue, desk.account.environment, BTC)
        yield exchange
    finally:
        await exchange.close()


def questions(exchange: CcxtExchange, desk: Desk) -> list["asyncio.Task[Holding | None]"]:
    return [asyncio.create_task(exchange.holding(desk.account, BTC, Side.LONG)) for _ in range(AT_ONCE)]


async def test_calls_that_are_let_go_close_no_connection_of_others(tmp_path: Path) -> None:
    """rules: EXC-09, EXC-11

    In seed 138 of the campaign at the venues another event loop gave the descriptor of such a connection away and closed it
    once more when it was forgotten: calls of others broke off, and whoever got it next could not connect any more.
    """
    async with opened_desk(Venue.BYBIT, tmp_path) as desk:
        for number in range(ROUNDS):
            async with unconnected(desk) as hasty, unconnected(desk) as calm:
                asked = questions(hasty, desk)
                await asyncio.sleep(number * STEP_S)
                for question in asked:
                    question.cancel()
                let_go = await asyncio.gather(*asked, return_exceptions=True)
                first = await asyncio.gather(*questions(calm, desk))
                asked.clear()
                let_go.clear()
                gc.collect()
                again = await asyncio.gather(*questions(calm, desk))

            assert first + again == [None] * 2 * AT_ONCE
