"""A clock that jumps and a database that goes away: the named refusal, and on return the work goes on where it stopped."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from dependency_injector.providers import Object

from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.presence import Presence
from cbc_adapters.persistence.postgres.schema import migrate
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_domain.commissions.model import SettlementState
from cbc_domain.kernel.errors import Invalid, Unavailable
from cbc_domain.ports.exchange import Report, Ticket
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import CloseReason, PositionState
from tests.chaos.database import MortalServer
from tests.club import Club, open_club
from tests.fragile import FragileExchange


class CorrectedClock:
    """The machine's clock beside the true time; mutable because somebody sets it."""

    def __init__(self, true: SteppedClock) -> None:
        self._true = true
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return self._true.now() + self.ahead


async def club_with_a_clock(store: PostgresStore) -> tuple[Club, CorrectedClock]:
    club = await open_club(store=store)
    clock = CorrectedClock(club.clock)
    club.platform.clock.override(Object(clock))
    await club.join()
    await club.market()
    return club, clock


async def test_a_clock_that_fell_back_refuses_alerts_by_name_and_takes_them_once_it_is_right(store: PostgresStore) -> None:
    """rules: SIG-20"""
    club, clock = await club_with_a_clock(store)

    clock.ahead = timedelta(hours=-1)
    with pytest.raises(Invalid) as refused:
        await club.alert("SINAL LONG FORTE")
    clock.ahead = timedelta(0)
    await club.alert("SINAL LONG FORTE")
    await club.work()

    assert refused.value.code == "signal_from_future"
    assert (await club.trade(club.members[0])).position.state is PositionState.PROTECTED


async def test_a_clock_that_jumped_ahead_expires_alerts_by_name_and_takes_them_once_it_is_right(store: PostgresStore) -> None:
    """rules: SIG-20, SIG-21"""
    club, clock = await club_with_a_clock(store)

    clock.ahead = timedelta(hours=1)
    late = await club.alert("SINAL LONG FORTE")
    clock.ahead = timedelta(0)
    club.clock.advance(by=timedelta(minutes=1))
    again = await club.alert("SINAL LONG FORTE")
    await club.work()

    assert (late.status, again.status, again.duplicate) == ("expired", "accepted", False)
    assert (await club.trade(club.members[0])).position.state is PositionState.PROTECTED


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1)])
async def test_a_position_outlives_a_clock_that_jumps(store: PostgresStore, jump: timedelta) -> None:
    """rules: POS-06, COM-07"""
    club, clock = await club_with_a_clock(store)
    member = club.members[0]
    await club.alert("SINAL LONG FORTE")
    await club.work()

    clock.ahead = jump
    await club.platform.reconcile()()
    await club.work()
    guarded = await club.at_venue(member)
    clock.ahead = timedelta(0)
    await club.price("60500")
    await club.alert("FECHE LONG")
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert guarded.protected
    assert venue.flat
    assert (venue.entries, venue.exits) == (1, 1)
    assert (trade.position.close_reason, trade.position.settlement) == (CloseReason.SIGNAL, SettlementState.SETTLED)
    assert (await club.platform.check_invariants()()).holds


class Outage(FragileExchange):
    """While it carries out an order the database dies; mutable because that happens once."""

    def __init__(self, club: Club, server: MortalServer) -> None:
        super().__init__(club.venue, club.clock, None)
        self._server = server
        self.over = False

    async def place(self, account: ExchangeAccount, ticket: Ticket, attached: Sequence[Ticket] = ()) -> Report:
        report = await super().place(account, ticket, attached)
        if not self.over:
            self.over = True
            await self._server.kill()
        return report


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[MortalServer]:
    server = MortalServer(tmp_path / "pg")
    yield server
    await server.stop()


async def test_a_database_that_dies_while_an_order_is_sent_finds_the_order_when_it_is_back(server: MortalServer) -> None:
    """rules: ORD-02, ORD-04, PRI-06, DAT-03"""
    url = await server.start()
    await migrate(url)
    engine = open_engine(url, pool_size=5)
    presence = Presence(engine)
    club = await open_club(store=PostgresStore(engine, SystemIdentities(), presence))
    member = await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    club.platform.exchange.override(Object(Outage(club, server)))

    with pytest.raises(Unavailable) as refused:
        await club.platform.place_orders()()
    await server.start()
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert refused.value.code == "unavailable"
    assert venue.entries == 1
    assert venue.protected
    assert trade.position.state is PositionState.PROTECTED
    assert trade.position.quantity == next(iter(venue.held.values()), Decimal(0))
    await presence.end()
    await engine.dispose()
