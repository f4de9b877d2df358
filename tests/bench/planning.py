"""What one signal costs to plan for 100 to 100,000 members: statements, time and memory."""

import json
import resource
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Final

import attrs
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_adapters.exchange.simulated.adapter import SimulatedExchange
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_domain.kernel.ids import AccountId, SignalId
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.sizes import AccountReading
from cbc_entrypoints.containers import Platform
from tests.bench.filled_books import own_database
from tests.bench.table import Row, Size, Table
from tests.bench.traders import allow_longs, open_business
from tests.club import BTC, PRICE, START, platform_of
from tests.integration.postgres.counting import counted

MEMBERS: Final = {Size.QUICK: (100, 1_000), Size.FULL: (100, 1_000, 10_000, 100_000)}

# Everything the first member has, for as many as are wanted: he was made by the platform itself.
_COPIES: Final = (
    """CREATE TEMP TABLE copies ON COMMIT DROP AS
    SELECT uuidv7() AS member, uuidv7() AS account, number FROM generate_series(2, CAST(:members AS int)) AS number""",
    """INSERT INTO members SELECT copy.* FROM members AS first, copies, LATERAL jsonb_populate_record(
        first, jsonb_build_object('id', member, 'email', number || '@bench.invalid', 'affiliate_code', NULL)) AS copy""",
    """INSERT INTO member_settings SELECT copies.member, version, wishes, changed_at FROM member_settings, copies""",
    """INSERT INTO subscriptions SELECT copies.member, strategy FROM subscriptions, copies""",
    """INSERT INTO exchange_accounts SELECT copy.* FROM exchange_accounts AS first, copies, LATERAL jsonb_populate_record(
        first, jsonb_build_object('id', copies.account, 'member', copies.member)) AS copy""",
    """INSERT INTO ledger_accounts (kind, owner, currency, member, balance)
    SELECT kind, copies.member, currency, copies.member, balance FROM ledger_accounts, copies
    WHERE kind = 'member_real' AND currency = 'BRL'""",
)


class Rich(SimulatedExchange):
    """Tells of every account that it has 1,000 USDT, and remembers none of them: what is measured is the platform."""

    async def readings(self, accounts: Sequence[ExchangeAccount]) -> Mapping[AccountId, AccountReading]:
        now, thousand = self._clock.now(), Decimal(1000)
        return {one.id: AccountReading(one.id, thousand, thousand, Decimal(0), now) for one in accounts}


@attrs.frozen
class Business:
    """A club on a database of its own, whose members have heard of no signal yet."""

    platform: Platform
    engine: AsyncEngine
    clock: SteppedClock
    secret: str

    async def signal(self) -> SignalId:
        """A strong long of BTC that was taken in and is not decided yet."""
        fired = f"{self.clock.now():%Y-%m-%d %H:%M:%S}"
        body = {"ticker": BTC, "signal": "SINAL LONG FORTE", "time": fired, "close": str(PRICE), "rsi_15": "55"}
        receipt = await self.platform.receive_signal()(json.dumps(body).encode(), self.secret)
        return receipt.signal


async def measure(size: Size) -> Table:
    """Each size on a database of its own; memory is the process's own high-water mark, so sizes go up."""
    rows = [await _row(members) for members in MEMBERS[size]]
    first = rows[0]["ms per 1,000 members"]
    assert isinstance(first, float)
    return Table(
        "Planning: one signal becomes every member's position, orders and task",
        rows,
        [
            "From the decision to the last page's commit, PostgreSQL with fsync on, all on one machine; every member trades.",
            "A page is 1,000 members; statements and time grow with the pages, memory with none of them.",
        ],
    )


async def _row(members: int) -> Row:
    async with business_of(members) as business:
        signal, before = await business.signal(), _peak_mb()
        with counted(business.engine) as count:
            began = time.monotonic()
            await business.platform.plan_orders()(signal)
            took = time.monotonic() - began
        ordered = await _ordered(business.engine)
    if ordered != members:
        raise RuntimeError(f"expected {members} members to trade, was {ordered}")
    return {
        "members": members,
        "statements": count.value,
        "per 1,000 members": count.value / members * 1000,
        "seconds": took,
        "ms per 1,000 members": took / members * 1_000_000,
        "peak MB": _peak_mb(),
        "grown MB": _peak_mb() - before,
    }


@asynccontextmanager
async def business_of(members: int, *, fsync: bool = True) -> AsyncIterator[Business]:
    """A club of this many members who all may trade live, in a market that allows longs."""
    async with own_database(fsync=fsync) as engine:
        clock, venue = SteppedClock(START), SimulatedVenue(DEMONSTRATION)
        venue.set_price(BTC, PRICE, START)
        identities = SystemIdentities()
        platform = platform_of(PostgresStore(engine, identities), Rich(venue, clock), clock, identities)
        secret = await open_business(platform, 1)
        await allow_longs(platform)
        await multiply(engine, members)
        yield Business(platform, engine, clock, secret)


async def multiply(engine: AsyncEngine, members: int) -> None:
    """Copy the only member until there are so many, by set-based statements, and let the planner know."""
    async with engine.begin() as connection:
        for copy in _COPIES:
            await connection.execute(text(copy), {"members": members} if ":members" in copy else {})
    async with engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))


async def _ordered(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT count(*) FROM decisions WHERE outcome = 'ordered'"))
        return int(found.scalar_one())


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
