"""The private streams of followed accounts: kept open, watched for silence, and taken as hints only."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Final

import attrs

from cbc_adapters.exchange.ccxt.clients import ClientPool, Market
from cbc_adapters.exchange.ccxt.limits import Published
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Symbol, Venue
from cbc_domain.ports.exchange import Report, ReportState
from cbc_domain.risk.model import ExchangeAccount

MOST_UNREAD: Final = 10_000
"""Reports that nobody took yet; the oldest are let go, for what became of an order can always be asked."""
MOST_TOLD: Final = 100_000
"""Orders whose last report is remembered: an account may be followed for months. One that was forgotten is asked for again."""
FIRST_WAIT_S: Final = 0.5
"""Before a stream that ended is opened again; twice as long each time that it says nothing."""
LONGEST_WAIT_S: Final = 30.0
SILENT_S: Final = 600.0
"""A stream that says nothing for so long is opened anew, should it have been forgotten at the other end (POS-10).

ccxt itself ends a connection whose pings stay without an answer. Most accounts have nothing to tell for minutes, and opening a
stream costs some 10 ms of this process: at one minute a thousand quiet ones took half of it, and were never all open.
"""

OPENED_EVERY_S: Final = 0.05
"""Streams are opened one after another: each takes 6 to 14 ms of processor time (TLS, login), which a hundred at once would
take from the orders. A venue lets us open one less often than that (`stream_every_s`)."""
ORDERS_FIRST_S: Final = 0.5
"""How long the next stream waits for orders that are under way: it brings hints, and takes processor time from these."""

ANSWER_WAITS_S: Final = 0.5
"""How long a message waits for the answer to the call that sent its order; one that is lost is not waited for (POS-11)."""

Look = Callable[[ExchangeAccount, Symbol, str], Awaitable[Report | None]]


@attrs.frozen
class _Followed:
    account: ExchangeAccount
    task: asyncio.Task[None]


@attrs.frozen
class _Told:
    """What is known of an order: its last report, or None when a call of ours ended it for sure."""

    account: AccountId
    report: Report | None

    @property
    def complete(self) -> bool:
        """Whether a message about it has nothing to add."""
        return self.report is None or self.report.state is ReportState.FILLED


class Streams:
    """Mutable: streams come and go with the accounts that have something open."""

    def __init__(self, pool: ClientPool, look: Look, published: Mapping[Venue, Published]) -> None:
        self._pool, self._look, self._published = pool, look, published
        self._followed: dict[AccountId, _Followed] = {}
        self._opening = asyncio.Lock()
        self._next_at: dict[Market, float] = {}
        """When the next stream may be opened there."""
        self._unread: deque[Report] = deque(maxlen=MOST_UNREAD)
        self._told: dict[str, _Told] = {}
        """Of orders of followed accounts: several messages often say the same."""
        self._under_way: dict[str, asyncio.Event] = {}

    def take(self, most: int) -> Sequence[Report]:
        return [self._unread.popleft() for _ in range(min(most, len(self._unread)))]

    async def told_by(self, client_id: str, call: Awaitable[Report]) -> Report:
        """Let messages about an order wait for the call that sends it; of what that told as filled they have nothing to add."""
        with self._waited_for(client_id):
            report = await call
        self._remember(client_id, _Told(report.account, report))
        return report

    async def ended_by(self, account: AccountId, client_id: str, call: Awaitable[bool]) -> bool:
        """The same for a call that cancels an order: where it ended it for sure, messages have nothing to add."""
        with self._waited_for(client_id):
            ended = await call
        if ended:
            self._remember(client_id, _Told(account, None))
        return ended

    def follow(self, accounts: Collection[ExchangeAccount]) -> None:
        """Keep a stream for each of these and end all others."""
        wanted = {account.id: account for account in accounts}
        self._told = {client_id: told for client_id, told in self._told.items() if told.account in wanted}
        for gone in self._followed.keys() - wanted.keys():
            self._followed.pop(gone).task.cancel()
        for new in wanted.keys() - self._followed.keys():
            task = asyncio.get_running_loop().create_task(self._keep(wanted[new]))
            self._followed[new] = _Followed(wanted[new], task)

    async def close(self) -> None:
        tasks = [followed.task for followed in self._followed.values()]
        self._followed.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, account: ExchangeAccount) -> None:
        wait = FIRST_WAIT_S
        while True:
            await self._turn((account.venue, account.environment))
            heard = asyncio.Event()
            listening = asyncio.create_task(self._listen(account, heard))
            try:
                while await _speaks(listening, heard):
                    wait = FIRST_WAIT_S
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_S)

    async def _turn(self, market: Market) -> None:
        now = monotonic()
        at = max(now, self._next_at.get(market, now))
        self._next_at[market] = at + self._published[market[0]].stream_every_s
        await asyncio.sleep(at - now)
        async with self._opening:
            await asyncio.sleep(OPENED_EVERY_S)
            latest = monotonic() + ORDERS_FIRST_S
            while self._under_way and monotonic() < latest:
                await asyncio.sleep(OPENED_EVERY_S)

    async def _listen(self, account: ExchangeAccount, heard: asyncio.Event) -> None:
        # The client tells nobody what comes while nobody waits for it: looking an order up must not keep us from listening.
        named: asyncio.Queue[tuple[Symbol, str]] = asyncio.Queue()

        def tell(symbol: Symbol, client_id: str) -> None:
            heard.set()
            named.put_nowait((symbol, client_id))

        async with self._pool.streaming(account) as client:
            looking = asyncio.create_task(self._look_up(account, named))
            try:
                await self._pool.dialect(account.venue).listen(client, tell)
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)

    async def _look_up(self, account: ExchangeAccount, named: "asyncio.Queue[tuple[Symbol, str]]") -> None:
        while True:
            first = await named.get()
            # Several messages about one order are one question.
            waiting = dict.fromkeys([first, *(named.get_nowait() for _ in range(named.qsize()))])
            for symbol, client_id in waiting:
                if (sending := self._under_way.get(client_id)) is not None:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(sending.wait(), ANSWER_WAITS_S)
                known = self._told.get(client_id)
                if known is not None and known.complete:
                    continue
                report = await self._look(account, symbol, client_id)
                if report is not None and (known is None or report != known.report):
                    self._remember(client_id, _Told(account.id, report))
                    self._unread.append(report)

    @contextmanager
    def _waited_for(self, client_id: str) -> Iterator[None]:
        done = self._under_way[client_id] = asyncio.Event()
        try:
            yield
        finally:
            self._under_way.pop(client_id, None)
            done.set()

    def _remember(self, client_id: str, told: _Told) -> None:
        if told.account not in self._followed:
            return
        self._told[client_id] = told
        if len(self._told) > MOST_TOLD:
            del self._told[next(iter(self._told))]


async def _speaks(listening: asyncio.Task[None], heard: asyncio.Event) -> bool:
    """Wait until the stream spoke (True), ended or was silent for too long."""
    heard.clear()
    waiting = asyncio.create_task(heard.wait())
    try:
        await asyncio.wait({listening, waiting}, timeout=SILENT_S, return_when=asyncio.FIRST_COMPLETED)
        return heard.is_set() and not listening.done()
    finally:
        waiting.cancel()
