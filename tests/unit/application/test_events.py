"""Every step is told in an event of the catalogue, and none is told under another name."""

from collections import Counter
from datetime import timedelta
from typing import Final

import pytest

from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.errors import DomainError
from cbc_domain.kernel.events import MOST_HOPS, Event, EventName, HopLimitExceeded
from cbc_domain.kernel.ids import EventId
from cbc_domain.kernel.money import BRL, Money
from tests.club import LIVE_WISHES, Club, open_club

CATALOGUE: Final = """
signal.{received,accepted,rejected,duplicate,decided,approved} task.{created,skipped,expired}
order.{submitted,filled,failed} position.{opened,protected,closed,settled} commission.{due,charged,reversed}
affiliate.{share_credited,converted} balance.{credited,debited} debt.{created,settled,forgiven}
payment.{succeeded,failed,refunded,disputed} subscription.changed coupon.redeemed withdrawal.changed
market.direction_changed risk.{paused,resumed} emergency.changed key.invalid config.changed
"""
"""The names as ARC-07 lists them."""

LATER: Final = frozenset(
    {
        "payment.succeeded",
        "payment.failed",
        "payment.refunded",
        "payment.disputed",
        "subscription.changed",
        "coupon.redeemed",
        "withdrawal.changed",
    }
)
"""Of payments, subscriptions, coupons and withdrawals, which come after the core."""

BY_HAND: Final = frozenset({"commission.reversed", "affiliate.converted", "debt.forgiven", "balance.debited", "key.invalid"})
"""Acts of staff and affiliates, and expiries: told where those are tested."""


def catalogue() -> set[str]:
    names: set[str] = set()
    for word in CATALOGUE.split():
        subject, _, what = word.partition(".")
        names |= {f"{subject}.{each}" for each in what.strip("{}").split(",")}
    return names


async def told(club: Club) -> list[Event]:
    async with club.store() as work:
        return list(await work.outbox.take(10_000))


def test_the_core_names_the_events_of_the_catalogue_and_no_others() -> None:
    """rules: ARC-07"""
    assert {name.value for name in EventName} == catalogue() - LATER
    assert catalogue() >= LATER


async def test_a_day_at_the_club_tells_every_event_of_the_core() -> None:
    """rules: ARC-05, ARC-07"""
    club = await open_club()
    referrer = await club.join(tier=AffiliateTier.NORMAL)
    await club.join(referred_by=referrer.id)
    idle = await club.join(wishes={"auto_trade_enabled": False})
    debtor = await club.join(real=Money(100_00, BRL), equity="20000")
    await club.market(pm_plus="50", vwdelta="0")
    club.clock.advance(by=timedelta(minutes=1))
    await club.market()

    await club.alert("SINAL LONG FORTE")
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.price("63000.0")
    await club.platform.record_recharge()(debtor.id, Money(5_000_00, BRL), "pi-late")
    await club.platform.grant_credit()(idle.id, Money(10_00, BRL), "credit-1", "staff", "a reason of ten")
    await club.platform.change_settings()(idle.id, {**LIVE_WISHES, "default_leverage": 3}, "member")
    await club.platform.pause_trading()(idle.id, paused=True, reason="a pause")
    await club.platform.pause_trading()(idle.id, paused=False, reason=None)
    await refusals(club)
    for _ in range(5):
        club.clock.advance(by=timedelta(minutes=5))
        await club.market(index=None)
    await club.platform.watch_risks()()

    counted = Counter(event.name.value for event in await told(club))
    missing = {name.value for name in EventName} - BY_HAND - counted.keys()
    assert missing == set()
    assert counted["order.submitted"] >= 3


async def refusals(club: Club) -> None:
    """An alert too late to be taken, an order whose window closes, and one that its member takes back."""
    club.clock.advance(by=timedelta(hours=3))
    await club.market()
    await club.alert("SINAL LONG FORTE", time=f"{club.clock.now() - timedelta(hours=1):%Y-%m-%d %H:%M:%S}")
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    await club.abandon(club.members[0])
    club.clock.advance(by=timedelta(seconds=121))
    await club.work()


async def test_an_event_is_written_once_for_each_step_of_an_order() -> None:
    """rules: ARC-05, ARC-07"""
    club = await open_club()
    member = await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.reconcile()
    await club.alert("FECHE LONG")
    await club.work()

    trade = await club.trade(member)

    names = [event.name.value for event in await club.events(trade.position.id)]
    assert [name for name in names if name.startswith("order.")] == ["order.submitted", "order.filled"] * 2
    assert names.index("order.submitted") < names.index("order.filled") < names.index("position.opened")


@pytest.mark.parametrize(("hops", "allowed"), [(0, True), (MOST_HOPS, True), (MOST_HOPS + 1, False)])
async def test_an_event_too_far_from_its_cause_is_a_cycle(hops: int, allowed: bool) -> None:
    """rules: ARC-08, GEN-08"""
    club = await open_club()
    cause = EventId(club.identities.new())

    def follow() -> Event:
        return Event(EventId(club.identities.new()), EventName.TASK_CREATED, cause, club.clock.now(), {}, cause, hops)

    if allowed:
        assert (follow().hops, follow().causation_id) == (hops, cause)
        return
    with pytest.raises(HopLimitExceeded) as refused:
        follow()
    assert isinstance(refused.value, DomainError)
    assert refused.value.code == "hop_limit"
