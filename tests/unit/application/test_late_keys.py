"""A key that has not passed for a day is examined before the first order, and only then (KEY-03)."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

import attrs
import pytest

from cbc_domain.identity.model import Member
from cbc_domain.kernel.errors import DomainError
from cbc_domain.kernel.venues import Symbol
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.ports.venue_keys import KeyFindings
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import Leg, PositionState
from tests.unit.application.key_acts import DAY, GOOD, KEY, KeyClub, open_keys

ETH: Final = Symbol("ETHUSDT")
LATE: Final = DAY + timedelta(seconds=1)


async def days_later(passed: timedelta, says: KeyFindings | Exception = GOOD) -> tuple[KeyClub, Member, ExchangeAccount]:
    """A member whose key passed so long ago, and what its venue says of it now."""
    keys = await open_keys()
    member = await keys.join()
    account = (await keys.add(member)).shown.account
    keys.club.venue.open_account(account.id, Decimal(1000), keys.club.clock.now())
    keys.club.clock.advance(by=passed)
    await keys.club.market()
    keys.venues.says[KEY] = says
    keys.venues.asked.clear()
    return keys, member, account


async def traded(keys: KeyClub, member: Member) -> Trade:
    """The trade of a signal that was carried out."""
    await keys.club.alert("SINAL LONG FORTE")
    await keys.club.work()
    return await keys.club.trade(member)


@pytest.mark.parametrize(("passed", "asked"), [(DAY, []), (LATE, [KEY])])
async def test_a_days_first_order_asks_about_a_key_that_is_older_than_a_day(passed: timedelta, asked: list[str]) -> None:
    """rules: KEY-03, KEY-12"""
    keys, member, account = await days_later(passed)

    trade = await traded(keys, member)

    assert trade.position.state is PositionState.PROTECTED
    assert trade.position.account == account.id
    assert keys.venues.asked == asked
    assert [(act.deed, act.purpose) for act in await keys.acts(member)][1:] == [("tested", "first order")] * len(asked)
    await keys.club.alert("SINAL LONG FORTE", ETH)
    await keys.club.alert("FECHE LONG")
    await keys.club.work()
    assert keys.venues.asked == asked


@pytest.mark.parametrize(
    ("says", "code"),
    [
        (attrs.evolve(GOOD, withdraws=True), "key_can_withdraw"),
        (attrs.evolve(GOOD, trades=False), "key_cannot_trade"),
        (VenueRefused(Fault.AUTH, "no such key"), "key_invalid"),
        (VenueRefused(Fault.IP_NOT_ALLOWED, "not from here"), "key_ip_blocked"),
    ],
)
async def test_nothing_is_sent_with_a_late_key_that_does_not_pass(says: KeyFindings | Exception, code: str) -> None:
    """rules: KEY-03, KEY-04"""
    keys, member, account = await days_later(LATE, says)

    trade = await traded(keys, member)

    assert trade.position.state is PositionState.ABANDONED
    assert [order.error_code for order in trade.orders if order.leg is Leg.ENTRY] == [code]
    assert not keys.club.venue.accounts[account.id].orders
    assert keys.venues.asked == [KEY]


@pytest.mark.parametrize("away", [VenueRefused(Fault.MAINTENANCE, "down"), OutcomeUnknown("no answer")], ids=str)
async def test_an_order_waits_for_a_venue_that_does_not_tell_of_a_late_key(away: DomainError) -> None:
    """rules: KEY-03, ORD-07"""
    keys, member, account = await days_later(LATE, away)
    await keys.club.alert("SINAL LONG FORTE")
    await keys.club.until_idle()
    orders = keys.club.venue.accounts[account.id].orders
    assert (list(orders), keys.venues.asked) == ([], [KEY])

    keys.venues.says[KEY] = GOOD
    await keys.club.work()

    assert (await keys.club.trade(member)).position.state is PositionState.PROTECTED
    assert keys.venues.asked == [KEY, KEY]


async def test_an_order_is_given_up_with_its_window_while_nobody_tells_of_a_late_key() -> None:
    """rules: KEY-03, ORD-07, SIG-21"""
    keys, member, account = await days_later(LATE, OutcomeUnknown("no answer"))

    trade = await traded(keys, member)

    assert trade.position.state is PositionState.ABANDONED
    assert not keys.club.venue.accounts[account.id].orders


async def test_what_is_open_is_closed_whatever_becomes_of_its_key() -> None:
    """rules: KEY-03, KEY-10"""
    keys, member, account = await days_later(timedelta(0))
    assert (await traded(keys, member)).position.state is PositionState.PROTECTED
    keys.club.clock.advance(by=LATE)
    keys.venues.says[KEY] = VenueRefused(Fault.AUTH, "no such key")
    asked = len(keys.venues.asked)

    await keys.club.alert("FECHE LONG")
    await keys.club.work()

    assert (await keys.club.trade(member)).position.state is PositionState.CLOSED
    assert not keys.club.venue.accounts[account.id].positions
    assert len(keys.venues.asked) == asked


async def test_an_entry_that_was_perhaps_sent_is_looked_for_though_its_key_does_not_pass_any_more() -> None:
    """rules: KEY-03, ORD-04"""
    keys, member, account = await days_later(DAY)
    keys.club.deaf = True
    await keys.club.alert("SINAL LONG FORTE")
    await keys.club.jobs()
    await keys.club.die_between_calls()
    keys.club.clock.advance(by=timedelta(minutes=1))
    keys.venues.says[KEY] = attrs.evolve(GOOD, withdraws=True)

    await keys.club.work()

    trade = await keys.club.trade(member)
    entries = [order for order in keys.club.venue.accounts[account.id].orders.values() if order.ticket.leg is Leg.ENTRY]
    assert len(entries) == 1
    assert trade.position.bought == entries[0].quantity
    assert trade.position.state is PositionState.PROTECTED
    assert keys.venues.asked == [KEY]
