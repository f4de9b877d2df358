"""A whole club in memory: the real use cases over the memory store, the simulated exchange and a stepped clock."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import attrs

from cbc_adapters.cache.memory.throttle import MemoryThrottle
from cbc_adapters.exchange.simulated.adapter import Sleep, sleep_for
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.faults import FaultPlan
from cbc_adapters.exchange.simulated.keys import GivenFindings, GivenKeys
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.persistence.memory.jobs import MemoryJobs
from cbc_adapters.persistence.memory.store import MemoryStore
from cbc_adapters.security.standard.passwords import Argon2Passwords
from cbc_adapters.security.standard.secrets import KEY_BYTES, Vault
from cbc_adapters.security.standard.tokens import JwtAccessTokens
from cbc_adapters.system.real.calls import LoopCalls
from cbc_adapters.system.real.together import LoopTogether
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_adapters.system.stepped.identities import SteppedIdentities
from cbc_domain.application.trading.receive_signal import Receipt
from cbc_domain.identity.model import AccountStatus, AffiliateTier, Member
from cbc_domain.kernel.ids import MemberId, SignalId
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Environment, Symbol, Venue
from cbc_domain.market.model import FearGreed, Observation, Pulse
from cbc_domain.plans.model import Membership, PlanCode
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.persistence.people import Credential, Wishes
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.security import Passwords
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.signals.model import Strategy
from cbc_domain.trading.sizes import Instrument
from cbc_entrypoints.containers import Platform
from cbc_entrypoints.worker.jobs import handlers
from cbc_entrypoints.worker.role import Role
from tests.fragile import FragileExchange
from tests.surroundings import BTC as BTC
from tests.surroundings import Surroundings

START: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PRICE: Final = Decimal("60000.0")
RATE: Final = Decimal("5.25")
LIVE_WISHES: Final = {"trading_mode": "live", "auto_trade_enabled": True}


class Silence:
    """Sends no letter."""

    async def send(self, member: Member, letter: str, values: Mapping[str, str]) -> None:
        return


@attrs.define
class Club(Surroundings):
    """Everything a story needs; mutable because the story goes on."""

    strategy: Strategy
    secret: str
    members: list[Member] = attrs.field(factory=list)
    accepted: list[SignalId] = attrs.field(factory=list)
    deaf: bool = False
    """A deaf club never hears the venue's private stream."""

    async def join(
        self,
        plan: PlanCode = PlanCode.PRO_BR,
        *,
        real: Money = Money(500_00, BRL),
        equity: str = "1000",
        referred_by: MemberId | None = None,
        tier: AffiliateTier = AffiliateTier.NONE,
        wishes: Mapping[str, object] | None = None,
        environment: Environment = Environment.LIVE,
    ) -> Member:
        """Add a member who may trade live: verified, with a second factor, a key, a balance and a subscription."""
        number, now = len(self.members) + 1, self.clock.now()
        member = Member(
            id=MemberId(self.identities.new()),
            email=f"m{number}@club.invalid",
            full_name=f"Member {number}",
            country="BR" if plan.value.endswith("_BR") else "US",
            created_at=now,
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
            before, after = Wishes(0, {}), Wishes(1, {**LIVE_WISHES, **(wishes or {})})
            await work.people.save_wishes(member.id, before, after, "test", now)
            await work.commit()
        account = await self.platform.connect_account()(member.id, Venue.BYBIT, environment, "test", "0000")
        self.venue.open_account(account.id, Decimal(equity), now)
        if real:
            await self.platform.record_recharge()(member.id, real, f"pi-{number}")
        self.members.append(member)
        return member

    async def market(self, index: int | None = 55, pm_plus: str = "70", vwdelta: str = "1.2") -> None:
        """Let the sources speak: by default the market allows longs only."""
        now = self.clock.now()
        reading = FearGreed(index, now, now) if index is not None else None
        pulse = Pulse(Decimal(pm_plus), Decimal(vwdelta), 100, now)
        await self.platform.observe_market()([Observation(now, reading, pulse)])

    async def alert(self, text: str, symbol: str = BTC, secret: str | None = None, **fields: str) -> Receipt:
        """Post one alert that fires now."""
        body = {"ticker": symbol, "signal": text, "time": f"{self.clock.now():%Y-%m-%d %H:%M:%S}", "rsi_15": "55", **fields}
        receipt = await self.platform.receive_signal()(json.dumps(body).encode(), secret or self.secret)
        if not receipt.duplicate:
            self.accepted.append(receipt.signal)
        return receipt

    async def work(self) -> None:
        """Let everything happen that waits, moving the clock by seconds for what is to be tried again."""
        for _ in range(200):
            await self.until_idle()
            async with self.store() as unit:
                backlog = await unit.lane.backlog(self.clock.now())
            if not backlog.later:
                return
            self.clock.advance(by=timedelta(seconds=1))
        raise AssertionError(f"expected the work to come to an end, was {backlog}")

    async def work_until(self, reached: Callable[[Trade], bool]) -> None:
        """Work, moving the clock by seconds, until the first member's newest trade is as wished."""
        for _ in range(200):
            await self.until_idle()
            if reached(await self.trade(self.members[0])):
                return
            self.clock.advance(by=timedelta(seconds=1))
        raise AssertionError("expected the trade to come so far")

    async def reconcile(self) -> None:
        """Half a minute later the sweep looks at everything unfinished."""
        self.clock.advance(by=timedelta(seconds=31))
        await self.platform.reconcile()()
        await self.work()

    async def another_strategy(self) -> str:
        """Add a second strategy that nobody follows; the secret of its alerts."""
        _, secret = await self.platform.create_strategy()("Another strategy", timedelta(minutes=30))
        return secret

    async def abandon(self, member: Member) -> None:
        """The member closes what waits to be opened for him."""
        await self.platform.close_position()(member.id, (await self.trade(member)).position.id)

    async def jobs(self) -> None:
        """Run the background jobs only."""
        if isinstance(self.store, MemoryStore):
            await MemoryJobs(self.store).run_pending(handlers(self.platform, Role.ALL))
            return
        while self.accepted:
            await self.platform.plan_orders()(self.accepted.pop(0))
        while await self.platform.settle_trades()():
            pass

    async def price(self, price: str, symbol: Symbol = BTC) -> None:
        """Move the mark price a minute later and let the platform hear of it."""
        self.clock.advance(by=timedelta(minutes=1))
        self.venue.set_price(symbol, Decimal(price), self.clock.now())
        await self.work()

    async def until_idle(self) -> None:
        """Let everything happen that is due now."""
        follow, lane = self.platform.apply_fills(), self.platform.place_orders()
        while True:
            await self.jobs()
            if (self.deaf or not await follow()) and not await lane():
                return


def platform_of(
    store: Store, exchange: Exchange, clock: Clock, identities: Identities, passwords: Passwords | None = None
) -> Platform:
    """Every use case over these ports, live trading allowed."""
    return Platform(
        store=store,
        exchange=exchange,
        clock=clock,
        identities=identities,
        together=LoopTogether(),
        calls=LoopCalls,
        throttle=MemoryThrottle(),
        passwords=passwords or Argon2Passwords(),
        tokens=JwtAccessTokens("k" * 40),
        sealer=Vault({"k1": bytes(range(KEY_BYTES))}, "k1"),
        letters=Silence(),
        key_ring=GivenKeys({}),
        examiner=GivenFindings({}),
        outgoing_addresses=(),
        process_allows_live=True,
    )


async def open_club(
    *,
    faults: FaultPlan | None = None,
    listing: Sequence[Instrument] = DEMONSTRATION,
    store: Store | None = None,
    journal: Path | None = None,
    sleep: Sleep = sleep_for,
    takes_stop_first: bool = False,
) -> Club:
    """A club with a strategy, an exchange rate, live trading switched on, and BTC at 60,000.

    In memory, unless it is given a `store`; with a `journal` its venue survives the process; `sleep` is how it delays a call.
    Its venue `takes_stop_first` and no stop with the entry, or all protection with it.
    """
    clock = SteppedClock(START)
    identities = SteppedIdentities(clock, 1)
    store = store or MemoryStore(identities)
    venue = SimulatedVenue(listing, journal_file=journal, takes_stop_first=takes_stop_first)
    exchange = FragileExchange(venue, clock, faults, sleep)
    if takes_stop_first:
        exchange.stops_first, exchange.attaches = True, frozenset()
    platform = platform_of(store, exchange, clock, identities)
    strategy, secret = await platform.create_strategy()("House strategy", timedelta(minutes=30))
    async with store() as work:
        await work.configuration.set_switch("live_trading_enabled", True, "test", "tests trade", START)
        await work.configuration.set_switch("rehearsal_trades_required", 0, "test", "tests trade", START)
        await work.signals.add_rate(FxRate(RATE, "test", START, START))
        await work.commit()
    for instrument in listing:
        price = PRICE if instrument.symbol == BTC else Decimal(100)
        venue.set_price(instrument.symbol, price, START - timedelta(seconds=10))
    return Club(platform, store, clock, identities, venue, exchange, strategy, secret)
