"""The simulated venues in a process of their own, and a club whose members have their keys there."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
from sqlalchemy import text

from cbc_adapters.exchange.ccxt.wiring import Gateway
from cbc_adapters.exchange.simulated.venues.issued import NumberedAccount, issued_key
from cbc_adapters.exchange.simulated.venues.simulation import PRICE_EVERY_S
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.persistence.keys import StoredKey
from cbc_domain.risk.credentials import Credentials, bound_to, fingerprint, packed
from cbc_domain.risk.keys import KeyFindings, first_health
from cbc_entrypoints.live import Live
from cbc_entrypoints.settings import Settings
from tests.bench.processes import Running, running
from tests.bench.venue_process import READY, SEED

_FOUND = KeyFindings(reads=True, trades=True, withdraws=False, hedge=False)
_PEPPER = b"measured"


@attrs.frozen
class Floor:
    """The simulated venues, how to get there, and the keys of its accounts at one venue, live."""

    process: Running
    gateway: Gateway
    keys: Sequence[Credentials]
    seen: Path

    def streams(self) -> int:
        """How many accounts had a private stream open a second ago."""
        return self._seen("streams")

    async def calls(self) -> int:
        """How many calls about balances, positions and orders came until now; it takes as long as they are written down."""
        await asyncio.sleep(2 * PRICE_EVERY_S)
        return self._seen("calls")

    def _seen(self, what: str) -> int:
        return int(json.loads(self.seen.read_text())[what])

    def settings(self, folder: Path, database_url: str) -> Settings:
        """Of a platform that trades there."""
        return Settings(
            data_dir=folder,
            database_url=database_url,
            log_level="warning",
            live_trading=True,
            exchange_gateway=f"{self.gateway.host}:{self.gateway.port}",
            exchange_ca_file=self.gateway.ca_file,
        )


@asynccontextmanager
async def venue_floor(venue: Venue, accounts: int) -> AsyncIterator[Floor]:
    """Accounts that have traded nothing yet."""
    command = [sys.executable, "-m", "tests.bench.venue_process", str(accounts)]
    async with running(command, READY, os.environ) as process:
        told = json.loads(process.told)
        host, _, port = told["gateway"].rpartition(":")
        issued = [issued_key(NumberedAccount(venue, Environment.LIVE, number, SEED)) for number in range(1, accounts + 1)]
        keys = [Credentials(one.key, one.secret, one.passphrase) for one in issued]
        yield Floor(process, Gateway(host, int(port), Path(told["ca_file"])), keys, Path(told["seen"]))


async def give_keys(here: Live, keys: Sequence[Credentials]) -> None:
    """Give every member's account the key of one account at the venue."""
    platform = here.platform
    async with here.engine.connect() as connection:
        ids = (await connection.execute(text("SELECT id FROM exchange_accounts ORDER BY id"))).scalars().all()
    sealer, health = platform.sealer(), first_health(_FOUND, platform.clock().now())
    async with platform.store()() as work:
        accounts = (await work.people.connected([AccountId(one) for one in ids])).values()
        for account, key in zip(accounts, keys, strict=True):
            sealed = sealer.seal(packed(key), bound_to(account))
            await work.keys.add(StoredKey(account.id, sealed, fingerprint(_PEPPER, account.venue, key.key), health))
        await work.commit()
