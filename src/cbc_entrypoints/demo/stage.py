"""The throw-away platform of a demonstration: database, API on a loopback port, workers, members, a strategy."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final
from uuid import UUID

import attrs
import httpx

from cbc_adapters.exchange.simulated.adapter import SimulatedExchange
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.faults import Call, Failure, FaultPlan, LoseAnswer, Nth
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_adapters.system.stepped.identities import SteppedIdentities
from cbc_domain.affiliates.rules import CODE_BYTES, new_code
from cbc_domain.identity.model import AffiliateTier, Member
from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.kernel.rates import FxRate
from cbc_domain.plans.model import Membership
from cbc_domain.signals.model import Strategy
from cbc_domain.trading.model import Leg
from cbc_entrypoints.demo.cast import Part
from cbc_entrypoints.demo.world import BAR_LENGTH, World
from cbc_entrypoints.http.app import create_app
from cbc_entrypoints.http.server import open_socket, serving
from cbc_entrypoints.live import Live, live
from cbc_entrypoints.settings import Settings

ACTOR: Final = "demo"
REASON: Final = "demonstration on the simulated exchange"
PASSWORD: Final = "a demonstration passphrase"
FX_RATE: Final = Decimal("5.25")
LOST_ANSWER: Final = Failure(LoseAnswer(), Nth(frozenset({2})), Call.PLACE, leg=Leg.ENTRY)
"""Every account's second entry is accepted and its answer lost: it must be found, not sent again (ORD-04)."""


@attrs.frozen
class Enrolled:
    """A member on the stage, with the exchange account he trades."""

    part: Part
    member: Member
    account: AccountId


@attrs.frozen
class Stage:
    """Everything that a play needs; `url` is the API, `secret` the webhook secret of `strategy`."""

    live: Live
    venue: SimulatedVenue
    clock: SteppedClock
    strategy: Strategy
    secret: str
    enrolled: Sequence[Enrolled]
    client: httpx.AsyncClient


@asynccontextmanager
async def stage(world: World, parts: Sequence[Part], seed: int, directory: Path) -> AsyncIterator[Stage]:
    """Build it in an empty directory and take it down again; live keys here reach the simulated exchange and nothing else."""
    clock = SteppedClock(world.start)
    identities = SteppedIdentities(clock, seed)
    venue = SimulatedVenue(DEMONSTRATION)
    exchange = SimulatedExchange(venue, clock, faults=FaultPlan([LOST_ANSWER]), opening_balance=None)
    settings = Settings(data_dir=directory)
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(
            live(settings, exchange, clock=clock, identities=identities, durable=False, everywhere=True)
        )
        url = await stack.enter_async_context(serving(create_app(opened.platform), open_socket("127.0.0.1", 0)))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30))
        strategy, secret = await opened.platform.create_strategy()("Demonstration", BAR_LENGTH)
        await _open_business(opened, clock)
        enrolled: list[Enrolled] = []
        for part in parts:
            enrolled.append(await _enrol(opened, client, part, enrolled, strategy, settings))
            venue.open_account(enrolled[-1].account, part.equity, clock.now())
        await asyncio.gather(*(_change_settings(client, part) for part in parts))
        yield Stage(opened, venue, clock, strategy, secret, enrolled, client)


async def _open_business(opened: Live, clock: SteppedClock) -> None:
    now = clock.now()
    async with opened.platform.store()() as work:
        await work.configuration.set_switch("live_trading_enabled", True, ACTOR, REASON, now)
        await work.configuration.set_switch("rehearsal_trades_required", 0, ACTOR, REASON, now)
        await work.signals.add_rate(FxRate(FX_RATE, "simulated", now, now))
        await work.commit()


async def keep_rate_fresh(opened: Live, clock: SteppedClock) -> None:
    """Accept the demonstration's exchange rate again, as a source would (FX-03)."""
    now = clock.now()
    async with opened.platform.store()() as work:
        await work.signals.add_rate(FxRate(FX_RATE, "simulated", now, now))
        await work.commit()


async def _enrol(
    opened: Live,
    client: httpx.AsyncClient,
    part: Part,
    before: Sequence[Enrolled],
    strategy: Strategy,
    settings: Settings,
) -> Enrolled:
    referrer = before[part.referrer - 1].member.affiliate_code if part.referrer else None
    member = await _register(client, part, referrer, settings)
    await _promote(opened, part, member, strategy)
    connect = opened.platform.connect_account()
    account = await connect(
        member, part.venue, part.environment, "SIMULATED", f"{part.number:04d}", can_trade=part.key_can_trade
    )
    if part.real is not None:
        await opened.platform.record_recharge()(member, part.real, f"simulated-{part.number}")
    if part.admin is not None:
        await opened.platform.grant_credit()(member, part.admin, f"demo-{part.number}", ACTOR, REASON)
    async with opened.platform.store()() as work:
        found = await work.people.member(member)
    if found is None:
        raise LookupError(f"{part.name} was not registered")
    return Enrolled(part, found, account.id)


async def _register(client: httpx.AsyncClient, part: Part, referrer: str | None, settings: Settings) -> MemberId:
    form = {
        "email": part.email,
        "password": PASSWORD,
        "full_name": part.name,
        "country": part.country,
        "terms_version": "2026-01",
        "referral_code": referrer,
    }
    answer = await client.post("/api/auth/register", json=form)
    answer.raise_for_status()
    if part.verified:
        letter = json.loads((settings.data_dir / "letters.jsonl").read_text().splitlines()[-1])
        (await client.post("/api/auth/verify-email", json={"token": letter["token"]})).raise_for_status()
    return MemberId(UUID(answer.json()["user"]["id"]))


async def _promote(opened: Live, part: Part, member: MemberId, strategy: Strategy) -> None:
    """What subscriptions, second factor and affiliate requests will do later is set by hand here."""
    identities = opened.platform.identities()
    async with opened.platform.store()() as work:
        known = await work.people.member(member)
        if known is None:
            raise LookupError(f"{part.name} was not registered")
        code = new_code(identities.secret(CODE_BYTES)) if part.tier is not AffiliateTier.NONE else None
        await work.people.save(attrs.evolve(known, tier=part.tier, affiliate_code=code, two_factor=part.two_factor))
        await work.people.save_membership(Membership(member, part.plan, opened.platform.clock().now()))
        await work.people.subscribe(member, strategy.id)
        await work.commit()


async def _change_settings(client: httpx.AsyncClient, part: Part) -> None:
    tokens = await client.post("/api/auth/login", json={"email": part.email, "password": PASSWORD})
    tokens.raise_for_status()
    bearer = {"Authorization": f"Bearer {tokens.json()['access_token']}"}
    (await client.patch("/api/trading/settings", json=dict(part.settings), headers=bearer)).raise_for_status()
