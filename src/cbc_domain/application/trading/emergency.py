"""Stop opens, or close what is open, in a scope; without queue, cache and AI, because the state is a row (RSK-20, RSK-21)."""

from functools import partial
from typing import Final

import attrs

from cbc_domain.application.trading.close_positions import close_positions
from cbc_domain.identity.model import Member, Permission, Scope
from cbc_domain.identity.reasons import checked_reason
from cbc_domain.identity.rules import scope_of
from cbc_domain.kernel.errors import Denied, Invalid
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, PositionId
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.model import Stop, StopLevel, StopScope
from cbc_domain.trading.model import CloseReason

PAGE: Final = 1000


@attrs.frozen
class Stopped:
    """What an act did: entries that still waited and are taken back, and positions that are being closed."""

    stop: Stop
    taken_back: tuple[PositionId, ...] = ()
    closing: tuple[PositionId, ...] = ()


@attrs.frozen
class Emergency:
    """Each act is one transaction, whole or not at all, and stays in force until a person lifts it with a reason (RSK-24).

    Raises Denied `forbidden` or `step_up_required`, Invalid `reason_required`, or `validation_error` for a scope without its
    target and for a flatten that was not confirmed by typing the word of its scope.
    """

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(
        self,
        actor: Member,
        scope: StopScope,
        target: str | None,
        level: StopLevel,
        reason: str,
        *,
        stepped_up: bool = False,
        typed: str | None = None,
    ) -> Stopped:
        """Acting again in the same scope replaces the level; `target` None only for scope global."""
        _allow(actor, scope, target, level)
        if level is StopLevel.FLATTEN:
            _confirm(scope, stepped_up=stepped_up, typed=typed)
        stop = Stop(scope, _checked(scope, target), level, checked_reason(reason), str(actor.id), self.clock.now())
        return await self.store.run(partial(self._stop, stop))

    async def lift(self, actor: Member, scope: StopScope, target: str | None, reason: str) -> None:
        """Lifting what is not in force changes nothing."""
        _allow(actor, scope, target, StopLevel.PAUSE)
        await self.store.run(partial(self._lift, scope, _checked(scope, target), str(actor.id), checked_reason(reason)))

    async def _stop(self, stop: Stop, work: UnitOfWork) -> Stopped:
        await work.configuration.set_stop(stop)
        waiting, holding = await self._reached(work, stop) if stop.level is not StopLevel.PAUSE else ([], [])
        closing = holding if stop.level is StopLevel.FLATTEN else []
        await close_positions(work, [*waiting, *closing], CloseReason.EMERGENCY, self.clock, self.identities)
        told = {"level": stop.level.value, "taken_back": str(len(waiting)), "closing": str(len(closing))}
        await work.outbox.add([self._changed(stop.scope, stop.target, stop.actor, stop.reason, told)])
        return Stopped(stop, tuple(waiting), tuple(closing))

    async def _lift(self, scope: StopScope, target: str | None, actor: str, reason: str, work: UnitOfWork) -> None:
        if any((stop.scope, stop.target) == (scope, target) for stop in await work.configuration.stops()):
            await work.configuration.lift_stop(scope, target, actor, reason, self.clock.now())
            await work.outbox.add([self._changed(scope, target, actor, reason, {"level": "lifted"})])

    async def _reached(self, work: UnitOfWork, stop: Stop) -> tuple[list[PositionId], list[PositionId]]:
        """Positions in scope of which nothing was bought yet, and those that hold something."""
        waiting: list[PositionId] = []
        holding: list[PositionId] = []
        after: PositionId | None = None
        while page := await work.trades.in_scope(stop.scope, stop.target, after, PAGE):
            for trade in await work.trades.trades(page, lock=True):
                (holding if trade.position.bought else waiting).append(trade.position.id)
            after = page[-1]
        return waiting, holding

    def _changed(self, scope: StopScope, target: str | None, actor: str, reason: str, told: dict[str, str]) -> Event:
        new = self.identities.new()
        data = {"scope": scope.value, "target": target or "*", "actor": actor, "reason": reason, **told}
        return Event(EventId(new), EventName.EMERGENCY_CHANGED, new, self.clock.now(), data)


def _allow(actor: Member, scope: StopScope, target: str | None, level: StopLevel) -> None:
    """Staff by their role; a member in his own scope only (ROL-03)."""
    permission = Permission.EMERGENCY_FLATTEN if level is StopLevel.FLATTEN else Permission.EMERGENCY_PAUSE
    own = scope is StopScope.USER and target == str(actor.id)
    held = scope_of(actor, permission)
    if held is not Scope.ALL and not (own and held is Scope.OWN):
        raise Denied("forbidden", f"expected somebody who may {level} scope {scope}")


def _confirm(scope: StopScope, *, stepped_up: bool, typed: str | None) -> None:
    if not stepped_up:
        raise Denied("step_up_required", "expected a step-up in the last five minutes")
    if typed != scope.value:
        raise Invalid("validation_error", f"expected the word {scope.value!r} to be typed")


def _checked(scope: StopScope, target: str | None) -> str | None:
    if (target is None) != (scope is StopScope.GLOBAL):
        raise Invalid("validation_error", f"expected a target for every scope but global, was {target!r} for {scope}")
    return target
