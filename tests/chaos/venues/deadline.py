"""Which positions stood bare past the deadline: nobody was closing them, or the way out was under way but slow (ORD-10)."""

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from cbc_adapters.exchange.simulated.model import VenueAccount
from cbc_domain.kernel.ids import AccountId
from tests.chaos.database import Eye
from tests.chaos.watch import ALLOWED, Bare

_EXITS: Final = "SELECT account, symbol, sent_at FROM orders WHERE leg = 'x' AND sent_at IS NOT NULL"


@attrs.frozen
class Late:
    """Stretches of more than five seconds; on the `way_out` are those for which an exit was sent within five.

    In real time such an exit may meet the weather too: it is lost, refused, filled in parts, or its worker dies.
    """

    neglected: Sequence[Bare]
    way_out: Sequence[Bare]


async def late(eye: Eye, accounts: Mapping[AccountId, VenueAccount], too_long: Sequence[Bare]) -> Late:
    """Tell them apart by what our books say was sent, for accounts by our own ids."""
    exits = await eye.rows(_EXITS)
    ours = {account.id: known for known, account in accounts.items()}

    def left(bare: Bare) -> bool:
        own = [row["sent_at"] for row in exits if row["account"] == ours[bare.account] and row["symbol"] == bare.symbol]
        return any(bare.since <= sent <= bare.since + ALLOWED for sent in own)

    return Late([bare for bare in too_long if not left(bare)], [bare for bare in too_long if left(bare)])
