"""What venues told of money that was moved into exchange accounts and out of them (RSK-03)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from cbc_domain.kernel.ids import AccountId
from cbc_domain.risk.transfers import Transfer


class Transfers(Protocol):
    """The equities that losses are measured against follow what is recorded here, however late it came to be known."""

    async def take_due(
        self, asked_before: datetime, now: datetime, limit: int, among: Collection[AccountId] | None = None
    ) -> Mapping[AccountId, datetime | None]:
        """The VALID accounts with a measured equity that were asked about longest ago, and until when each is known.

        None where no question was answered yet. They count as asked about at `now`, and nobody else is given them. With
        `among` no others than these.
        """

    async def record(self, transfers: Sequence[Transfer], known_until: Mapping[AccountId, datetime]) -> int:
        """Keep what was told and until when each account is known; answer how many transfers are new.

        Recording the same again changes nothing, and nobody can change what is recorded.
        """

    async def of(self, account: AccountId) -> Sequence[Transfer]:
        """All that is known of an account, oldest first."""
