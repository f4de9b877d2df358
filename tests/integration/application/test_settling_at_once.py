"""Several settlers at the same closed trades, on a real PostgreSQL."""

import asyncio
from datetime import timedelta
from decimal import Decimal

from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_domain.kernel.events import EventName
from cbc_domain.kernel.money import BRL, Money
from tests.club import BTC, Club, open_club


async def closed_unsettled(club: Club) -> None:
    """Let the target be reached and the fills be heard, and nothing be settled yet."""
    club.clock.advance(by=timedelta(minutes=1))
    club.venue.set_price(BTC, Decimal(62_000), club.clock.now())
    while await club.platform.apply_fills()() or await club.platform.place_orders()():
        pass


async def test_of_many_who_settle_one_position_one_charges_it(postgres_url: str) -> None:
    """rules: COM-07, LED-06, LED-07"""
    engine = open_engine(postgres_url)
    club = await open_club(store=PostgresStore(engine, SystemIdentities()))
    member = await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await closed_unsettled(club)

    settled = await asyncio.gather(*(club.platform.settle_trades()() for _ in range(8)))

    position = (await club.trade(member)).position.id
    async with club.store() as work:
        [settlement] = await work.trades.settlements([position])
        charged = [event for event in await work.outbox.about(position) if event.name is EventName.COMMISSION_CHARGED]
        held, proof = await work.books.holdings(member.id), await work.books.prove()
    assert sorted(settled) == [0] * 7 + [1]
    assert settlement.commission is not None
    assert held.real_in(BRL) == Money(500_00, BRL) - settlement.commission
    assert (len(charged), proof.holds) == (1, True)
    await engine.dispose()
