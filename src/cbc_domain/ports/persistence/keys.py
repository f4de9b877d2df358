"""Sealed keys of exchange accounts, their health, and who did what with them and why."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import attrs

from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.risk.keys import Judged, KeyHealth


@attrs.frozen
class StoredKey:
    """A key as it is kept: all its parts sealed as one, and a keyed fingerprint that is the same for the same key (KEY-06)."""

    account: AccountId
    sealed: str
    fingerprint: str
    health: KeyHealth


class KeyDeed(StrEnum):
    """What can be done with a key (KEY-12)."""

    ADDED = "added"
    TESTED = "tested"
    """Opened to be examined by its venue."""
    OPENED = "opened"
    """Opened for calls to its venue, counted over a while."""
    CHANGED = "changed"
    """Wrapped anew by another master key; the key itself was not opened."""
    REMOVED = "removed"


@attrs.frozen
class KeyAct:
    """One deed, never with a part of the key in it: `purpose` and `outcome` are words, `actor` is who or what did it.

    `account` is None where none came of it. `times` deeds of the same kind were done from `since` (None: at once) to `at`.
    """

    id: UUID
    member: MemberId
    account: AccountId | None
    deed: KeyDeed
    purpose: str
    outcome: str
    actor: str
    at: datetime
    times: int = 1
    since: datetime | None = None


class Keys(Protocol):
    async def add(self, key: StoredKey) -> None:
        """Raises Conflict `key_in_use` for a fingerprint that another account has (KEY-04); of two at once one gets it."""

    async def of(self, accounts: Collection[AccountId], *, lock: bool = False) -> Mapping[AccountId, StoredKey]:
        """The keys of these accounts, those without one left out; with `lock` they are held until the unit ends."""

    async def passed_before(self, accounts: Collection[AccountId], instant: datetime) -> frozenset[AccountId]:
        """Those of these accounts whose key last passed before an instant; accounts without a key are left out."""

    async def take_due(self, now: datetime, until: datetime, limit: int) -> Sequence[AccountId]:
        """The accounts whose VALID key is due longest, in any order; nobody else is given them before `until`."""

    async def hasten(self, accounts: Collection[AccountId], at: datetime) -> None:
        """Let the keys of these accounts be due at an instant at the latest; accounts without a key are left out."""

    async def keep(self, judged: Sequence[Judged]) -> None:
        """Write what examinations left, accounts and health alike, in sets; what was removed meanwhile stays as it is."""

    async def erase(self, account: AccountId) -> None:
        """Delete every part of a key; again changes nothing (KEY-11)."""

    async def page(self, after: AccountId | None, limit: int) -> Sequence[StoredKey]:
        """Page through all keys in ascending account ID."""

    async def rewrap(self, before: Sequence[StoredKey], after: Mapping[AccountId, str]) -> frozenset[AccountId]:
        """Put other sealed texts in the place of these, and answer whose changed; one that is another by now stays."""

    async def pepper(self) -> str | None:
        """The sealed pepper of fingerprints, None before there was a key."""

    async def keep_pepper(self, sealed: str, before: str | None = None) -> str:
        """Keep the first pepper, or put another text in the place of `before`; answer the one that stands.

        Of two that keep a first one at once both get the same back.
        """

    async def note(self, acts: Sequence[KeyAct]) -> None:
        """Add to the history of deeds, which nobody can change."""

    async def acts(self, member: MemberId) -> Sequence[KeyAct]:
        """What was done with a member's keys, oldest first."""
