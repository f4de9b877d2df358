"""One ccxt client for each account, all of a venue over one session; keys are in them only while a call needs them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from types import MappingProxyType
from typing import Final
from weakref import WeakSet

import attrs
from aiohttp import ClientSession

from cbc_adapters.exchange.ccxt.copies import copied, ready_to_stream
from cbc_adapters.exchange.ccxt.dialect import Client, Dialect
from cbc_adapters.exchange.ccxt.wiring import CALL_S, CONNECTIONS, Gateway, open_session, trust
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.venue_keys import Credentials, KeyRing
from cbc_domain.risk.model import ExchangeAccount

IDLE_S: Final = 600.0
"""A client that nobody used for so long is let go."""

LOOK_S: Final = 0.01

Market = tuple[Venue, Environment]


@attrs.define
class _Lent:
    """A client and how many calls have it now; mutable because it is lent and given back."""

    client: Client
    borrowers: int = 0
    used_at: float = 0.0


class ClientPool:
    """Mutable: it opens what is asked for and closes what is idle. Calls share so many `connections` to a venue.

    A venue of `proxies` is reached through its HTTP proxy (EXC-09), every other one through the gateway, if there is one.
    `ticks` are seconds of a clock that never goes back.
    """

    def __init__(
        self,
        dialects: Mapping[Venue, Dialect],
        ring: KeyRing,
        gateway: Gateway | None = None,
        connections: int = CONNECTIONS,
        proxies: Mapping[Venue, str] = MappingProxyType({}),
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        self._dialects, self._ring, self._gateway, self._connections = dialects, ring, gateway, connections
        self._proxies, self._ticks = proxies, ticks
        self._trust = trust(gateway)
        self._sessions: dict[Market, ClientSession] = {}
        self._streams: dict[Market, ClientSession] = {}
        self._lent: dict[AccountId, _Lent] = {}
        self._patterns: dict[Market, Client] = {}
        self._public: dict[Market, Client] = {}
        self._made_for: dict[Market, WeakSet[Client]] = {}
        self._difference_ms: dict[Market, int] = {}

    def set_difference(self, market: Market, ms: int) -> None:
        """Let every client of this market, the streaming ones too, take so much from our time before it signs (EXC-07)."""
        self._difference_ms[market] = ms
        for client in self._made_for.get(market, ()):
            client.options["timeDifference"] = ms

    def dialect(self, venue: Venue) -> Dialect:
        return self._dialects[venue]

    def public(self, market: Market) -> Client:
        """A client without a key, for what a venue tells everybody."""
        if market not in self._public:
            self._public[market] = self._made(market)
        return self._public[market]

    @asynccontextmanager
    async def of(self, account: ExchangeAccount) -> AsyncIterator[Client]:
        """The client of an account with its key in it; the key is taken out when the last borrower is done (KEY-08)."""
        self._let_go_of_idle()
        lent = self._lent.pop(account.id, None) or _Lent(self._made((account.venue, account.environment)))
        # Whoever is used last stands last: what is idle is found at the front, however many there are.
        self._lent[account.id] = lent
        lent.borrowers += 1
        try:
            if not lent.client.apiKey:
                unlock(lent.client, await self._ring.credentials(account))
            yield lent.client
        finally:
            lent.borrowers -= 1
            lent.used_at = self._ticks()
            if not lent.borrowers:
                lock(lent.client)

    @asynccontextmanager
    async def with_key(self, market: Market, credentials: Credentials) -> AsyncIterator[Client]:
        """A client for one examination of a key that belongs to nobody yet."""
        client = self._made(market)
        unlock(client, credentials)
        try:
            yield client
        finally:
            await _closed(client)

    @asynccontextmanager
    async def streaming(self, account: ExchangeAccount) -> AsyncIterator[Client]:
        """A client for one private stream, with its key in it for as long as the stream lives."""
        market = (account.venue, account.environment)
        async with self.with_key(market, await self._ring.credentials(account)) as client:
            public = self.public(market)
            await public.load_markets()
            # A stream holds a connection for as long as it lives: among those of the calls, 200 of them would end all calls.
            client.session = self._session_of(self._streams, market, None)
            try:
                with ready_to_stream(client, public):
                    yield client
            finally:
                await _connected(client)

    async def close(self) -> None:
        for client in (*self._public.values(), *(lent.client for lent in self._lent.values())):
            await _closed(client)
        for pattern in self._patterns.values():
            pattern.session = None
        self._public.clear()
        self._lent.clear()
        self._patterns.clear()
        for sessions in (self._sessions, self._streams):
            for session in sessions.values():
                await session.close()
            sessions.clear()

    def _made(self, market: Market) -> Client:
        if market not in self._patterns:
            self._patterns[market] = self._built(market)
        client = copied(self._patterns[market])
        client.options["timeDifference"] = self._difference_ms.get(market, 0)
        self._made_for.setdefault(market, WeakSet()).add(client)
        return client

    def _built(self, market: Market) -> Client:
        # ccxt takes half a second and 100 MB to import: whoever trades on paper alone never pays for it.
        import ccxt.pro as vendor  # noqa: PLC0415 - lazily, for that reason

        # It writes whole requests to its log at DEBUG, signature and key included (KEY-08).
        logging.getLogger("ccxt").setLevel(logging.INFO)
        venue, environment = market
        dialect = self._dialects[venue]
        session = self._session_of(self._sessions, market, self._connections)
        settings = {"session": session, "enableRateLimit": False, "timeout": CALL_S * 1000}
        client = getattr(vendor, dialect.ccxt_id)(settings | dict(dialect.settings(environment)))
        client.ssl_context = self._trust
        # A quarter of a second for each client that is closed, for a session of its own to wind up: ours is the pool's.
        client.timeout_on_exit = 0
        # A private stream says little, and two windows to compress it in take 300 kB for each connection.
        client.options["ws"] = {**client.options.get("ws", {}), "compress": 0}
        dialect.enter_environment(client, environment)
        lock(client)
        return client

    def _session_of(self, sessions: dict[Market, ClientSession], market: Market, connections: int | None) -> ClientSession:
        if market not in sessions:
            sessions[market] = open_session(self._gateway, self._trust, connections, self._proxies.get(market[0]))
        return sessions[market]

    def _let_go_of_idle(self) -> None:
        before = self._ticks() - IDLE_S
        while self._lent:
            account, lent = next(iter(self._lent.items()))
            if lent.borrowers or lent.used_at > before:
                return
            del self._lent[account]
            lent.client.session = None


def unlock(client: Client, credentials: Credentials) -> None:
    client.apiKey, client.secret, client.password = credentials.key, credentials.secret, credentials.passphrase


def lock(client: Client) -> None:
    client.apiKey = client.secret = client.password = ""


async def _connected(client: Client) -> None:
    """Wait for connections that are still being made: ccxt closes none of these, and they would stay open for ever."""
    began = monotonic()
    while any(one.connecting for one in client.clients.values()) and monotonic() - began < CALL_S:
        await asyncio.sleep(LOOK_S)


async def _closed(client: Client) -> None:
    lock(client)
    await client.close()
    client.session = None
