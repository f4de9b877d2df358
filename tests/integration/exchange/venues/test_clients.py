"""What a connected account costs in memory, and when it is let go."""

import gc
import tracemalloc
import weakref
from uuid import UUID

import pytest

from cbc_adapters.exchange.ccxt.clients import IDLE_S, ClientPool
from cbc_adapters.exchange.ccxt.dialects import DIALECTS
from cbc_adapters.exchange.simulated.keys import GivenKeys
from cbc_adapters.exchange.simulated.venues.wires import WIRES
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Venue
from tests.integration.exchange.venues.bench import GIVEN
from tests.strategies.exchange import exchange_account

MOST_KB = 100
FIRST, *MORE = (AccountId(UUID(int=number)) for number in range(1, 7))


@pytest.mark.parametrize("venue", list(WIRES), ids=str)
async def test_a_client_more_takes_a_tenth_of_a_megabyte(venue: Venue) -> None:
    pool = ClientPool(DIALECTS, GivenKeys(dict.fromkeys([FIRST, *MORE], GIVEN)))
    async with pool.of(exchange_account(FIRST, venue=venue)):
        pass
    gc.collect()
    tracemalloc.start()

    for account in MORE:
        async with pool.of(exchange_account(account, venue=venue)):
            pass
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    await pool.close()

    assert kept / len(MORE) < MOST_KB * 1024


async def test_a_client_that_nobody_uses_is_let_go_though_an_older_one_is_used() -> None:
    now = 0.0
    older, idle, other = FIRST, *MORE[:2]
    pool = ClientPool(DIALECTS, GivenKeys(dict.fromkeys([older, idle, other], GIVEN)), ticks=lambda: now)

    async def used(account: AccountId) -> weakref.ref[object]:
        async with pool.of(exchange_account(account, venue=Venue.BINANCE)) as client:
            return weakref.ref(client)

    kept, gone = await used(older), await used(idle)
    now = IDLE_S / 2
    await used(older)
    now = IDLE_S + 1
    await used(other)
    gc.collect()

    assert kept() is not None
    assert gone() is None
    await pool.close()
