"""What stores promise of admin credit and of debts."""

import attrs
import pytest

from cbc_domain.kernel.ids import LotId, MemberId, PositionId
from cbc_domain.kernel.money import BRL
from cbc_domain.ledger.model import InsufficientFunds, LotStatus, LotUse
from cbc_domain.ledger.postings import (
    commission,
    correction,
    forgiveness,
    lot_expiry,
    manual_credit,
    recharge,
)
from cbc_domain.ledger.rules import after
from cbc_domain.ledger.spending import Spent, compensate, spend
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.persistence.bookkeeping import fee_of, holdings, post
from tests.promises.samples import DAY, NOW, SECOND, Samples, brl, committed, usd

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_lot_is_opened_used_and_used_up(store: Store, samples: Samples) -> None:
    """rules: BAL-04, BAL-10, LED-F07, LED-F09"""
    member = await samples.joined(store)
    lot = samples.lot(member, brl("10.00"))
    await post(store, manual_credit("r-1", lot, NOW, "admin"))
    opened = await holdings(store, member.id)

    await post(store, fee_of(samples, opened, brl("4.00")))
    part = await holdings(store, member.id)
    await post(store, fee_of(samples, part, brl("6.00")))

    assert opened.lots == (lot,)
    assert part.lots == (attrs.evolve(lot, remaining=brl("6.00")),)
    assert (await holdings(store, member.id)).lots == ()
    async with store() as work:
        assert await work.books.lot(lot.id) == attrs.evolve(lot, remaining=brl("0.00"), status=LotStatus.USED)
        assert await work.books.lot(LotId(samples.ids.new())) is None


async def test_no_more_is_taken_of_a_lot_than_is_left(store: Store, samples: Samples) -> None:
    """rules: BAL-04, LED-04"""
    member = await samples.joined(store)
    first, second = samples.lot(member, brl("10.00")), samples.lot(member, brl("10.00"))
    await post(store, manual_credit("r-1", first, NOW, "admin"), manual_credit("r-2", second, NOW, "admin"))
    fee = fee_of(samples, await holdings(store, member.id), brl("12.00"))

    with pytest.raises(InsufficientFunds):
        await post(store, attrs.evolve(fee, lot_uses=(LotUse(first.id, brl("12.00")),)))

    assert (await holdings(store, member.id)).lots == (first, second)


async def test_a_lot_given_back_is_active_again_for_as_long_as_it_is_told(store: Store, samples: Samples) -> None:
    """rules: COM-14"""
    member = await samples.joined(store)
    lot = samples.lot(member, brl("10.00"))
    await post(store, manual_credit("r-1", lot, NOW, "admin"))
    await post(store, fee_of(samples, await holdings(store, member.id), brl("10.00")))
    later = lot.expires_at + 7 * DAY
    back = attrs.evolve(
        manual_credit("r-2", lot, NOW, "admin"),
        lots_opened=(),
        lot_uses=(LotUse(lot.id, brl("-10.00"), later),),
    )

    await post(store, back)

    assert (await holdings(store, member.id)).lots == (attrs.evolve(lot, expires_at=later),)
    async with store() as work:
        stored = await work.books.posting(back.key)
    assert stored is not None
    assert stored.journal == back


async def test_what_is_left_of_a_lot_lives_as_long_as_what_is_given_back_to_it(store: Store, samples: Samples) -> None:
    """rules: COM-14, BAL-04"""
    member = await samples.joined(store)
    lot = samples.lot(member, brl("10.00"))
    await post(store, manual_credit("r-1", lot, NOW, "admin"))
    await post(store, fee_of(samples, await holdings(store, member.id), brl("4.00")))
    later = lot.expires_at + DAY
    back = attrs.evolve(
        manual_credit("r-2", lot, NOW, "admin"),
        entries=correction("r-2", member.id, brl("4.00"), NOW, "admin").entries,
        lots_opened=(),
        lot_uses=(LotUse(lot.id, brl("-4.00"), later),),
    )

    await post(store, back)

    async with store() as work:
        assert await work.books.expired_lots(later - SECOND, 10) == []
        assert await work.books.expired_lots(later, 10) == [attrs.evolve(lot, expires_at=later)]


async def test_expired_lots_are_found_oldest_first_and_lapse_once(store: Store, samples: Samples) -> None:
    """rules: BAL-04, LED-F08"""
    member = await samples.joined(store)
    late, early, alive = (samples.lot(member, brl("1.00"), NOW - age * DAY) for age in (30, 40, 29))
    used = samples.lot(member, usd("1.00"), NOW - 50 * DAY)
    for number, lot in enumerate((late, early, alive, used)):
        await post(store, manual_credit(f"r-{number}", lot, NOW - DAY, "admin"))
    spent = spend(usd("1.00"), await holdings(store, member.id), None, used.credited_at)
    assert isinstance(spent, Spent)
    await post(store, commission(PositionId(samples.ids.new()), member.id, spent, usd("1.00"), None, None, NOW))

    async with committed(store) as work:
        due = await work.books.expired_lots(NOW, 10)
        first = await work.books.expired_lots(NOW, 1)
        await work.books.post([lot_expiry(lot, NOW) for lot in due], NOW)

    assert (list(due), list(first)) == ([early, late], [early])
    async with store() as work:
        assert await work.books.expired_lots(NOW, 10) == []
        assert await work.books.lot(early.id) == attrs.evolve(early, remaining=brl("0.00"), status=LotStatus.EXPIRED)
    assert (await holdings(store, member.id)).lots == (alive,)


async def test_debts_stand_oldest_first_and_are_paid_by_a_credit(store: Store, samples: Samples, ana: MemberId) -> None:
    """rules: DBT-01, DBT-03"""
    for number, fee in enumerate(("3.00", "2.00")):
        held = await holdings(store, ana)
        await post(store, fee_of(samples, held, brl(fee), at=NOW - number * DAY))
    owing = await holdings(store, ana)
    received = recharge("pi_1", ana, brl("2.50"), NOW)
    paid = compensate(received, after(owing, received), None, NOW)
    assert paid is not None

    await post(store, received, paid)

    assert [debt.remaining for debt in owing.debts] == [brl("2.00"), brl("3.00")]
    rest = await holdings(store, ana)
    assert [debt.remaining for debt in rest.debts] == [brl("2.50")]
    assert rest == after(after(owing, received), paid)


async def test_no_more_of_a_debt_is_paid_than_is_left(store: Store, samples: Samples, ana: MemberId) -> None:
    """rules: DBT-01, LED-04"""
    for fee in ("3.00", "3.00"):
        await post(store, fee_of(samples, await holdings(store, ana), brl(fee)))
    debt = (await holdings(store, ana)).debts[0]
    forgiven = forgiveness("r-1", attrs.evolve(debt, remaining=brl("9.00")), brl("4.00"), NOW, "admin")

    with pytest.raises(InsufficientFunds):
        await post(store, forgiven)

    assert (await holdings(store, ana)).owes(BRL) == brl("6.00")
