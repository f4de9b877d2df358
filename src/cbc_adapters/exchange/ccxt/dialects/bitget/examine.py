"""What a key may do, from the letters in which Bitget tells it (KEY-03)."""

from typing import Final

from cbc_adapters.exchange.ccxt.translate import Vendor
from cbc_domain.ports.venue_keys import KeyFindings

ORDERS: Final = frozenset({"coow", "trade"})
POSITIONS: Final = frozenset({"cpow", "trade"})
MOVES_MONEY: Final = frozenset({"wtow", "wwow", "transfer", "withdraw"})
"""Transfers out of the wallet and withdrawals, in short and in the words of older keys."""


def findings_of(account: Vendor, key: Vendor | None) -> KeyFindings:
    """What the futures account and the key's own record say; a demo key has no record."""
    modes = {"hedge_mode": True, "one_way_mode": False}
    if key is None:
        return KeyFindings(reads=True, trades=True, withdraws=None, hedge=modes.get(account["posMode"]))
    may = frozenset(key["authorities"])
    return KeyFindings(
        reads=True,
        trades=bool(may & ORDERS) and bool(may & POSITIONS),
        withdraws=bool(may & MOVES_MONEY),
        hedge=modes.get(account["posMode"]),
        restricted=bool(key["ips"]),
    )
