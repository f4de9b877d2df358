"""Who trades in a campaign, in a database that every seed copies."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import asyncpg
import attrs

from cbc_adapters.persistence.embedded.server import EmbeddedPostgres
from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.schema import migrate
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.money import BRL, USD, Money
from cbc_domain.kernel.venues import Environment
from cbc_domain.plans.model import PlanCode
from tests.club import Club, open_club

TEMPLATE: Final = "cast_of_members"
PLANS: Final = (PlanCode.PRO_BR, PlanCode.FLEX_BR, PlanCode.PRO_US, PlanCode.FLEX_US)
EQUITIES: Final = ("1000", "2500", "640", "10000", "400", "5200")
RISKS: Final = ("medium", "low", "high")
POOR, REHEARSING = 7, 5
"""Every so-manyth member has too little money to trade live, and every so-manyth trades on paper."""


@attrs.frozen
class Cast:
    """A copied database starts here: `accounts` with their virtual USDT, `secret` of the strategy that all follow."""

    secret: str
    accounts: tuple[tuple[AccountId, Decimal], ...]
    start: datetime


@attrs.frozen
class Server:
    """A PostgreSQL with the cast in it. `url` is its first database."""

    url: str
    cast: Cast

    @asynccontextmanager
    async def copy(self, name: str) -> AsyncIterator[str]:
        """A database for one seed, gone afterwards."""
        await execute(self.url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        try:
            yield named(self.url, name)
        finally:
            await execute(self.url, f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def server_with_cast(folder: Path, members: int, *, durable: bool) -> AsyncIterator[Server]:
    async with EmbeddedPostgres(folder, fsync=durable).start() as url:
        yield Server(url, await engage(url, members))


async def engage(url: str, members: int) -> Cast:
    """Fill the template: members of all plans, poor ones, affiliates, and who only rehearses."""
    await execute(url, f"CREATE DATABASE {TEMPLATE}")
    template = named(url, TEMPLATE)
    await migrate(template)
    engine = open_engine(template, pool_size=4)
    club = await open_club(store=PostgresStore(engine, SystemIdentities()))
    async with club.store() as work:
        await work.configuration.set_switch("coin_block_minutes", 30, "test", "the same coin in the next act", club.clock.now())
        await work.commit()
    accounts = [await _join(club, number) for number in range(1, members + 1)]
    await engine.dispose()
    return Cast(club.secret, tuple(accounts), club.clock.now())


async def _join(club: Club, number: int) -> tuple[AccountId, Decimal]:
    plan = PLANS[number % len(PLANS)]
    currency = BRL if plan.value.endswith("_BR") else USD
    rehearses = number % REHEARSING == 0
    environment = Environment.TESTNET if rehearses else Environment.LIVE
    member = await club.join(
        plan,
        real=Money(1_00 if number % POOR == 0 else 500_00, currency),
        equity=EQUITIES[number % len(EQUITIES)],
        referred_by=club.members[0].id if number % 3 == 0 else None,
        tier=AffiliateTier.VIP if number == 1 else AffiliateTier.NONE,
        wishes={
            "risk_level": RISKS[number % len(RISKS)],
            "max_open_positions": 2 + number % 3,
            **({"trading_mode": environment.value} if rehearses else {}),
        },
        environment=environment,
    )
    account = await club.account(member)
    return account.id, Decimal(EQUITIES[number % len(EQUITIES)])


def named(server_url: str, database: str) -> str:
    return server_url.replace("/postgres?", f"/{database}?")


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
