"""What needs a member's key, asked for by whoever may not open one (KEY-08)."""

from collections.abc import Collection, Mapping
from typing import Protocol

from cbc_domain.kernel.ids import AccountId
from cbc_domain.risk.keys import KeyRefusal
from cbc_domain.trading.sizes import AccountReading


class Executor(Protocol):
    """The workers that open keys: who asks them learns what the venue said, and never sees a key."""

    async def readings(self, accounts: Collection[AccountId]) -> Mapping[AccountId, AccountReading]:
        """Balances at most 10 s old (SIZ-02); accounts that could not be read, or about which nobody answers, are left out."""

    async def verify(self, account: AccountId, actor: str) -> tuple[KeyRefusal, ...]:
        """Examine a stored key, keep what came of it (KEY-03, KEY-10), and answer every refusal; `actor` asked for it.

        Raises VenueRefused and OutcomeUnknown where the venue is away, Conflict `state_conflict` for an account without a
        key, Unavailable when the key cannot be opened or nobody answers; then it may have been examined all the same.
        """
