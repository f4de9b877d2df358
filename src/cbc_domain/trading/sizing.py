"""How large a trade is and where its stop and target stand (section 22)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.kernel.rounding import EXACT, down_to, up_to
from cbc_domain.kernel.venues import Side
from cbc_domain.risk.defaults import SizingReading, SystemLimits
from cbc_domain.risk.model import Reason, TradingSettings
from cbc_domain.trading.sizes import Bracket, Instrument, Size, SizeFlag

_PERCENT: Final = Decimal("0.01")
_WHOLE: Final = Decimal(1)
_ENDLESS: Final = Decimal("Infinity")


@attrs.frozen
class Funds:
    """What an account can carry, in USDT; tasks in flight are taken off `available` and added to the rest (ELG-05)."""

    equity: Decimal
    available: Decimal
    margin_in_use: Decimal = Decimal(0)
    open_notional: Decimal = Decimal(0)


@attrs.frozen
class Unsized:
    """No trade of a permitted size and protection exists: every reason in the order of ELG-04, and the caps that bound."""

    reasons: tuple[Reason, ...]
    flags: tuple[SizeFlag, ...] = ()


@attrs.frozen
class Distances:
    """How far stop and target stand from the entry, in percent of the price."""

    stop: Decimal
    take: Decimal


@attrs.frozen
class Protection:
    """Stop and target on the tick; `rounded_toward_entry` when the stop had to be (SIZ-09); `faults` when none is permitted."""

    stop_loss: Decimal
    take_profit: Decimal
    rounded_toward_entry: bool = False
    faults: tuple[Reason, ...] = ()


def distances(settings: TradingSettings, leverage: int, reading: SizingReading) -> Distances:
    """Percent of price: the multipliers themselves, or times leverage under price_notional (SIZ-01, SIZ-13)."""
    times = leverage if reading is SizingReading.PRICE_NOTIONAL else 1
    return Distances(settings.stop_loss_multiplier * times, settings.take_profit_multiplier * times)


def size(
    side: Side,
    price: Decimal,
    funds: Funds,
    settings: TradingSettings,
    instrument: Instrument,
    limits: SystemLimits,
    factor: Decimal = _WHOLE,
    reading: SizingReading = SizingReading.MARGIN_ROE,
) -> Size | Unsized:
    """Size one trade at `price`, the mark price now, from settings already clamped (CFG-01); `factor` is 1 or 0.5 (SIZ-03).

    A trade stays at the end of a leverage bracket unless the next one, with its lower leverage, allows more, so that less
    balance never buys more (SIZ-04, SIZ-12).
    """
    refused = tuple(_unfunded(funds, limits))
    if refused:
        return Unsized(refused)
    planned: _Planned | None = None
    for bracket in sorted(instrument.brackets, key=_end):
        further = _planned(funds, settings, bracket, limits, factor, reading)
        if planned is None or further.notional > _end(planned.bracket):
            planned = further
    if planned is None:
        return Unsized((Reason.UNAVAILABLE,))
    reduced = (SizeFlag.REDUCED_HALF,) if factor < 1 else ()
    return _quantified(side, price, funds, planned, instrument, limits, (*reduced, *planned.flags))


def protection(
    side: Side,
    entry_price: Decimal,
    stop_multiplier: Decimal,
    take_multiplier: Decimal,
    tick: Decimal,
    widest: Decimal | None = None,
    *,
    toward_entry: bool = False,
) -> Protection:
    """Place stop and target around an entry price; the multipliers are percents of it (SIZ-08).

    `widest` is the largest permitted distance of the stop in USDT, None for no guard; a stop that is wider once rounded away
    from the entry is rounded toward it, as is any stop with `toward_entry` (SIZ-09).
    """
    long = side is Side.LONG
    stop = _off(entry_price, stop_multiplier if not long else -stop_multiplier)
    take = _off(entry_price, take_multiplier if long else -take_multiplier)
    outward, inward = (down_to, up_to) if long else (up_to, down_to)
    target = outward(take, tick)
    placed = outward(stop, tick)
    if toward_entry or _too_wide(entry_price, placed, widest):
        placed, toward_entry = inward(stop, tick), True
    faults = []
    if _too_wide(entry_price, placed, widest):
        faults.append(Reason.STOP_BEYOND_LIQUIDATION)
    if not (0 < placed < entry_price < target if long else 0 < target < entry_price < placed):
        faults.append(Reason.TICK_TOO_COARSE)
    return Protection(placed, target, toward_entry, tuple(faults))


def widest_stop(price: Decimal, leverage: int, maintenance_rate: Decimal, limits: SystemLimits) -> Decimal:
    """The largest distance of a stop that keeps clear of liquidation, in USDT of price (SIZ-09)."""
    liquidation = EXACT.subtract(EXACT.divide(_WHOLE, Decimal(leverage)), maintenance_rate)
    return EXACT.multiply(EXACT.multiply(liquidation, limits.liquidation_buffer), price)


@attrs.frozen
class _Planned:
    notional: Decimal
    leverage: int
    bracket: Bracket
    distances: Distances
    flags: tuple[SizeFlag, ...]


def _end(bracket: Bracket) -> Decimal:
    return _ENDLESS if bracket.notional_up_to is None else bracket.notional_up_to


def _unfunded(funds: Funds, limits: SystemLimits) -> Iterator[Reason]:
    if funds.equity < limits.min_equity:
        yield Reason.EXCHANGE_BALANCE_TOO_LOW
    if _margin_room(funds, limits) <= 0:
        yield Reason.MARGIN_RESERVE
    if _exposure_room(funds, limits) <= 0:
        yield Reason.EXPOSURE_CAP


def _margin_room(funds: Funds, limits: SystemLimits) -> Decimal:
    usable = _percent(funds.equity, 100 - limits.margin_reserve_percentage)
    return min(funds.available, EXACT.subtract(usable, funds.margin_in_use))


def _exposure_room(funds: Funds, limits: SystemLimits) -> Decimal:
    return EXACT.subtract(EXACT.multiply(funds.equity, limits.exposure_times_equity), funds.open_notional)


def _planned(
    funds: Funds, settings: TradingSettings, bracket: Bracket, limits: SystemLimits, factor: Decimal, reading: SizingReading
) -> _Planned:
    leverage = min(settings.default_leverage, settings.max_leverage, limits.max_leverage, bracket.max_leverage)
    apart = distances(settings, leverage, reading)
    wished = EXACT.multiply(_percent(funds.available, settings.position_size_percentage), factor)
    notional = wished if reading is SizingReading.PRICE_NOTIONAL else EXACT.multiply(wished, Decimal(leverage))
    margin = min(_margin_room(funds, limits), _percent(funds.equity, limits.max_margin_per_trade_percentage))
    risk = EXACT.divide(EXACT.multiply(funds.equity, limits.risk_per_trade_percentage), apart.stop)
    caps = (
        (EXACT.multiply(margin, Decimal(leverage)), SizeFlag.MARGIN_CAPPED),
        (risk, SizeFlag.RISK_CAPPED),
        (_exposure_room(funds, limits), SizeFlag.EXPOSURE_CAPPED),
        (min(settings.max_position_usd or limits.max_position_usd, limits.max_position_usd), SizeFlag.USER_CAPPED),
    )
    capped = min(notional, *(cap for cap, _ in caps))
    flags = tuple(flag for cap, flag in caps if cap == capped < notional)
    return _Planned(min(capped, _end(bracket)), leverage, bracket, apart, flags)


def _quantified(
    side: Side,
    price: Decimal,
    funds: Funds,
    planned: _Planned,
    instrument: Instrument,
    limits: SystemLimits,
    flags: tuple[SizeFlag, ...],
) -> Size | Unsized:
    unit = EXACT.multiply(price, instrument.contract_size)
    quantity = down_to(EXACT.divide(planned.notional, unit), instrument.step)
    most = instrument.max_market_quantity
    if most is not None and quantity > most:
        quantity = down_to(most, instrument.step)
        flags = (*flags, SizeFlag.MAX_QTY_CAPPED)
    coins = EXACT.multiply(quantity, instrument.contract_size)
    widest = _widest(price, coins, funds, planned, limits)
    placed = protection(side, price, planned.distances.stop, planned.distances.take, instrument.tick, widest)
    notional = EXACT.multiply(quantity, unit)
    refused = (*_too_small(quantity, notional, instrument), *placed.faults)
    if refused:
        return Unsized(refused, flags)
    return Size(
        quantity=quantity,
        leverage=planned.leverage,
        notional=notional,
        margin=EXACT.divide(notional, Decimal(planned.leverage)),
        stop_loss=placed.stop_loss,
        take_profit=placed.take_profit,
        loss_at_stop=EXACT.multiply(abs(price - placed.stop_loss), coins),
        gain_at_target=EXACT.multiply(abs(placed.take_profit - price), coins),
        flags=(*flags, SizeFlag.STOP_ROUNDED_TOWARD_ENTRY) if placed.rounded_toward_entry else flags,
    )


def _widest(price: Decimal, coins: Decimal, funds: Funds, planned: _Planned, limits: SystemLimits) -> Decimal:
    clear = widest_stop(price, planned.leverage, planned.bracket.maintenance_rate, limits)
    if not coins:
        return clear
    return min(clear, EXACT.divide(_percent(funds.equity, limits.risk_per_trade_percentage), coins))


def _too_small(quantity: Decimal, notional: Decimal, instrument: Instrument) -> Iterator[Reason]:
    if quantity <= 0 or quantity < instrument.min_quantity:
        yield Reason.QTY_BELOW_MINIMUM
    elif notional < instrument.min_notional:
        yield Reason.NOTIONAL_BELOW_MINIMUM


def _too_wide(entry_price: Decimal, stop: Decimal, widest: Decimal | None) -> bool:
    return widest is not None and abs(EXACT.subtract(entry_price, stop)) > widest


def _off(price: Decimal, percent: Decimal) -> Decimal:
    return EXACT.add(price, _percent(price, percent))


def _percent(value: Decimal, percent: Decimal) -> Decimal:
    return EXACT.multiply(EXACT.multiply(value, percent), _PERCENT)
