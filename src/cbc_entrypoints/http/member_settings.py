"""Show and change the member's settings (contract 2.2, CFG)."""

from typing import Any, Final

import attrs
import msgspec
from litestar import get, patch
from litestar.di import NamedDependency
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.params import JSONBody

from cbc_domain.application.people.change_settings import ChangeSettings, SettingsShown, ShowSettings
from cbc_domain.risk.defaults import SystemLimits
from cbc_entrypoints.http.access import Caller, needs
from cbc_entrypoints.http.problems import documented


class ClampShape(msgspec.Struct):
    """A wish that goes beyond what the plan or the system allows, and what is in force instead (CFG-01)."""

    name: str
    wish: str
    value: str


class SettingsAnswer(msgspec.Struct):
    """`settings` are the values in force; `clamped` names those that differ from the wish, `clamps` says how."""

    settings: dict[str, Any]
    limits: dict[str, Any]
    clamped: list[str]
    clamps: list[ClampShape]
    warnings: list[str]
    version: int


@get("/api/trading/settings", opt=needs("trading.view"), responses=documented(401))
async def show(caller: NamedDependency[Caller], show_settings: NamedDependency[ShowSettings]) -> SettingsAnswer:
    return _answer(await show_settings(caller.member.id), show_settings.limits)


@patch("/api/trading/settings", opt=needs("trading.act"), responses=documented(401, 409, 422))
async def change(
    data: JSONBody[dict[str, Any]], caller: NamedDependency[Caller], change_settings: NamedDependency[ChangeSettings]
) -> SettingsAnswer:
    """Only the keys sent change; one bad key refuses the whole request (CFG-02)."""
    member = caller.member.id
    return _answer(await change_settings(member, data, f"member:{member}"), change_settings.limits)


def _answer(shown: SettingsShown, limits: SystemLimits) -> SettingsAnswer:
    clamped = shown.effective.clamped
    return SettingsAnswer(
        settings=dict(shown.wire),
        limits={
            field.name: _plain(value)
            for field in attrs.fields(SystemLimits)
            if (value := getattr(limits, field.name)) is None or isinstance(value, int) or hasattr(value, "as_tuple")
        },
        clamped=[clamp.name for clamp in clamped],
        clamps=[ClampShape(clamp.name, str(clamp.wish), str(clamp.value)) for clamp in clamped],
        warnings=list(shown.warnings),
        version=shown.version,
    )


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, int) else f"{value}"


HANDLERS: Final[list[HTTPRouteHandler]] = [show, change]
