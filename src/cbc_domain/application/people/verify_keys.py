"""Examine stored keys again: those that somebody names, and daily those that are due (KEY-03, KEY-10)."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Final

import attrs

from cbc_domain.application.people.add_key import PASSED
from cbc_domain.application.people.examine_key import Examined, ExamineKey
from cbc_domain.identity.model import Member
from cbc_domain.kernel.errors import DomainError
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import AccountId, EventId
from cbc_domain.ports.notifications import Letters
from cbc_domain.ports.persistence.keys import KeyAct, KeyDeed, StoredKey
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.security import Sealer
from cbc_domain.ports.system import Clock, Identities, Together
from cbc_domain.risk.credentials import bound_to, unpacked
from cbc_domain.risk.keys import LEASE, Judged, ends_soon, judged
from cbc_domain.risk.model import ExchangeAccount, KeyStatus

AT_ONCE: Final = 20
"""How many keys of a sweep are opened and asked about together: each may need a venue client of its own for the call."""
INVALID_LETTER: Final = "key_invalid"
ENDING_LETTER: Final = "key_expires_soon"

Accounts = Mapping[AccountId, ExchangeAccount]
Answers = Mapping[AccountId, Examined | Exception]


@attrs.frozen
class Verification:
    """What came of it for each key: what it was judged to be, or why nobody could ask about it.

    `broken` are the accounts whose key became INVALID by it.
    """

    judged: Mapping[AccountId, Judged]
    away: Mapping[AccountId, Exception]
    broken: frozenset[AccountId] = frozenset()


@attrs.frozen
class VerifyKeys:
    """Examine the keys of some accounts: read, ask with no transaction open, write all that came of it in sets.

    A venue that is away changes nothing but the record. Members are told once when a key becomes INVALID.
    """

    store: Store
    clock: Clock
    identities: Identities
    sealer: Sealer
    examine: ExamineKey
    together: Together
    letters: Letters

    async def __call__(self, ids: Collection[AccountId], purpose: str, actor: str) -> Verification:
        async with self.store() as work:
            keys = await work.keys.of(ids)
            accounts = await work.people.connected(keys)
        asked = {one: self._ask(accounts[one], key) for one, key in keys.items()}
        answers = dict(zip(asked, await self.together(asked.values()), strict=True))
        done = await self.store.run(partial(self._write, accounts, answers, purpose, actor))
        await self.tell([done.judged[one].account for one in sorted(done.broken)], INVALID_LETTER)
        return done

    async def tell(self, accounts: Collection[ExchangeAccount], letter: str) -> None:
        """Send a letter about each of these accounts to its member."""
        if not accounts:
            return
        async with self.store() as work:
            members = {one.member: await work.people.member(one.member) for one in accounts}
        for one in accounts:
            member: Member | None = members[one.member]
            if member is not None:
                words = {"exchange": one.venue.value, "environment": one.environment.value, "label": one.label}
                await self.letters.send(member, letter, words)

    async def _ask(self, account: ExchangeAccount, key: StoredKey) -> Examined:
        credentials = unpacked(self.sealer.open(key.sealed, bound_to(account)))
        return await self.examine(account.venue, account.environment, credentials)

    async def _write(self, asked: Accounts, answers: Answers, purpose: str, actor: str, work: UnitOfWork) -> Verification:
        now = self.clock.now()
        keys = await work.keys.of(asked, lock=True)
        before = await work.people.connected(keys)
        found = {
            one: judged(before[one], key.health, answer.findings, answer.refusals, now)
            for one, key in keys.items()
            if isinstance(answer := answers[one], Examined)
        }
        away = {one: answer for one, answer in answers.items() if isinstance(answer, Exception)}
        broken = frozenset(one for one, judgement in found.items() if _broke(before[one], judgement))
        await work.keys.keep(list(found.values()))
        await work.outbox.add([self._event(found[one]) for one in sorted(broken)])
        await work.keys.note([self._act(asked[one], answer, purpose, actor) for one, answer in answers.items()])
        return Verification(found, away, broken)

    def _event(self, broken: Judged) -> Event:
        account, reason = broken.account, broken.refusals[0].value
        data = {"member": str(account.member), "venue": account.venue.value, "reason": reason}
        return Event(EventId(self.identities.new()), EventName.KEY_INVALID, account.id, self.clock.now(), data)

    def _act(self, account: ExchangeAccount, answer: Examined | Exception, purpose: str, actor: str) -> KeyAct:
        new, now = self.identities.new(), self.clock.now()
        return KeyAct(new, account.member, account.id, KeyDeed.TESTED, purpose, _outcome(answer), actor, now)


@attrs.frozen
class VerifyDueKeys:
    """The daily sweep, safe in any number of processes: each takes keys that nobody else has.

    In the last week of a key its member is warned at every examination (KEY-10). Raises what an examiner should never raise,
    after all outcomes of its page are written.
    """

    store: Store
    clock: Clock
    verify: VerifyKeys

    async def __call__(self) -> int:
        """Answer how many keys were asked about."""
        asked = 0
        while page := await self._take():
            asked += len(page)
            done = await self.verify(page, "daily", "schedule")
            now = self.clock.now()
            passed = [one for one in done.judged.values() if not one.refusals]
            await self.verify.tell([one.account for one in passed if ends_soon(one.health, now)], ENDING_LETTER)
            for fault in done.away.values():
                if not isinstance(fault, DomainError):
                    raise fault
        return asked

    async def _take(self) -> Collection[AccountId]:
        now = self.clock.now()
        async with self.store() as work:
            page = await work.keys.take_due(now, now + LEASE, AT_ONCE)
            await work.commit()
        return page


def _broke(before: ExchangeAccount, after: Judged) -> bool:
    return before.status is KeyStatus.VALID and after.account.status is KeyStatus.INVALID


def _outcome(answer: Examined | Exception) -> str:
    if isinstance(answer, DomainError):
        return answer.code
    if isinstance(answer, Exception):
        return "internal_error"
    return ",".join(answer.refusals) or PASSED
