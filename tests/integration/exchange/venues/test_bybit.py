"""Bybit through unmodified ccxt, over TLS, against the simulated venue."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cbc_domain.kernel.venues import Venue
from tests.integration.exchange.venues.bench import venue_bench
from tests.promises.exchange import ExchangePromises, VenueBench


class TestBybit(ExchangePromises):
    """rules: EXC-01"""

    @pytest.fixture(params=[False, True], ids=["one-way", "hedge"])
    async def bench(self, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VenueBench]:
        async with venue_bench(Venue.BYBIT, tmp_path, hedge=request.param) as bench:
            yield bench
