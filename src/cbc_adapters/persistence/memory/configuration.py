"""Switches and emergency acts in memory: versions are only ever added, the newest of each is in force."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

import attrs

from cbc_adapters.persistence.memory.table import ALL, Changes, Series, Table
from cbc_domain.kernel.errors import Invalid
from cbc_domain.risk.defaults import Switches, check_switch
from cbc_domain.risk.model import Stop, StopScope

_KINDS: Final = {field.name: field.type for field in attrs.fields(Switches)}


@attrs.frozen
class SwitchVersion:
    name: str
    value: object
    actor: str
    reason: str
    at: datetime


@attrs.frozen
class Lifted:
    """The end of an emergency act: who lifted it and why (RSK-24)."""

    scope: str
    target: str | None
    actor: str
    reason: str
    at: datetime


class MemoryConfiguration:
    def __init__(self, changes: Changes) -> None:
        self._switch_versions = Series[str, SwitchVersion](changes)
        self._switches = Table[str, Switches](changes)
        self._stop_versions = Series[str, Stop | Lifted](changes)
        self._stops = Table[tuple[StopScope, str | None], Stop](changes)

    async def switches(self) -> Switches:
        return self._switches.get(ALL) or Switches()

    async def set_switch(self, name: str, value: object, actor: str, reason: str, at: datetime) -> None:
        """Takes a switch's value or its wire form."""
        if name not in _KINDS:
            raise Invalid("setting_unknown", f"expected a business switch, was {name[:60]!r}")
        read = _read(name, value)
        check_switch(name, read)
        self._switch_versions.add(name, SwitchVersion(name, value, actor, reason, at))
        current = {kept: getattr(await self.switches(), kept) for kept in _KINDS}
        self._switches.put(ALL, Switches(**current | {name: read}))

    async def stops(self) -> Sequence[Stop]:
        return list(self._stops.values())

    async def set_stop(self, stop: Stop) -> None:
        self._stop_versions.add(ALL, stop)
        self._end(stop.scope, stop.target)
        self._stops.put((stop.scope, stop.target), stop)

    async def lift_stop(self, scope: str, target: str | None, actor: str, reason: str, at: datetime) -> None:
        """Lifting what is not in force changes nothing."""
        if self._end(StopScope(scope), target):
            self._stop_versions.add(ALL, Lifted(scope, target, actor, reason, at))

    def _end(self, scope: StopScope, target: str | None) -> bool:
        if (scope, target) not in self._stops:
            return False
        self._stops.remove((scope, target))
        return True


def _read(name: str, value: object) -> object:
    kind = _KINDS[name]
    if kind is Decimal:
        return _decimal(name, value)
    if isinstance(kind, type) and issubclass(kind, StrEnum) and isinstance(value, str):
        found = next((word for word in kind if word.value == value), None)
        if found is not None:
            return found
    elif type(value) is kind:
        return value
    raise _unreadable(name, value)


def _decimal(name: str, value: object) -> Decimal:
    if isinstance(value, str | Decimal):
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise _unreadable(name, value) from None
        if number.is_finite():
            return number
    raise _unreadable(name, value)


def _unreadable(name: str, value: object) -> Invalid:
    kind = getattr(_KINDS[name], "__name__", "a value")
    return Invalid("setting_invalid", f"expected {kind} for {name}, was {type(value).__name__}")
