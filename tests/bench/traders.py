"""Members who follow one strategy with accounts at the paper exchange, and a platform that may trade for them."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from cbc_domain.identity.model import AccountStatus, AffiliateTier, Member
from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ledger.model import Journal
from cbc_domain.ledger.postings import recharge
from cbc_domain.market.model import FearGreed, Observation, Pulse
from cbc_domain.plans.model import Membership, PlanCode
from cbc_domain.ports.persistence.people import Credential, Wishes
from cbc_domain.ports.persistence.unit_of_work import UnitOfWork
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.signals.model import Strategy
from cbc_entrypoints.containers import Platform

AT_ONCE: Final = 100
"""Members written in one commit."""


async def open_business(platform: Platform, members: int, venue: Venue = Venue.PAPER) -> str:
    """Let everything be as it must be for an order to leave; gives the webhook secret of the members' strategy.

    Accounts of a venue are live ones, and trade small: what a trade costs is lost with every signal.
    """
    strategy, secret = await platform.create_strategy()("Measured", timedelta(minutes=30))
    now = platform.clock().now()
    async with platform.store()() as work:
        await work.configuration.set_switch("live_trading_enabled", True, "bench", "measured on paper", now)
        await work.configuration.set_switch("rehearsal_trades_required", 0, "bench", "measured on paper", now)
        await work.configuration.set_switch("loss_streak_pause", False, "bench", "measured on paper", now)
        await work.signals.add_rate(FxRate(Decimal("5.25"), "bench", now, now))
        await work.commit()
    for first in range(0, members, AT_ONCE):
        await _join(platform, strategy, range(first, min(members, first + AT_ONCE)), venue)
    return secret


async def allow_longs(platform: Platform) -> None:
    """Let the market speak for longs now; a reading is good for a while only (MKT)."""
    now = platform.clock().now()
    pulse = Pulse(Decimal(70), Decimal("1.2"), 100, now)
    await platform.observe_market()([Observation(now, FearGreed(55, now, now), pulse)])


async def _join(platform: Platform, strategy: Strategy, numbers: Sequence[int], venue: Venue) -> None:
    async with platform.store()() as work:
        recharges = [await _member(platform, work, strategy, number, venue) for number in numbers]
        await work.books.post(recharges, platform.clock().now())
        await work.commit()


async def _member(platform: Platform, work: UnitOfWork, strategy: Strategy, number: int, venue: Venue) -> Journal:
    now, new = platform.clock().now(), platform.identities().new
    member = Member(
        id=MemberId(new()),
        email=f"m{number}@club.invalid",
        full_name=f"Member {number}",
        country="BR",
        created_at=now,
        tier=AffiliateTier.NONE,
        status=AccountStatus.ACTIVE,
        email_verified_at=now,
        terms_version="2026-01",
        two_factor=True,
    )
    await work.people.add(Credential(member, "unused"), Membership(member.id, PlanCode.PRO_BR, now))
    await work.people.subscribe(member.id, strategy.id)
    on_paper = venue is Venue.PAPER
    environment = Environment.PAPER if on_paper else Environment.LIVE
    wishes = {"trading_mode": environment.value, "auto_trade_enabled": True}
    wishes |= {} if on_paper else {"preferred_exchange": venue.value, "position_size_percentage": "10"}
    await work.people.save_wishes(member.id, Wishes(0, {}), Wishes(1, wishes), "bench", now)
    account = ExchangeAccount(AccountId(new()), member.id, venue, environment, "measured", "0000", now)
    await work.people.add_account(account)
    return recharge(f"bench-{number}", member.id, Money(50_000_00, BRL), now)
