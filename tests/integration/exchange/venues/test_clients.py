"""What a connected account costs in memory."""

import gc
import tracemalloc
from uuid import UUID

import pytest

from cbc_adapters.exchange.ccxt.clients import ClientPool
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
