"""What stores promise of members."""

import asyncio

import attrs
import pytest

from cbc_domain.identity.model import AffiliateTier, Role
from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.ids import MemberId
from cbc_domain.plans.model import Membership, PlanCode
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.samples import NOW, Samples, committed

pytestmark = pytest.mark.asyncio(loop_scope="session")


ADA = "ada@example.com"


async def test_a_member_comes_back_as_he_was_added(store: Store, samples: Samples) -> None:
    """rules: AUT-01"""
    referrer = await samples.joined(store)
    credential = samples.credential(ADA)
    member = attrs.evolve(
        credential.member,
        role=Role.GESTOR,
        tier=AffiliateTier.VIP,
        phone="+5511999999999",
        email_verified_at=NOW,
        terms_version="2026-01",
        two_factor=True,
        affiliate_code="CBC-ADA",
        referred_by=referrer.id,
    )
    membership = Membership(member.id, PlanCode.PRO_BR, NOW)

    async with committed(store) as work:
        assert await work.people.add(attrs.evolve(credential, member=member), membership)

    async with store() as work:
        assert await work.people.member(member.id) == member
        assert await work.people.credential(ADA) == attrs.evolve(credential, member=member)
        assert await work.people.by_affiliate_code("CBC-ADA") == member
        assert await work.people.membership(member.id) == membership


async def test_a_taken_address_adds_nobody(store: Store, samples: Samples) -> None:
    """rules: AUT-02"""
    first = await samples.joined(store, ADA)
    second = samples.credential(ADA)

    async with committed(store) as work:
        assert not await work.people.add(second, Membership(second.member.id, PlanCode.NONE, NOW))

    async with store() as work:
        assert await work.people.member(second.member.id) is None
        known = await work.people.credential(ADA)
    assert known is not None
    assert known.member == first


async def test_of_many_with_one_address_one_is_added(store: Store, samples: Samples) -> None:
    """rules: AUT-02"""

    async def join() -> bool:
        credential = samples.credential(ADA)
        async with committed(store) as work:
            return await work.people.add(credential, Membership(credential.member.id, PlanCode.NONE, NOW))

    answers = await asyncio.gather(*(join() for _ in range(8)))

    assert sorted(answers) == [False] * 7 + [True]


async def test_nobody_is_found_under_unknown_names(store: Store, samples: Samples) -> None:
    nobody = MemberId(samples.ids.new())

    async with store() as work:
        assert await work.people.member(nobody) is None
        assert await work.people.credential("nobody@example.com") is None
        assert await work.people.by_affiliate_code("NOBODY") is None
        assert not await work.people.paused(nobody)
        assert await work.people.accounts(nobody) == []
        with pytest.raises(NotFound):
            await work.people.membership(nobody)


async def test_members_are_paged_in_ascending_id(store: Store, samples: Samples) -> None:
    joined = [await samples.joined(store) for _ in range(5)]

    async with store() as work:
        first = await work.people.members(None, 3)
        second = await work.people.members(first[-1].id, 3)

    assert [*first, *second] == joined


async def test_a_saved_member_replaces_what_was_known(store: Store, samples: Samples) -> None:
    member = await samples.joined(store)
    changed = attrs.evolve(member, full_name="Ana Lima", email_verified_at=NOW, affiliate_code="CBC-ANA")

    async with committed(store) as work:
        await work.people.save(changed)
        await work.people.save_membership(Membership(member.id, PlanCode.PRO_BR, NOW))

    async with store() as work:
        assert await work.people.member(member.id) == changed
        assert await work.people.by_affiliate_code("CBC-ANA") == changed
        assert (await work.people.membership(member.id)).plan is PlanCode.PRO_BR
        known = await work.people.credential(member.email)
    assert known is not None
    assert known.password_hash == samples.credential().password_hash


async def test_who_paused_himself_among_many_is_told_at_once(store: Store, samples: Samples) -> None:
    """rules: RSK-20, RSK-21"""
    first, second = await samples.joined(store), await samples.joined(store)
    async with committed(store) as work:
        await work.people.pause(second.id, True, "holidays", NOW)

    async with store() as work:
        assert await work.people.paused_among([first.id, second.id]) == {second.id}
        assert await work.people.paused_among([]) == frozenset()
