"""What a member may wish for, and what of it is in force (section 20)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final, cast

import attrs

from cbc_domain.identity.model import Region
from cbc_domain.kernel.errors import FieldFault, FieldFaults, Invalid
from cbc_domain.kernel.rounding import EXACT
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.plans.model import Plan
from cbc_domain.plans.rules import most_positions
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.model import RiskLevel, TradingSettings
from cbc_domain.risk.setting_kinds import OUT_OF_RANGE, SPECS, Bounds

REWARD_RISK_LOW: Final = "reward_risk_low"

PRESETS: Final[Mapping[RiskLevel, Mapping[str, object]]] = MappingProxyType(
    {
        level: MappingProxyType(
            {
                "position_size_percentage": size,
                "default_leverage": leverage,
                "stop_loss_multiplier": "2.0",
                "take_profit_multiplier": "3.0",
            }
        )
        for level, size, leverage in ((RiskLevel.LOW, "15", 3), (RiskLevel.MEDIUM, "30", 5), (RiskLevel.HIGH, "30", 8))
    }
)
"""CFG-07: what a risk level other than custom stands for, in wire values."""

Wire = int | str | None


@attrs.frozen
class Changed:
    """The wishes as they are to be kept, and what was permitted but should be looked at again (CFG-08)."""

    wishes: Mapping[str, object]
    warnings: tuple[str, ...] = ()


@attrs.frozen
class Clamp:
    """A wish that the system or the plan does not allow in full, with both wire values (CFG-01)."""

    name: str
    wish: Wire
    value: Wire


@attrs.frozen
class Effective:
    """The settings in force and where they differ from the wishes."""

    settings: TradingSettings
    clamped: tuple[Clamp, ...] = ()


def change(wishes: Mapping[str, object], patch: Mapping[str, object], limits: SystemLimits, plan_max_positions: int) -> Changed:
    """Apply a PATCH of wire values: only its keys change, all or none (CFG-02).

    A risk level other than custom brings its values with it; changing one of these values makes the level custom (CFG-07).
    Raises FieldFaults for every bad key at once (CFG-03).
    """
    full = _with_preset(wishes, patch)
    faults = tuple(_faults(full, limits, plan_max_positions))
    bad = {fault.field for fault in faults}
    conflicts = tuple(_conflicts(wishes, patch, {key: value for key, value in full.items() if key not in bad}))
    if faults or conflicts:
        raise FieldFaults(faults + conflicts)
    return Changed({**wishes, **_stored(full)}, _warnings({**wishes, **full}, full, limits))


def effective(
    wishes: Mapping[str, object], plan: Plan, limits: SystemLimits, live_since: datetime | None, now: datetime
) -> Effective:
    """Clamp wishes into the system's and the plan's limits; the wishes stay as they are (CFG-01)."""
    return clamp(wished(wishes), plan, limits, live_since, now)


def clamp(settings: TradingSettings, plan: Plan, limits: SystemLimits, live_since: datetime | None, now: datetime) -> Effective:
    """Clamp settings at use time.

    A member has at most 5x for 30 days from his first live trade on, and before it while he wants live (CFG-15).
    """
    ceiling = limits.max_leverage
    if _is_new(settings, limits, live_since, now):
        ceiling = min(ceiling, limits.new_member_leverage)
    most = min(settings.max_leverage, ceiling)
    clamped = attrs.evolve(
        settings,
        max_leverage=most,
        default_leverage=min(settings.default_leverage, most),
        stop_loss_multiplier=min(max(settings.stop_loss_multiplier, limits.stop_multiplier_from), limits.stop_multiplier_to),
        take_profit_multiplier=min(settings.take_profit_multiplier, limits.take_multiplier_to),
        position_size_percentage=min(
            max(settings.position_size_percentage, limits.size_percentage_from), limits.size_percentage_to
        ),
        max_open_positions=min(settings.max_open_positions, most_positions(plan, limits.max_positions)),
        max_position_usd=None if settings.max_position_usd is None else min(settings.max_position_usd, limits.max_position_usd),
        daily_loss_limit_percentage=min(settings.daily_loss_limit_percentage, limits.daily_loss_percentage),
    )
    names = [field.name for field in attrs.fields(TradingSettings)]
    differing = [name for name in names if getattr(settings, name) != getattr(clamped, name)]
    return Effective(clamped, tuple(Clamp(name, _wire(settings, name), _wire(clamped, name)) for name in differing))


def wished(wishes: Mapping[str, object]) -> TradingSettings:
    """Read the trading settings among stored wishes, unclamped; absent ones have their defaults.

    Raises Invalid `setting_invalid`.
    """
    names = {field.name for field in attrs.fields(TradingSettings)}
    read = {name: SPECS[name].read(value) for name, value in wishes.items() if name in names}
    for name, kind in (("risk_level", RiskLevel), ("trading_mode", Environment), ("preferred_exchange", Venue)):
        if name in read:
            read[name] = kind(cast("str", read[name]))
    make: Callable[..., TradingSettings] = TradingSettings
    return make(**read)


def complete(wishes: Mapping[str, object], region: Region) -> Mapping[str, object]:
    """Every setting as a wire value: the wish, else the default, which for the display currency is the region's (CFG-12)."""
    defaults = {name: spec.default for name, spec in SPECS.items()} | {"display_currency": region.billing.code}
    return {name: wishes.get(name, default) for name, default in defaults.items()}


def derived(settings: TradingSettings) -> Mapping[str, Decimal]:
    """SL% and TP% of margin, shown and never stored (CFG-06)."""
    leverage = settings.default_leverage
    return {
        "stop_loss_percentage": settings.stop_loss_multiplier * leverage,
        "take_profit_percentage": settings.take_profit_multiplier * leverage,
    }


def _with_preset(wishes: Mapping[str, object], patch: Mapping[str, object]) -> Mapping[str, object]:
    preset = _preset(patch.get("risk_level"))
    if preset is not None:
        leverage = cast("int", preset["default_leverage"])
        most = wishes.get("max_leverage", SPECS["max_leverage"].default)
        room = {"max_leverage": leverage} if isinstance(most, int) and most < leverage else {}
        return {**room, **preset, **patch}
    touched = [key for key in PRESETS[RiskLevel.LOW] if key in patch and _differs(wishes, patch, key)]
    return {**patch, "risk_level": RiskLevel.CUSTOM.value} if touched and "risk_level" not in patch else patch


def _preset(level: object) -> Mapping[str, object] | None:
    return next((values for name, values in PRESETS.items() if name.value == level), None)


def _differs(wishes: Mapping[str, object], patch: Mapping[str, object], key: str) -> bool:
    spec = SPECS[key]
    try:
        return spec.read(patch[key]) != spec.read(wishes.get(key, spec.default))
    except Invalid:
        return True


def _faults(full: Mapping[str, object], limits: SystemLimits, plan_max_positions: int) -> Iterator[FieldFault]:
    for key, value in full.items():
        spec = SPECS.get(key)
        if spec is None:
            yield FieldFault(key, "expected a known setting", "setting_unknown")
        elif spec.read_only:
            yield FieldFault(key, "expected no change: this setting is read-only here", "setting_read_only")
        else:
            try:
                read = spec.read(value)
                bounds = spec.bounds(limits) if spec.bounds else Bounds()
                if isinstance(read, int | Decimal) and not isinstance(read, bool):
                    bounds.check(Decimal(read))
                if key == "max_open_positions" and isinstance(read, int) and read > plan_max_positions:
                    raise Invalid(OUT_OF_RANGE, f"expected at most {plan_max_positions} by the plan, was {read}")
            except Invalid as fault:
                yield FieldFault(key, fault.detail, fault.code)


def _conflicts(wishes: Mapping[str, object], patch: Mapping[str, object], full: Mapping[str, object]) -> Iterator[FieldFault]:
    settings = wished({**wishes, **full})
    if _touches(full, "default_leverage", "max_leverage") and settings.default_leverage > settings.max_leverage:
        yield _conflict(
            "default_leverage", f"expected at most max_leverage {settings.max_leverage}, was {settings.default_leverage}"
        )
    stop, take = settings.stop_loss_multiplier, settings.take_profit_multiplier
    if _touches(full, "stop_loss_multiplier", "take_profit_multiplier") and take <= stop:
        yield _conflict("take_profit_multiplier", f"expected more than stop_loss_multiplier {stop}, was {take}")
    both = settings.allowed_symbols & settings.blocked_symbols
    if _touches(full, "allowed_symbols", "blocked_symbols") and both:
        yield _conflict("blocked_symbols", f"expected no symbol that is allowed too, was {', '.join(sorted(both))}")
    preset = _preset(patch.get("risk_level"))
    if preset is not None and any(key in patch and _differs(preset, patch, key) for key in preset):
        yield _conflict("risk_level", f"expected values that fit {patch['risk_level']}, or custom")


def _touches(full: Mapping[str, object], *keys: str) -> bool:
    return any(key in full for key in keys)


def _conflict(field: str, message: str) -> FieldFault:
    return FieldFault(field, message, "setting_conflict")


def _stored(full: Mapping[str, object]) -> Mapping[str, object]:
    # A decimal sent as a JSON integer is kept as text, so that every stored decimal has one form.
    return {key: str(value) if isinstance(SPECS[key].read(value), Decimal) else value for key, value in full.items()}


def _warnings(after: Mapping[str, object], full: Mapping[str, object], limits: SystemLimits) -> tuple[str, ...]:
    if not _touches(full, "stop_loss_multiplier", "take_profit_multiplier"):
        return ()
    settings = wished(after)
    ratio = EXACT.divide(settings.take_profit_multiplier, settings.stop_loss_multiplier)
    return (REWARD_RISK_LOW,) if ratio < limits.reward_risk_warn else ()


def _is_new(settings: TradingSettings, limits: SystemLimits, live_since: datetime | None, now: datetime) -> bool:
    if live_since is None:
        return settings.trading_mode is Environment.LIVE
    return now - live_since < limits.new_member_period


def _wire(settings: TradingSettings, name: str) -> Wire:
    value = cast("int | Decimal | None", getattr(settings, name))
    return f"{value:f}" if isinstance(value, Decimal) else value
