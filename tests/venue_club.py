"""Members with keys at the simulated venues, and the whole platform in front of them: the product as it trades for real."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import attrs

from cbc_adapters.exchange.simulated.adapter import SimulatedExchange
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.exchange.simulated.model import VenueAccount
from cbc_adapters.exchange.simulated.venues.server import Serving
from cbc_adapters.exchange.simulated.venues.simulation import Simulation
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.application.people.add_key import KeyForm
from cbc_domain.application.trading.receive_signal import Receipt
from cbc_domain.identity.model import AccountStatus, Member
from cbc_domain.kernel.ids import AccountId, MemberId, SignalId
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Environment, Symbol, Venue
from cbc_domain.market.model import FearGreed, Observation, Pulse
from cbc_domain.plans.model import Membership, PlanCode
from cbc_domain.ports.persistence.people import Credential, Wishes
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.risk.credentials import Credentials
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.signals.model import Strategy
from cbc_domain.trading.model import Leg
from cbc_domain.trading.receipt import Receipt as Told
from cbc_entrypoints.containers import Platform
from cbc_entrypoints.live import Live, live
from cbc_entrypoints.settings import Settings

REAL: Final = (Venue.BINANCE, Venue.BYBIT, Venue.OKX, Venue.BITGET)
CHANNELS: Final = {Venue.OKX: 2, Venue.BITGET: 2}
"""How many channels tell of an account's orders where stops and targets have one of their own."""
RATE: Final = Decimal("5.25")
ACTOR: Final = "test"


@attrs.frozen
class Joined:
    """A member, and his account at a venue by our id and by the venue's own."""

    member: MemberId
    account: AccountId
    venue: Venue
    at_venue: AccountId


@attrs.frozen
class VenueClub:
    """What a story at the venues needs; prices move only when it says so."""

    simulation: Simulation
    opened: Live
    strategy: Strategy
    secret: str
    joined: Sequence[Joined]

    @property
    def platform(self) -> Platform:
        return self.opened.platform

    async def market(self) -> None:
        """Let the market speak for longs now."""
        now = self.platform.clock().now()
        pulse = Pulse(Decimal(70), Decimal("1.2"), 100, now)
        await self.platform.observe_market()([Observation(now, FearGreed(55, now, now), pulse)])

    async def alert(self, text: str, symbol: Symbol | None, number: int = 0, price: Decimal | None = None) -> Receipt:
        """Post one alert that fires now, None for all coins; `number` is a note in it."""
        fired = f"{self.platform.clock().now():%Y-%m-%d %H:%M:%S}"
        body = {"signal": text, "time": fired, "rsi_15": "55", "note": str(number)}
        body |= {"ticker": symbol} if symbol is not None else {}
        body |= {"price": str(price)} if price is not None else {}
        return await self.platform.receive_signal()(json.dumps(body).encode(), self.secret)

    async def plan(self, text: str, symbol: Symbol, price: Decimal | None = None) -> SignalId:
        """Post one alert and plan every member's part of it, and send nothing yet; with a `price` it need not be waited for."""
        signal = (await self.alert(text, symbol, price=price)).signal
        await self.platform.plan_orders()(signal)
        return signal

    async def carry_out(self, reached: Callable[[Sequence[Trade]], bool], within_s: float = 30) -> None:
        """Work the order lane as a worker does until the newest trade of every member is as wished."""
        async with asyncio.timeout(within_s):
            while not reached([trade for one in self.joined for trade in (await self.trades(one))[-1:]]):
                if not await self.platform.place_orders()():
                    await asyncio.sleep(0.05)

    async def told(self, joined: Joined, signal: SignalId) -> Told:
        """What a member sees of his part of a signal."""
        async with self.platform.store()() as work:
            member = await work.people.member(joined.member)
        assert member is not None
        (told,) = await self.platform.show_receipts().own(member, signal)
        return told

    async def key_of(self, joined: Joined) -> ExchangeAccount:
        """An exchange account as it is in our books."""
        async with self.platform.store()() as work:
            return (await work.people.connected([joined.account]))[joined.account]

    async def trades(self, joined: Joined) -> Sequence[Trade]:
        """A member's trades, oldest first."""
        async with self.platform.store()() as work:
            page = await work.trades.positions_page(joined.member, None, 200, None, None)
            return list(await work.trades.trades([position.id for position in page.items], lock=False))

    def is_heard(self, joined: Joined) -> bool:
        """Whether somebody has every channel of the account's private stream open: fills come over the last of them, too."""
        house = self.simulation.houses[joined.venue, Environment.LIVE]
        return house.is_listened_to(joined.at_venue, CHANNELS.get(joined.venue, 1))

    def account(self, joined: Joined, environment: Environment = Environment.LIVE) -> VenueAccount:
        """An account as its venue has it, whatever our books say."""
        return self.simulation.houses[joined.venue, environment].engine.accounts[joined.at_venue]


def sent(account: VenueAccount, leg: Leg) -> int:
    """How many orders of a leg a venue ever took."""
    return sum(order.ticket.leg is leg for order in account.orders.values())


def standing(account: VenueAccount) -> Collection[Leg]:
    """The legs of the triggers that stand."""
    return sorted(order.ticket.leg for order in account.orders.values() if order.open and order.ticket.trigger is not None)


def settings_for(served: Serving, database_url: str, folder: Path) -> Settings:
    return Settings(
        data_dir=folder,
        database_url=database_url,
        live_trading=True,
        exchange_gateway=served.gateway,
        exchange_ca_file=served.ca_file,
    )


@asynccontextmanager
async def venue_club(
    simulation: Simulation, settings: Settings, members: Mapping[Venue, int], wishes: Mapping[str, object] | None = None
) -> AsyncIterator[VenueClub]:
    """A platform with so many members at each venue, each with the key of the account of his number, examined and sealed."""
    paper = SimulatedExchange(SimulatedVenue(DEMONSTRATION), SystemClock())
    async with live(settings, paper, durable=False) as opened:
        strategy, secret = await _open_business(opened.platform)
        chosen = {"trading_mode": "live", "auto_trade_enabled": True, **(wishes or {})}
        joined: list[Joined] = []
        for venue, count in members.items():
            joined += await asyncio.gather(
                *(_join(opened.platform, simulation, strategy, venue, number, chosen) for number in range(1, count + 1))
            )
        yield VenueClub(simulation, opened, strategy, secret, joined)


async def _open_business(platform: Platform) -> tuple[Strategy, str]:
    now = platform.clock().now()
    async with platform.store()() as work:
        await work.configuration.set_switch("live_trading_enabled", True, ACTOR, "venues on loopback", now)
        await work.configuration.set_switch("rehearsal_trades_required", 0, ACTOR, "venues on loopback", now)
        await work.signals.add_rate(FxRate(RATE, ACTOR, now, now))
        await work.commit()
    return await platform.create_strategy()("House strategy", timedelta(minutes=30))


async def _join(
    platform: Platform, simulation: Simulation, strategy: Strategy, venue: Venue, number: int, wishes: Mapping[str, object]
) -> Joined:
    now, key = platform.clock().now(), simulation.of(venue, Environment.LIVE, number)
    member = Member(
        id=MemberId(platform.identities().new()),
        email=f"{venue.value}{number}@club.invalid",
        full_name=f"Member {number} of {venue.value}",
        country="BR",
        created_at=now,
        status=AccountStatus.ACTIVE,
        email_verified_at=now,
        terms_version="2026-01",
        two_factor=True,
    )
    async with platform.store()() as work:
        await work.people.add(Credential(member, "unused"), Membership(member.id, PlanCode.PRO_BR, now))
        await work.people.subscribe(member.id, strategy.id)
        before, after = Wishes(0, {}), Wishes(1, {"preferred_exchange": venue.value, **wishes})
        await work.people.save_wishes(member.id, before, after, ACTOR, now)
        await work.commit()
    await platform.record_recharge()(member.id, Money(500_00, BRL), f"pi-{venue.value}-{number}")
    credentials = Credentials(key.key, key.secret, key.passphrase)
    added = await platform.add_key()(member.id, KeyForm(venue, Environment.LIVE, "test", credentials))
    return Joined(member.id, added.shown.account.id, venue, key.account)
