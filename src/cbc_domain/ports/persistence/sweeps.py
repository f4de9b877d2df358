"""When accounts were last compared with their venue, order for order (POS-10)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import attrs

from cbc_domain.kernel.ids import AccountId


@attrs.frozen
class Due:
    """An account to be compared, and when it last was; None for never."""

    account: AccountId
    swept_at: datetime | None


class Sweeps(Protocol):
    async def due(
        self, ended_since: datetime, arrives: timedelta, rested_since: datetime, after: Due | None, limit: int
    ) -> Sequence[Due]:
        """The accounts to compare, whoever was compared longest ago first, behind `after`, at most `limit`.

        Those that have a position in no final state, and those whose last one ended at `ended_since` or later and that were
        not compared yet when `arrives` had passed since. Whoever was compared at `rested_since` or later is left out.
        """

    async def note(self, accounts: Collection[AccountId], at: datetime) -> None:
        """They were compared at an instant; one that was compared later stays so."""
