"""Create a strategy and give its webhook secret, once (SIG-02, SIG-41)."""

import re
from collections.abc import Collection
from datetime import timedelta
from ipaddress import ip_address
from typing import Final

import attrs

from cbc_domain.application.trading.recognise_sender import seal_subject
from cbc_domain.kernel.errors import FieldFault, FieldFaults
from cbc_domain.kernel.ids import StrategyId
from cbc_domain.kernel.venues import SYMBOL, Symbol
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.security import Sealer
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.signals.model import SourceKind, Strategy, StrategySecret, TimeMeaning
from cbc_domain.signals.rules import TIMEFRAMES
from cbc_domain.signals.webhook import secret_hash

SECRET_BYTES: Final = 24
_SLUG: Final = re.compile(r"[^a-z0-9]+")


@attrs.frozen
class CreateStrategy:
    """Raises FieldFaults for a name without letters or digits, a bar no strategy has, symbols and addresses that are none;
    Conflict `already_exists`.
    """

    store: Store
    clock: Clock
    identities: Identities
    sealer: Sealer

    async def __call__(
        self,
        name: str,
        bar_length: timedelta,
        time_meaning: TimeMeaning = TimeMeaning.BAR_CLOSE,
        *,
        signs: bool = False,
        trusted: bool = False,
        limited: bool = True,
        allowed_symbols: Collection[str] = (),
        source: SourceKind = SourceKind.TRADINGVIEW,
        source_addresses: Collection[str] = (),
    ) -> tuple[Strategy, str]:
        """Answer the strategy and its secret: 192 random bits as hex, kept as a hash, and sealed when the sender signs."""
        slug = _SLUG.sub("-", name.lower()).strip("-")[:64]
        _check(slug, bar_length, allowed_symbols, source_addresses)
        strategy = Strategy(
            id=StrategyId(self.identities.new()),
            name=name.strip()[:100],
            slug=slug,
            bar_length=bar_length,
            time_meaning=time_meaning,
            trusted=trusted,
            allowed_symbols=frozenset(Symbol(symbol) for symbol in allowed_symbols),
            source=source,
            source_addresses=frozenset(str(ip_address(address)) for address in source_addresses),
            limited=limited,
        )
        secret = self.identities.secret(SECRET_BYTES).hex()
        sealed = self.sealer.seal(secret.encode(), seal_subject(strategy.id)).encode() if signs else None
        kept = StrategySecret(strategy.id, secret_hash(secret), self.clock.now(), sealed=sealed)
        async with self.store() as work:
            await work.signals.add_strategy(strategy, kept)
            await work.commit()
        return strategy, secret


def _check(slug: str, bar_length: timedelta, symbols: Collection[str], addresses: Collection[str]) -> None:
    faults = []
    if not slug:
        faults.append(FieldFault("name", "expected letters or digits", "setting_invalid"))
    if bar_length not in TIMEFRAMES.values():
        bars = ", ".join(str(bar // timedelta(minutes=1)) for bar in TIMEFRAMES.values())
        faults.append(FieldFault("bar_minutes", f"expected one of {bars}", "setting_out_of_range"))
    if not all(SYMBOL.fullmatch(symbol) for symbol in symbols):
        faults.append(FieldFault("allowed_symbols", "expected symbols such as BTCUSDT", "setting_invalid"))
    if not all(_is_address(address) for address in addresses):
        faults.append(FieldFault("source_addresses", "expected IP addresses", "setting_invalid"))
    if faults:
        raise FieldFaults(tuple(faults))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
