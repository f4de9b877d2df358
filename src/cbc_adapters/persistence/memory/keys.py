"""Sealed keys of exchange accounts in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice

import attrs

from cbc_adapters.persistence.memory.people import MemoryPeople
from cbc_adapters.persistence.memory.table import ALL, Changes, Index, Series, Table
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.ports.persistence.keys import KeyAct, StoredKey
from cbc_domain.risk.keys import Judged
from cbc_domain.risk.model import KeyStatus


class MemoryKeys:
    def __init__(self, changes: Changes, people: MemoryPeople) -> None:
        self._people = people
        self._in_order = Index[StoredKey, str, AccountId](lambda key: ALL, lambda key: key.account)
        self._by_print = Index[StoredKey, str, AccountId](lambda key: key.fingerprint, lambda key: key.account)
        self._due = Index[StoredKey, str, tuple[datetime, AccountId]](_all, _due)
        self._keys = Table[AccountId, StoredKey](changes, self._in_order, self._by_print, self._due)
        self._pepper = Table[str, str](changes)
        self._acts = Series[MemberId, KeyAct](changes)

    async def add(self, key: StoredKey) -> None:
        if self._by_print.only(key.fingerprint) is not None:
            raise Conflict("key_in_use", "expected a key that no other account has, was in use")
        self._keys.put(key.account, key)

    async def of(self, accounts: Collection[AccountId], *, lock: bool = False) -> Mapping[AccountId, StoredKey]:
        found = ((account, self._keys.get(account)) for account in accounts)
        return {account: key for account, key in found if key is not None}

    async def passed_before(self, accounts: Collection[AccountId], instant: datetime) -> frozenset[AccountId]:
        keys = await self.of(accounts)
        return frozenset(account for account, key in keys.items() if key.health.verified_at < instant)

    async def take_due(self, now: datetime, until: datetime, limit: int) -> Sequence[AccountId]:
        due = (account for at, account in self._due.after(ALL, None) if at <= now and self._is_valid(account))
        taken = list(islice(due, limit))
        for account in taken:
            key = self._keys[account]
            self._keys.put(account, attrs.evolve(key, health=attrs.evolve(key.health, due_at=until)))
        return taken

    async def hasten(self, accounts: Collection[AccountId], at: datetime) -> None:
        for account in accounts:
            key = self._keys.get(account)
            if key is not None and key.health.due_at > at:
                self._keys.put(account, attrs.evolve(key, health=attrs.evolve(key.health, due_at=at)))

    def _is_valid(self, account: AccountId) -> bool:
        known = self._people.account(account)
        return known is not None and known.status is KeyStatus.VALID

    async def keep(self, judged: Sequence[Judged]) -> None:
        for one in judged:
            await self._people.save_account(one.account)
            key = self._keys.get(one.account.id)
            if key is not None:
                self._keys.put(key.account, attrs.evolve(key, health=one.health))

    async def erase(self, account: AccountId) -> None:
        if account in self._keys:
            self._keys.remove(account)

    async def page(self, after: AccountId | None, limit: int) -> Sequence[StoredKey]:
        return [self._keys[account] for account in islice(self._in_order.after(ALL, after), limit)]

    async def rewrap(self, before: Sequence[StoredKey], after: Mapping[AccountId, str]) -> frozenset[AccountId]:
        known = ((old, self._keys.get(old.account)) for old in before)
        changed = [key for old, key in known if key is not None and key.sealed == old.sealed]
        for key in changed:
            self._keys.put(key.account, attrs.evolve(key, sealed=after[key.account]))
        return frozenset(key.account for key in changed)

    async def pepper(self) -> str | None:
        return self._pepper.get(ALL)

    async def keep_pepper(self, sealed: str, before: str | None = None) -> str:
        if self._pepper.get(ALL) == before:
            self._pepper.put(ALL, sealed)
        return self._pepper[ALL]

    async def note(self, acts: Sequence[KeyAct]) -> None:
        for act in acts:
            self._acts.add(act.member, act)

    async def acts(self, member: MemberId) -> Sequence[KeyAct]:
        return sorted(self._acts.of(member), key=lambda act: act.id)


def _all(_: StoredKey) -> str:
    return ALL


def _due(key: StoredKey) -> tuple[datetime, AccountId]:
    return key.health.due_at, key.account
