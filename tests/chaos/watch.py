"""What stands unprotected at the venue, and for how long by the stepped clock."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.model import VenueAccount, VenuePosition
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.trading.model import Leg

ALLOWED: Final = timedelta(seconds=5)
"""ORD-10, POS-11."""

Held = tuple[AccountId, Symbol, Side]


@attrs.frozen
class Bare:
    """A stretch in which a position had no stop for all of it."""

    account: AccountId
    symbol: Symbol
    since: datetime
    until: datetime

    @property
    def lasted(self) -> timedelta:
        return self.until - self.since


class Watch:
    """Looks before time moves on, so that it misses no moment; mutable because it remembers since when."""

    def __init__(self, venue: SimulatedVenue) -> None:
        self._venue = venue
        self._since: dict[Held, datetime] = {}
        self._worst: dict[tuple[Held, datetime], Bare] = {}

    def look(self, now: datetime) -> bool:
        """Take note of what is bare at this moment; say whether anything is."""
        bare = set(self._bare())
        self._since = {held: since for held, since in self._since.items() if held in bare}
        for held in bare:
            since = self._since.setdefault(held, now)
            self._worst[held, since] = Bare(held[0], held[1], since, now)
        return bool(bare)

    @property
    def stretches(self) -> list[Bare]:
        """Every stretch that was seen; a position that was protected at the instant of its fill has none."""
        return list(self._worst.values())

    @property
    def too_long(self) -> list[Bare]:
        return [bare for bare in self.stretches if bare.lasted > ALLOWED]

    def _bare(self) -> Iterator[Held]:
        for account in self._venue.accounts.values():
            for (symbol, side), position in account.positions.items():
                if covered(account, position) < position.quantity:
                    yield account.id, symbol, side


def covered(account: VenueAccount, position: VenuePosition) -> Decimal:
    """How much of a position its standing stops would sell."""
    stops = [order for order in account.open_orders(position.symbol, position.side) if order.ticket.leg is Leg.STOP]
    return sum((order.rest for order in stops), start=Decimal(0))
