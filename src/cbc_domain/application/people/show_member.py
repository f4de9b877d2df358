"""What a member is shown of himself beside his own data: his plan, and where his next trade would go."""

import attrs

from cbc_domain.application.people.judge_gates import judge_gates
from cbc_domain.identity.model import Member
from cbc_domain.plans.model import PlanCode
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.system import Clock


@attrs.frozen
class MemberShown:
    """`environment` is `live` when every gate is open, else the rehearsal the member chose (ELG-04)."""

    plan: PlanCode
    environment: str


@attrs.frozen
class ShowMember:
    store: Store
    clock: Clock
    process_allows_live: bool

    async def __call__(self, member: Member) -> MemberShown:
        async with self.store() as work:
            membership = await work.people.membership(member.id)
            judged = await judge_gates(work, member.id, self.clock.now(), process_allows_live=self.process_allows_live)
        return MemberShown(membership.plan, judged.environment)
