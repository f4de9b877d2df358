"""Which of the positions that stood bare past the deadline were being closed by then (ORD-10)."""

from collections.abc import Mapping, Sequence
from typing import Final

from cbc_adapters.exchange.simulated.model import VenueAccount
from cbc_domain.kernel.ids import AccountId
from tests.chaos.database import Eye
from tests.chaos.watch import ALLOWED, Bare

_EXITS: Final = "SELECT account, symbol, sent_at FROM orders WHERE leg = 'x' AND sent_at IS NOT NULL"


async def on_the_way_out(eye: Eye, accounts: Mapping[AccountId, VenueAccount], too_long: Sequence[Bare]) -> Sequence[Bare]:
    """Those for which our books say that an exit was sent within the five seconds; `accounts` by our own ids.

    In real time such an exit may meet the weather too: it is lost, refused, filled in parts, or its worker dies.
    """
    exits = await eye.rows(_EXITS)
    ours = {account.id: known for known, account in accounts.items()}

    def left(bare: Bare) -> bool:
        own = [row["sent_at"] for row in exits if row["account"] == ours[bare.account] and row["symbol"] == bare.symbol]
        return any(bare.since <= sent <= bare.since + ALLOWED for sent in own)

    return [bare for bare in too_long if left(bare)]
