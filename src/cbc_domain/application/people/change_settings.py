"""Show and change what a member wishes, within what the plan and the system allow (CFG)."""

from collections.abc import Mapping

import attrs

from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, MemberId
from cbc_domain.plans.rules import plan
from cbc_domain.ports.persistence.people import Wishes
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.settings import Effective, change, complete, derived, effective


@attrs.frozen
class SettingsShown:
    """Every setting as it is in force, in wire values; what was clamped; warnings of this change (CFG-01, CFG-06, CFG-08)."""

    version: int
    wire: Mapping[str, object]
    effective: Effective
    warnings: tuple[str, ...] = ()


@attrs.frozen
class ShowSettings:
    """Raises NotFound for nobody."""

    store: Store
    clock: Clock
    limits: SystemLimits

    async def __call__(self, member: MemberId) -> SettingsShown:
        async with self.store() as work:
            return await _shown(work, member, await work.people.wishes(member), self.limits, self.clock)


@attrs.frozen
class ChangeSettings:
    """PATCH: only the keys sent change, all or none. Raises FieldFaults (CFG-02, CFG-03), Conflict `state_conflict`."""

    store: Store
    clock: Clock
    identities: Identities
    limits: SystemLimits

    async def __call__(self, member: MemberId, patch: Mapping[str, object], actor: str) -> SettingsShown:
        now = self.clock.now()
        async with self.store() as work:
            before = await work.people.wishes(member)
            membership = await work.people.membership(member)
            changed = change(before.values, patch, self.limits, plan(membership.plan).max_positions)
            after = Wishes(before.version + 1, changed.wishes)
            await work.people.save_wishes(member, before, after, actor, now)
            data = {"member": str(member), "keys": ",".join(sorted(patch))}
            await work.outbox.add([Event(EventId(self.identities.new()), EventName.CONFIG_CHANGED, member, now, data)])
            shown = await _shown(work, member, after, self.limits, self.clock)
            await work.commit()
        return attrs.evolve(shown, warnings=changed.warnings)


async def _shown(work: UnitOfWork, member: MemberId, wishes: Wishes, limits: SystemLimits, clock: Clock) -> SettingsShown:
    known = await work.people.member(member)
    if known is None:
        raise NotFound("not_found", "expected a member")
    membership = await work.people.membership(member)
    live_since = await work.people.live_since(member)
    in_force = effective(wishes.values, plan(membership.plan), limits, live_since, clock.now())
    clamped = {clamp.name: clamp.value for clamp in in_force.clamped}
    shown = {name: f"{value:f}" for name, value in derived(in_force.settings).items()}
    return SettingsShown(wishes.version, {**complete(wishes.values, known.region), **clamped, **shown}, in_force)
