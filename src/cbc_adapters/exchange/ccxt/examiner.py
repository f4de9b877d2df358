"""A look at what a key may do, before anybody trusts it (KEY-03)."""

import ccxt as vendor

from cbc_adapters.exchange.ccxt.clients import ClientPool
from cbc_adapters.exchange.ccxt.errors import translated
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.venue_keys import Credentials, KeyFindings


class CcxtExaminer:
    """Each look has a client of its own, which forgets the key when it is over."""

    def __init__(self, pool: ClientPool) -> None:
        self._pool = pool

    async def examine(self, venue: Venue, environment: Environment, credentials: Credentials) -> KeyFindings:
        dialect = self._pool.dialect(venue)
        async with self._pool.with_key((venue, environment), credentials) as client:
            try:
                return await dialect.examine(client)
            except vendor.BaseError as error:
                raise translated(error, dialect.venue, dialect.faults, dialect.doubtful) from None
