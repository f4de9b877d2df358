"""Open what the platform runs on: database, exchange, clock, keys; and close it again in the opposite order."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from socket import gethostname
from typing import TYPE_CHECKING

import attrs

from cbc_adapters.cache.memory.throttle import MemoryThrottle
from cbc_adapters.cache.redis.throttle import RedisThrottle
from cbc_adapters.exchange.routed.exchange import RoutedExchange
from cbc_adapters.exchange.simulated.keys import GivenFindings
from cbc_adapters.notifications.log.letters import LogLetters
from cbc_adapters.persistence.embedded.server import EmbeddedPostgres
from cbc_adapters.persistence.postgres.engine import Engine, open_engine
from cbc_adapters.persistence.postgres.errands import PostgresErrands
from cbc_adapters.persistence.postgres.presence import Presence
from cbc_adapters.persistence.postgres.privileges import APP_ROLE, Prepared
from cbc_adapters.persistence.postgres.schema import migrate
from cbc_adapters.persistence.postgres.teller import PostgresTeller
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.security.standard.key_ring import SealedKeyRing
from cbc_adapters.security.standard.passwords import Argon2Passwords
from cbc_adapters.security.standard.secrets import Vault
from cbc_adapters.security.standard.tokens import JwtAccessTokens
from cbc_adapters.system.real.calls import LoopCalls
from cbc_adapters.system.real.clock import SystemClock
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_adapters.system.real.together import LoopTogether
from cbc_domain.kernel.errors import Unavailable
from cbc_domain.kernel.venues import Venue
from cbc_domain.ports.cache import Throttle
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.system import Clock, Identities
from cbc_entrypoints.containers import Platform
from cbc_entrypoints.settings import Settings
from cbc_entrypoints.venues import Venues

if TYPE_CHECKING:
    from cbc_adapters.exchange.ccxt.limits import Published


@attrs.frozen
class Live:
    """An opened platform: its graph, what its workers do for processes that open no key, and the engine that jobs and
    migrations need directly. `venues` are those that are traded at; None where paper stands for all of them.
    """

    platform: Platform
    errands: PostgresErrands
    engine: Engine
    database_url: str
    venues: Venues | None

    async def get_ready(self) -> None:
        """Open the venues of all accounts there are: whoever takes a task first must not begin with that (POS-11)."""
        if self.venues is not None:
            async with self.platform.store()() as work:
                markets = await work.people.markets()
            self.venues.get_ready(markets)


@asynccontextmanager
async def database(settings: Settings, *, durable: bool = True, attach: bool = False) -> AsyncIterator[str]:
    """The URL of the database: the one given, else a PostgreSQL of our own in the data directory.

    `durable` False switches fsync off, for throw-away data only; `attach` True takes the server of another program that
    runs on the directory, for as long as that one runs. Raises Unavailable or a data directory error.
    """
    if settings.database_url:
        yield settings.database_url
        return
    async with AsyncExitStack() as stack:
        yield await _embedded(EmbeddedPostgres(settings.data_dir, fsync=durable), stack, attach=attach)


async def _embedded(server: EmbeddedPostgres, stack: AsyncExitStack, *, attach: bool) -> str:
    try:
        return await stack.enter_async_context(server.start())
    except Unavailable as fault:
        running = server.running_url() if attach and fault.code == "data_dir_in_use" else None
        if running is None:
            raise
        return running


@asynccontextmanager
async def live(
    settings: Settings,
    paper: Exchange,
    *,
    clock: Clock | None = None,
    identities: Identities | None = None,
    durable: bool = True,
    everywhere: bool = False,
    attach: bool = False,
    published: "Mapping[Venue, Published] | None" = None,
) -> AsyncIterator[Live]:
    """Open everything, schema at head; close it in the opposite order, also after a failure.

    Accounts of a venue trade there, all others on `paper`. With `everywhere` the paper exchange stands for every venue, and
    live keys reach nothing else: that is for demonstrations. `attach` as in `database`.
    With `published` other limits are kept than the venues' own: that is for measuring against simulated ones.
    """
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(database(settings, durable=durable, attach=attach))
        prepared = await migrate(url)
        # Who may change the schema works without the right to change history (LED-05).
        engine = open_engine(url, role=APP_ROLE if prepared is Prepared.ACTS else None)
        stack.push_async_callback(engine.dispose)
        beside = open_engine(url, pool_size=1, role=APP_ROLE if prepared is Prepared.ACTS else None)
        stack.push_async_callback(beside.dispose)
        presence = Presence(beside)
        stack.push_async_callback(presence.end)
        throttle = await _throttle(settings, stack)
        clock, identities = clock or SystemClock(), identities or SystemIdentities()
        store, vault = PostgresStore(engine, identities, presence), _vault(settings)
        errands = PostgresErrands(engine, identities)
        ring = SealedKeyRing(store, vault, clock, identities, process=f"{gethostname()}:{os.getpid()}")
        stack.push_async_callback(ring.close)
        venues = Venues(settings, ring, clock, allow_live=settings.live_trading, published=published)
        stack.push_async_callback(venues.close)
        platform = Platform(
            store=store,
            teller=PostgresTeller(engine, identities),
            exchange=paper if everywhere else RoutedExchange(paper, venues.exchange),
            clock=clock,
            identities=identities,
            together=LoopTogether(),
            calls=LoopCalls,
            throttle=throttle,
            passwords=Argon2Passwords(),
            tokens=JwtAccessTokens(settings.signing_key()),
            sealer=vault,
            letters=LogLetters(settings.data_dir / "letters.jsonl"),
            key_ring=ring,
            executor=errands,
            examiner=GivenFindings({}) if everywhere else venues,
            outgoing_addresses=settings.outgoing_addresses,
            process_allows_live=everywhere or settings.live_trading,
        )
        yield Live(platform, errands, engine, url, None if everywhere else venues)


def _vault(settings: Settings) -> Vault:
    keys = settings.sealing_keys()
    return Vault(dict(keys), current=keys[0][0])


async def _throttle(settings: Settings, stack: AsyncExitStack) -> Throttle:
    if settings.redis_url is None:
        return MemoryThrottle()
    return await stack.enter_async_context(RedisThrottle.connect(settings.redis_url))
