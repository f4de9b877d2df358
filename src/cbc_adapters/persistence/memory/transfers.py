"""What was moved into exchange accounts and out of them, in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import attrs

from cbc_adapters.persistence.memory.people import MemoryPeople
from cbc_adapters.persistence.memory.table import Changes, Index, Table
from cbc_adapters.persistence.memory.trade_tables import Holder
from cbc_domain.kernel.ids import AccountId
from cbc_domain.risk.model import KeyStatus
from cbc_domain.risk.transfers import Equity, Transfer

Recorded = tuple[AccountId, str]

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@attrs.frozen
class Watch:
    asked_at: datetime
    known_until: datetime | None = None


class MemoryTransfers:
    def __init__(self, changes: Changes, people: MemoryPeople) -> None:
        self._people = people
        self._of = Index[Transfer, AccountId, tuple[datetime, str]](lambda one: one.account, lambda one: (one.at, one.venue_id))
        self._transfers = Table[Recorded, Transfer](changes, self._of)
        self._watches = Table[AccountId, Watch](changes)
        self._measured = Table[Holder, bool](changes)

    async def take_due(
        self, asked_before: datetime, now: datetime, limit: int, among: Collection[AccountId] | None = None
    ) -> Mapping[AccountId, datetime | None]:
        due = [account for account in self._watched(among) if self._asked_at(account) < asked_before]
        taken = sorted(due, key=lambda account: (self._asked_at(account), account))[:limit]
        known = {account: self._known_until(account) for account in taken}
        for account, until in known.items():
            self._watches.put(account, Watch(now, until))
        return known

    async def record(self, transfers: Sequence[Transfer], known_until: Mapping[AccountId, datetime]) -> int:
        new = {(one.account, one.venue_id): one for one in transfers if (one.account, one.venue_id) not in self._transfers}
        for key, transfer in new.items():
            self._transfers.put(key, transfer)
        for account, until in known_until.items():
            before = self._watches.get(account) or Watch(until)
            self._watches.put(account, attrs.evolve(before, known_until=max(until, before.known_until or until)))
        return len(new)

    async def of(self, account: AccountId) -> Sequence[Transfer]:
        return [self._transfers[account, venue_id] for _, venue_id in self._of.all(account)]

    def measure(self, holder: Holder) -> None:
        """From now on the venues of this holder's accounts are asked."""
        if holder not in self._measured:
            self._measured.put(holder, True)

    def worth(self, holder: Holder, equity: Equity, until: datetime | None = None) -> Decimal:
        """What an equity is worth with all that was moved into the usable accounts from its instant on, up to another."""
        member, environment = holder
        return equity.usdt + sum(
            (
                self._transfers[account.id, venue_id].amount
                for account in self._people.usable(member, environment)
                for at, venue_id in self._of.all(account.id)
                if at >= equity.at and (until is None or at < until)
            ),
            start=Decimal(0),
        )

    def _watched(self, among: Collection[AccountId] | None) -> Sequence[AccountId]:
        found = self._people.every_account() if among is None else [self._people.account(account) for account in among]
        living = (one for one in found if one is not None and one.status is KeyStatus.VALID)
        return [one.id for one in living if (one.member, one.environment) in self._measured]

    def _asked_at(self, account: AccountId) -> datetime:
        watch = self._watches.get(account)
        return _NEVER if watch is None else watch.asked_at

    def _known_until(self, account: AccountId) -> datetime | None:
        watch = self._watches.get(account)
        return None if watch is None else watch.known_until
