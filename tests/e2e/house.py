"""The whole platform behind its HTTP API, on a real PostgreSQL, with the simulated exchange and a stepped clock."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Final

import attrs
import httpx
import msgspec
from litestar import Litestar
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_adapters.cache.memory.throttle import MemoryThrottle
from cbc_adapters.exchange.simulated.adapter import SimulatedExchange
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.keys import GivenFindings, GivenKeys
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.job_runner import JobRunner
from cbc_adapters.persistence.postgres.jobs import unfinished_jobs
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.security.standard.passwords import Argon2Passwords
from cbc_adapters.security.standard.secrets import KEY_BYTES, Vault
from cbc_adapters.security.standard.tokens import JwtAccessTokens
from cbc_adapters.system.real.calls import LoopCalls
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_adapters.system.real.together import LoopTogether
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_domain.identity.model import AccountStatus, AffiliateTier, Member, Role
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Environment, Symbol, Venue
from cbc_domain.market.model import FearGreed, Observation, Pulse
from cbc_domain.plans.model import Membership, PlanCode
from cbc_domain.ports.persistence.people import Credential, Wishes
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.venue_keys import KeyFindings
from cbc_domain.signals.model import Strategy
from cbc_entrypoints.containers import Platform
from cbc_entrypoints.http.app import create_app
from cbc_entrypoints.worker.jobs import handlers
from cbc_entrypoints.worker.lane_loop import LaneLoop
from cbc_entrypoints.worker.role import Role as WorkerRole

OUTGOING: Final = ("203.0.113.7", "203.0.113.8")
START: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BTC: Final = Symbol("BTCUSDT")
RATE: Final = Decimal("5.25")
PASSWORD: Final = "a passphrase of the tests"
LIVE_WISHES: Final = {"trading_mode": "live", "auto_trade_enabled": True}
Json = dict[str, Any]
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_numbers: Final = count(1)


@attrs.define
class Mailbox:
    """Keeps the letters that were sent; mutable because they keep coming."""

    letters: list[tuple[str, str, Mapping[str, str]]] = attrs.Factory(list)

    async def send(self, member: Member, letter: str, values: Mapping[str, str]) -> None:
        self.letters.append((member.email, letter, values))

    def to(self, email: str) -> list[str]:
        return [letter for address, letter, _ in self.letters if address == email]

    def token(self, email: str) -> str:
        return next(values["token"] for address, _, values in reversed(self.letters) if address == email and values)


@attrs.frozen
class SignedIn:
    """A member with the headers that prove him."""

    member: Member
    headers: dict[str, str]


@attrs.frozen
class House:
    """Everything a story over HTTP needs; `secret` is the webhook secret of `strategy`.

    `findings` are what venues say of each public key; one that is not in them is wrong.
    """

    platform: Platform
    engine: AsyncEngine
    clock: SteppedClock
    venue: SimulatedVenue
    mailbox: Mailbox
    findings: dict[str, KeyFindings]
    app: Litestar
    client: httpx.AsyncClient
    strategy: Strategy
    secret: str

    @property
    def store(self) -> Store:
        store: Store = self.platform.store()
        return store

    async def join(
        self,
        role: Role = Role.USER,
        *,
        plan: PlanCode = PlanCode.PRO_BR,
        real: Money | None = None,
        tier: AffiliateTier = AffiliateTier.NONE,
        referred_by: MemberId | None = None,
    ) -> SignedIn:
        """Add a verified member with a second factor, and sign him in without the cost of a password."""
        now, number = self.clock.now(), next(_numbers)
        member = Member(
            id=MemberId(self.platform.identities().new()),
            email=f"m{number}@club.invalid",
            full_name=f"Member {number}",
            country="BR",
            created_at=now,
            role=role,
            tier=tier,
            status=AccountStatus.ACTIVE,
            email_verified_at=now,
            terms_version="2026-01",
            two_factor=True,
            referred_by=referred_by,
        )
        async with self.store() as work:
            await work.people.add(Credential(member, "unused"), Membership(member.id, plan, now))
            await work.people.subscribe(member.id, self.strategy.id)
            await work.commit()
        if real is not None:
            await self.platform.record_recharge()(member.id, real, f"pi-{number}")
        return SignedIn(member, await self.headers(member))

    async def trader(
        self,
        *,
        plan: PlanCode = PlanCode.PRO_BR,
        real: Money = Money(500_00, BRL),
        wishes: Mapping[str, object] | None = None,
        referred_by: MemberId | None = None,
    ) -> SignedIn:
        """Add a member who may trade live on the simulated exchange."""
        trader = await self.join(plan=plan, real=real, referred_by=referred_by)
        now = self.clock.now()
        async with self.store() as work:
            after = Wishes(1, {**LIVE_WISHES, **(wishes or {})})
            await work.people.save_wishes(trader.member.id, Wishes(0, {}), after, "test", now)
            await work.commit()
        account = await self.platform.connect_account()(trader.member.id, Venue.BYBIT, Environment.LIVE, "test", "0000")
        self.venue.open_account(account.id, Decimal(1000), now)
        return trader

    async def headers(self, member: Member) -> dict[str, str]:
        """The bearer header of a fresh session of this member."""
        pair = await self.platform.open_session()(member, by_code=True)
        return {"Authorization": f"Bearer {pair.access}"}

    async def market(self, index: int | None = 55) -> None:
        """Let the sources speak: by default the market allows longs only."""
        now = self.clock.now()
        reading = FearGreed(index, now, now) if index is not None else None
        pulse = Pulse(Decimal(70), Decimal("1.2"), 100, now)
        await self.platform.observe_market()([Observation(now, reading, pulse)])

    def body(self, signal: str = "SINAL LONG FORTE", ticker: str = BTC, **fields: object) -> Json:
        """An alert that fires now."""
        fired = f"{self.clock.now():%Y-%m-%d %H:%M:%S}"
        return {"ticker": ticker, "signal": signal, "time": fired, "rsi_15": "55", "close": "60000", **fields}

    async def alert(
        self, body: Json | bytes | str, path: str | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Post to the webhook whose path holds the secret, or to another path."""
        content = body if isinstance(body, bytes | str) else _ENCODER.encode(body)
        return await self.client.post(path or f"/api/webhooks/signal/{self.secret}", content=content, headers=headers)

    async def work(self) -> None:
        """Let everything happen that waits."""
        lane = LaneLoop(self.platform)
        runner = JobRunner(self.engine, handlers(self.platform, WorkerRole.ALL))
        running = asyncio.create_task(runner.run())
        try:
            while await lane.round() or await unfinished_jobs(self.engine):
                await asyncio.sleep(0.01)
        finally:
            runner.stop()
            await running

    async def price(self, price: str, symbol: Symbol = BTC) -> None:
        """Move the mark price a minute later and let the platform hear of it."""
        self.clock.advance(by=timedelta(minutes=1))
        self.venue.set_price(symbol, Decimal(price), self.clock.now())
        await self.work()

    async def won_trade(self, trader: SignedIn) -> Json:
        """Let a long of BTC open, rise to its target and be settled; give the position as the API shows it."""
        await self.market()
        (await self.alert(self.body())).raise_for_status()
        await self.work()
        await self.price("64000.0")
        await self.work()
        history = await self.client.get("/api/trading/history", headers=trader.headers)
        position: Json = history.json()["items"][0]
        return position

    async def rows(self, query: str, **values: object) -> Sequence[tuple[Any, ...]]:
        """What the database says, past every adapter."""
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(query), values)]


@asynccontextmanager
async def open_house(url: str) -> AsyncIterator[House]:
    """A house with a strategy, an exchange rate, live trading switched on, and BTC at 60,000."""
    clock = SteppedClock(START)
    engine = open_engine(url)
    identities = SystemIdentities(clock)
    venue, mailbox = SimulatedVenue(DEMONSTRATION), Mailbox()
    findings: dict[str, KeyFindings] = {}
    platform = Platform(
        store=PostgresStore(engine, identities),
        exchange=SimulatedExchange(venue, clock, opening_balance=None),
        clock=clock,
        identities=identities,
        throttle=MemoryThrottle(),
        passwords=Argon2Passwords(),
        tokens=JwtAccessTokens("k" * 40),
        sealer=Vault({"k1": bytes(range(KEY_BYTES))}, "k1"),
        together=LoopTogether(),
        calls=LoopCalls,
        letters=mailbox,
        key_ring=GivenKeys({}),
        examiner=GivenFindings(findings),
        outgoing_addresses=OUTGOING,
        process_allows_live=True,
    )
    strategy, secret = await platform.create_strategy()("House strategy", timedelta(minutes=30))
    async with platform.store()() as work:
        await work.configuration.set_switch("live_trading_enabled", True, "test", "tests trade", START)
        await work.configuration.set_switch("rehearsal_trades_required", 0, "test", "tests trade", START)
        await work.signals.add_rate(FxRate(RATE, "test", START, START))
        await work.commit()
    for instrument in DEMONSTRATION:
        venue.set_price(instrument.symbol, Decimal(60_000 if instrument.symbol == BTC else 100), START)
    app = create_app(platform)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # Litestar names the messages more exactly
    async with httpx.AsyncClient(transport=transport, base_url="http://club.invalid") as client:
        yield House(platform, engine, clock, venue, mailbox, findings, app, client, strategy, secret)
    await engine.dispose()
