"""Who plays: members with different plans, risks, balances and referrers, and some who fail a gate on purpose."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import cycle
from typing import Final

import attrs

from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.money import BRL, USD, Money
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.plans.model import PlanCode


@attrs.frozen
class Part:
    """One member to be: `flaw` says in words which gate is failed on purpose, None for nobody's fault.

    `referrer` is the number of the member who brought this one; `equity` the virtual USDT on the simulated exchange.
    """

    number: int
    plan: PlanCode
    country: str
    settings: Mapping[str, object]
    real: Money | None
    admin: Money | None
    equity: Decimal
    venue: Venue
    tier: AffiliateTier = AffiliateTier.NONE
    referrer: int | None = None
    verified: bool = True
    two_factor: bool = True
    key_can_trade: bool = True
    flaw: str | None = None

    @property
    def name(self) -> str:
        return f"Member {self.number:02d}"

    @property
    def email(self) -> str:
        return f"member{self.number:02d}@demo.invalid"

    @property
    def environment(self) -> Environment:
        return Environment(str(self.settings["trading_mode"]))


_PLANS: Final = (PlanCode.PRO_BR, PlanCode.FLEX_BR, PlanCode.PRO_US, PlanCode.FLEX_US)
_RISKS: Final = ("medium", "low", "high", "medium", "low")
_EQUITIES: Final = tuple(Decimal(one) for one in ("1000", "2500", "640", "10000", "400", "5200"))
_VENUES: Final = (Venue.BYBIT, Venue.BINANCE, Venue.OKX, Venue.BITGET)
_FLAWED_EVERY: Final = 3
_AFFILIATES: Final = {1: AffiliateTier.VIP, 2: AffiliateTier.NORMAL}


def cast(members: int) -> tuple[Part, ...]:
    """The parts of a run, always the same for a number of members; the first two are affiliates of most others."""
    flaws = cycle(_FLAWS)
    return tuple(
        next(flaws)(_good(number)) if number % _FLAWED_EVERY == 0 else _good(number) for number in range(1, members + 1)
    )


def _good(number: int) -> Part:
    plan = _PLANS[(number - 1) % len(_PLANS)]
    brazilian = plan.value.endswith("_BR")
    venue = _VENUES[(number - 1) % len(_VENUES)]
    return Part(
        number=number,
        plan=plan,
        country="BR" if brazilian else "US",
        settings={
            "trading_mode": "live",
            "auto_trade_enabled": True,
            "preferred_exchange": venue.value,
            "risk_level": _RISKS[(number - 1) % len(_RISKS)],
        },
        real=Money(300_00 if brazilian else 60_00, BRL if brazilian else USD),
        admin=Money(25_00, BRL) if number % 5 == 0 else None,
        equity=_EQUITIES[(number - 1) % len(_EQUITIES)],
        venue=venue,
        tier=_AFFILIATES.get(number, AffiliateTier.NONE),
        referrer=_referrer(number),
    )


def _referrer(number: int) -> int | None:
    return None if number in _AFFILIATES or number % 4 == 0 else 1 + number % len(_AFFILIATES)


def _without_balance(part: Part) -> Part:
    return attrs.evolve(part, real=None, admin=None, flaw="no balance: every trade goes to testnet, where no key is")


def _thin_balance(part: Part) -> Part:
    least = Money(100_00, BRL) if part.country == "BR" else Money(20_00, USD)
    return attrs.evolve(
        part, real=least, flaw="the least balance: the first good trade takes it below the minimum, or into debt"
    )


def _trial(part: Part) -> Part:
    return attrs.evolve(part, plan=PlanCode.TRIAL, flaw="trial plan: no live trading")


def _blocks_coin(part: Part) -> Part:
    return attrs.evolve(part, settings={**part.settings, "blocked_symbols": ["BTCUSDT"]}, flaw="blocked BTCUSDT himself")


def _weak_key(part: Part) -> Part:
    return attrs.evolve(part, key_can_trade=False, flaw="the key may not trade")


def _no_second_factor(part: Part) -> Part:
    return attrs.evolve(part, two_factor=False, flaw="no second factor")


def _rehearses(part: Part) -> Part:
    return attrs.evolve(part, settings={**part.settings, "trading_mode": "testnet"}, flaw="rehearses on testnet: no commission")


def _poor_account(part: Part) -> Part:
    return attrs.evolve(part, equity=Decimal(20), flaw="less than 25 USDT on the exchange")


_FLAWS: Final = (
    _without_balance,
    _thin_balance,
    _trial,
    _blocks_coin,
    _weak_key,
    _no_second_factor,
    _rehearses,
    _poor_account,
)
