"""Switches and emergency acts on PostgreSQL: versions are only ever added, the newest of each is in force."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, get_type_hints

import attrs
from sqlalchemy import Subquery, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.documents import from_document, to_document
from cbc_adapters.persistence.postgres.rows.work import stop_of, stop_row
from cbc_adapters.persistence.postgres.tables.work import stop_versions, switch_versions
from cbc_domain.kernel.errors import Invalid
from cbc_domain.risk.defaults import Switches, check_switch
from cbc_domain.risk.model import Stop

_KINDS: Final[dict[str, type[Any]]] = get_type_hints(Switches)


@attrs.frozen
class PostgresConfiguration:
    _connection: AsyncConnection

    async def switches(self) -> Switches:
        current = (
            select(switch_versions.c.name, switch_versions.c.value)
            .ext(distinct_on(switch_versions.c.name))
            .where(switch_versions.c.name.in_(_KINDS))
            .order_by(switch_versions.c.name, switch_versions.c.version.desc())
        )
        found = (await self._connection.execute(current)).all()
        return Switches(**{name: from_document(value, _KINDS[name]) for name, value in found})

    async def set_switch(self, name: str, value: object, actor: str, reason: str, at: datetime) -> None:
        """Takes a switch's value or its wire form."""
        await self._connection.execute(
            insert(switch_versions).values(name=name, value=_stored(name, value), actor=actor, reason=reason, at=at)
        )

    async def stops(self) -> Sequence[Stop]:
        newest = _newest_acts()
        in_force = select(newest).where(newest.c.level.is_not(None)).order_by(newest.c.version)
        return [stop_of(row) for row in (await self._connection.execute(in_force)).mappings()]

    async def set_stop(self, stop: Stop) -> None:
        await self._connection.execute(insert(stop_versions).values(stop_row(stop)))

    async def lift_stop(self, scope: str, target: str | None, actor: str, reason: str, at: datetime) -> None:
        """Lifting what is not in force changes nothing."""
        if any(stop.scope == scope and stop.target == target for stop in await self.stops()):
            lifted = {"scope": scope, "target": target, "level": None, "actor": actor, "reason": reason, "at": at}
            await self._connection.execute(insert(stop_versions).values(lifted))


def _stored(name: str, value: object) -> object:
    if name not in _KINDS:
        raise Invalid("setting_unknown", f"expected a business switch, was {name[:60]!r}")
    document = to_document(value)
    try:
        read = from_document(document, _KINDS[name])
    except ValueError:
        raise Invalid("setting_invalid", f"expected {_KINDS[name].__name__} for {name}, was {type(value).__name__}") from None
    check_switch(name, read)
    return document


def _newest_acts() -> Subquery:
    act = stop_versions.c
    return (
        select(stop_versions)
        .ext(distinct_on(act.scope, act.target))
        .order_by(act.scope, act.target, act.version.desc())
        .subquery("newest")
    )
