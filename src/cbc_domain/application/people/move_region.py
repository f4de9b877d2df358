"""Staff move a member to another country, with proof (MON-05)."""

from functools import partial

import attrs

from cbc_domain.identity.countries import COUNTRIES
from cbc_domain.identity.reasons import checked_reason
from cbc_domain.kernel.errors import Conflict, FieldFault, FieldFaults, NotFound
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, MemberId
from cbc_domain.plans.model import Membership, PlanCode, PlanKind
from cbc_domain.plans.rules import plan
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities


@attrs.frozen
class MoveRegion:
    """The only way to change a country, and with it the region and the billing currency; balances stay what they are.

    Raises FieldFaults for an unknown country or without proof, Invalid `reason_required`, NotFound, Conflict `state_conflict`
    while a paid period runs.
    """

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(self, member: MemberId, country: str, proof: str, actor: str, reason: str) -> None:
        """`proof` names the document that was seen. A plan of the old region ends with the move (PLAN-04)."""
        faults = []
        if country not in COUNTRIES:
            faults.append(FieldFault("country", "expected an ISO 3166-1 alpha-2 code", "setting_invalid"))
        if not proof.strip():
            faults.append(FieldFault("proof", "expected the document that proves it", "setting_invalid"))
        if faults:
            raise FieldFaults(tuple(faults))
        told = {"country": country, "proof": proof.strip(), "actor": actor, "reason": checked_reason(reason)}
        await self.store.run(partial(self._move, member, country, told))

    async def _move(self, member_id: MemberId, country: str, told: dict[str, str], work: UnitOfWork) -> None:
        member, now = await work.people.member(member_id), self.clock.now()
        if member is None:
            raise NotFound("not_found", "expected a member")
        if member.country == country:
            return
        moved = attrs.evolve(member, country=country)
        held = plan((await work.people.membership(member_id)).plan)
        if moved.region is not member.region:
            if held.kind is PlanKind.MONTHLY:
                raise Conflict("state_conflict", f"expected the end of the paid period, was within {held.code}")
            if held.region is not None:
                await work.people.save_membership(Membership(member_id, PlanCode.NONE, now))
        await work.people.save(moved)
        await work.outbox.add([Event(EventId(self.identities.new()), EventName.CONFIG_CHANGED, member_id, now, told)])
