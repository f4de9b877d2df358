"""What stands at the venues against our books: what we left over goes, the member's own stays, the rest is reported."""

from datetime import timedelta

from cbc_adapters.exchange.simulated.faults import Call, DropBefore, Failure
from cbc_domain.application.trading.sweep_accounts import ARRIVES, RESTED, Sweep
from cbc_domain.identity.model import Member
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.risk.model import StopScope
from cbc_domain.trading.model import Leg
from tests.club import Club, open_club

ETH = Symbol("ETHUSDT")


async def protected() -> Club:
    club = await open_club()
    await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    return club


async def left_over() -> tuple[Club, Member]:
    """A member whose only position is over, and whose stop came to stand all the same."""
    club = await open_club(takes_stop_first=True)
    member = await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    ended = await club.trade(member)
    await club.alert("FECHE LONG")
    await club.work()
    await club.stands_again(ended, Leg.STOP)
    return club, member


async def test_what_stands_as_it_should_is_left_alone() -> None:
    """rules: POS-10"""
    club = await protected()

    swept = await club.platform.sweep_accounts()()

    (member,) = club.members
    assert swept == Sweep()
    assert (await club.at_venue(member)).protected


async def test_a_stop_that_outlived_its_position_is_cancelled() -> None:
    """rules: ORD-11, POS-10"""
    club = await protected()
    (member,) = club.members
    ended = await club.trade(member)
    await club.alert("FECHE LONG")
    await club.work()
    club.clock.advance(by=timedelta(minutes=120))
    await club.market()
    await club.price("60000")
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.stands_again(ended, Leg.STOP)

    swept = await club.platform.sweep_accounts()()

    assert swept == Sweep(leftover=1)
    assert (await club.at_venue(member)).protected


async def test_what_arrives_after_the_last_position_of_an_account_is_cancelled_too() -> None:
    """rules: ORD-11, POS-10

    In seed 29 of the campaign at the venues a stop that was delayed by a second arrived after its worker had died and its
    position had been given up, and stood for ever.
    """
    club, member = await left_over()
    before = (await club.at_venue(member)).stops

    swept = await club.platform.sweep_accounts()()
    club.clock.advance(by=timedelta(minutes=3))
    later = await club.platform.sweep_accounts()()

    assert len(before) == 1
    assert (swept, later) == (Sweep(leftover=1), Sweep())
    assert (await club.at_venue(member)).flat


async def test_however_few_a_venue_tells_of_at_once_every_account_has_its_turn() -> None:
    """rules: POS-10, EXC-08

    At Binance six accounts can be asked for all their orders at once. Those were always the same, and in seed 48 of the
    campaign at the venues what a dead worker had sent for another one stood for ever.
    """
    club = await protected()
    members = [*club.members, *[await club.join() for _ in range(4)]]
    await club.alert("SINAL LONG FORTE", ETH)
    await club.work()
    club.exchange.tells_of_orders = 2
    for member in members:
        await club.by_hand(member, Side.LONG, Leg.STOP, "0.01", ETH, trigger="50")

    swept = []
    for _ in range(3):
        club.clock.advance(by=timedelta(seconds=30))
        swept.append((await club.platform.sweep_accounts()()).foreign)

    assert swept == [2, 2, 2]
    assert len({account for _, account in club.exchange.told_of}) == len(members)


async def test_an_account_stays_due_until_what_is_left_over_there_is_cancelled() -> None:
    """rules: POS-10, ORD-11"""
    club, member = await left_over()
    club.clock.advance(by=ARRIVES)
    club.exchange.suffer(Failure(DropBefore(), call=Call.CANCEL))

    first, second, third = [await club.platform.sweep_accounts()() for _ in range(3)]

    assert (first, second, third) == (Sweep(leftover=1), Sweep(leftover=1), Sweep())
    assert (await club.at_venue(member)).flat


async def test_what_one_worker_swept_another_leaves_alone_for_a_while() -> None:
    """rules: POS-10"""
    club = await protected()
    (member,) = club.members
    await club.by_hand(member, Side.LONG, Leg.STOP, "0.001", trigger="50000")
    sweep = club.platform.sweep_accounts()

    swept = []
    for _ in range(3):
        swept.append(await sweep(RESTED))
        club.clock.advance(by=RESTED / 2 + timedelta(seconds=1))

    assert swept == [Sweep(foreign=1), Sweep(), Sweep(foreign=1)]


async def test_the_members_own_orders_are_counted_and_never_touched() -> None:
    """rules: POS-03, POS-10"""
    club = await protected()
    (member,) = club.members
    await club.by_hand(member, Side.LONG, Leg.STOP, "0.001", trigger="50000")

    swept = await club.platform.sweep_accounts()()

    assert swept == Sweep(foreign=1)
    assert len((await club.at_venue(member)).stops) == 2


async def test_an_id_of_ours_that_no_record_knows_pauses_the_venue() -> None:
    """rules: RSK-22, POS-10"""
    club = await protected()
    (member,) = club.members
    await club.by_hand(member, Side.LONG, Leg.STOP, "0.001", trigger="50000", client_id="cbcs" + "0" * 28)

    swept = await club.platform.sweep_accounts()()

    assert swept == Sweep(unexplained=1)
    assert [(stop.scope, stop.target) for stop in await club.stops()] == [(StopScope.EXCHANGE, "bybit")]


async def test_only_accounts_with_something_open_are_followed() -> None:
    """rules: POS-10"""
    club = await protected()

    before = await club.platform.follow_accounts()()
    await club.alert("FECHE LONG")
    await club.work()

    assert (before, await club.platform.follow_accounts()()) == (1, 0)
