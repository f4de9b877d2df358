"""What stores promise of a lot or a debt that many journals of one call use: what each of them would do alone, in order."""

from collections.abc import Iterator, Sequence

import attrs
import pytest

from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import LotId, MemberId
from cbc_domain.kernel.money import Money
from cbc_domain.ledger.entries import credited, debited, draft
from cbc_domain.ledger.model import AccountKind, InsufficientFunds, Journal, Lot, LotStatus, LotUse
from cbc_domain.ledger.postings import forgiveness, manual_credit
from cbc_domain.ledger.rules import used
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.persistence.bookkeeping import fee_of, holdings, post
from tests.promises.samples import DAY, NOW, Samples, brl

pytestmark = pytest.mark.asyncio(loop_scope="session")

Step = tuple[int, str]
"""Whole reais, positive takes; and the flow that asks."""

SEQUENCES = (
    ((4, "LED-F09"), (6, "LED-F09")),
    ((4, "LED-F09"), (6, "LED-F08")),
    ((10, "LED-F09"), (-3, "LED-F10"), (1, "LED-F09")),
    ((10, "LED-F08"), (-10, "LED-F10")),
    ((10, "LED-F09"), (-4, "LED-F10"), (4, "LED-F08")),
    ((5, "LED-F09"), (-5, "LED-F10"), (5, "LED-F09"), (-2, "LED-F10")),
)


def journals(lot: Lot, steps: Sequence[Step]) -> Iterator[Journal]:
    for number, (reais, flow) in enumerate(steps):
        amount = brl(f"{abs(reais)}.00")
        taken, given = (debited, credited) if reais > 0 else (credited, debited)
        legs = [taken(AccountKind.MEMBER_ADMIN, lot.member, amount), given(AccountKind.PROMO_EXPENSE, None, amount)]
        journal = draft(flow, f"step:{lot.id}:{number}", NOW, "system", legs)
        yield attrs.evolve(journal, lot_uses=(_use(lot.id, reais, number),))


def _use(lot: LotId, reais: int, number: int) -> LotUse:
    return LotUse(lot, Money(reais * 100, brl("0.00").currency), NOW + DAY * (40 + number) if reais < 0 else None)


@pytest.mark.parametrize("steps", SEQUENCES)
@pytest.mark.parametrize("status", [LotStatus.ACTIVE, LotStatus.FROZEN])
@pytest.mark.parametrize("at_once", [True, False])
async def test_a_lot_ends_where_one_use_after_the_other_leads_it(
    store: Store, samples: Samples, steps: Sequence[Step], status: LotStatus, *, at_once: bool
) -> None:
    """rules: BAL-04, COM-14, LED-04"""
    lot = attrs.evolve(samples.lot(await samples.joined(store), brl("10.00")), status=status)
    asked = [manual_credit("r-1", lot, NOW, "admin"), *journals(lot, steps)]

    for call in [asked] if at_once else [[one] for one in asked]:
        await post(store, *call)

    expected = lot
    for journal in asked[1:]:
        expected = used(expected, journal.lot_uses[0], journal.flow)
    async with store() as work:
        assert await work.books.lot(lot.id) == expected


async def test_what_is_given_back_later_does_not_cover_what_was_taken_before(store: Store, samples: Samples) -> None:
    """rules: BAL-04, LED-04"""
    member = await samples.joined(store)
    lot, other = samples.lot(member, brl("10.00")), samples.lot(member, brl("90.00"))
    await post(store, manual_credit("r-1", lot, NOW, "admin"), manual_credit("r-2", other, NOW, "admin"))

    with pytest.raises(InsufficientFunds):
        await post(store, *journals(lot, ((7, "LED-F09"), (4, "LED-F09"), (-4, "LED-F10"))))

    assert set((await holdings(store, member.id)).lots) == {lot, other}


async def test_a_lot_that_nobody_opened_is_refused(store: Store, samples: Samples) -> None:
    """rules: BAL-04"""
    member = await samples.joined(store)
    await post(store, manual_credit("r-1", samples.lot(member, brl("10.00")), NOW, "admin"))
    stranger = samples.lot(member, brl("10.00"))

    with pytest.raises(Conflict) as refused:
        await post(store, *journals(stranger, ((1, "LED-F09"),)))

    assert refused.value.code == "state_conflict"


async def test_debts_are_paid_by_many_journals_up_to_what_is_left(store: Store, samples: Samples, ana: MemberId) -> None:
    """rules: DBT-01, LED-04"""
    await post(store, fee_of(samples, await holdings(store, ana), brl("9.00")))
    [debt] = (await holdings(store, ana)).debts
    parts = [forgiveness(f"f-{number}", debt, brl("3.00"), NOW, "admin") for number in range(4)]

    with pytest.raises(InsufficientFunds):
        await post(store, *parts)
    await post(store, *parts[:2])

    assert (await holdings(store, ana)).debts == (attrs.evolve(debt, remaining=brl("3.00")),)
