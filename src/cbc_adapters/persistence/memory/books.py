"""The ledger in memory: one writer at a time, balances and parts changed with the entries they follow."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

import attrs

from cbc_adapters.persistence.memory.chain import MemoryChain
from cbc_adapters.persistence.memory.cursors import page_of, read_number
from cbc_adapters.persistence.memory.table import ALL, Changes, Index, Series, Table
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import DebtId, JournalId, LotId, MemberId
from cbc_domain.kernel.money import LEDGER_CURRENCIES, Money
from cbc_domain.ledger import proof
from cbc_domain.ledger.chart import CHART, effect, member_account
from cbc_domain.ledger.findings import KeptProof, Proof, Seal, StatementLine
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import (
    Account,
    AccountKind,
    Debt,
    DebtPayment,
    Entry,
    InsufficientFunds,
    Journal,
    KeyReused,
    Lot,
    LotStatus,
    LotUse,
    Posting,
)
from cbc_domain.ledger.rules import fingerprint, used
from cbc_domain.ports.persistence.views import Page

_HOLDS: Final = (
    AccountKind.WITHDRAWAL_HOLD,
    AccountKind.PAYOUT_IN_TRANSIT,
    AccountKind.DISPUTE_HOLD,
    AccountKind.COMMISSION_RESERVE,
)


class MemoryBooks:
    def __init__(self, changes: Changes, new_id: Callable[[], UUID]) -> None:
        self._changes, self._new_id = changes, new_id
        self._postings = Series[str, Posting](changes)
        self._by_key = Table[str, Posting](changes)
        self._by_id = Table[JournalId, Posting](changes)
        self._balances = Table[Account, int](changes)
        self._lines = Series[str, StatementLine](changes)
        self._due_lots = Index[Lot, str, tuple[datetime, LotId]](_due_group, lambda row: (row.expires_at, row.id))
        self._lots_of = Index[Lot, MemberId, LotId](lambda row: row.member if row.remaining else None, lambda row: row.id)
        self._lots = Table[LotId, Lot](changes, self._due_lots, self._lots_of)
        self._debts_of = Index[Debt, MemberId, tuple[datetime, DebtId]](
            lambda row: row.member if row.remaining else None, lambda row: (row.created_at, row.id)
        )
        self._debts = Table[DebtId, Debt](changes, self._debts_of)
        self._chain = MemoryChain(changes)

    async def hold(self, members: Collection[MemberId]) -> Mapping[MemberId, Holdings]:
        return {member: self._holdings(member) for member in sorted(set(members))}

    async def holdings(self, member: MemberId) -> Holdings:
        return self._holdings(member)

    def _holdings(self, member: MemberId) -> Holdings:
        return Holdings(
            member=member,
            real=self._sums(member, AccountKind.MEMBER_REAL),
            commission=self._sums(member, AccountKind.MEMBER_COMMISSION),
            clawback=self._sums(member, AccountKind.AFFILIATE_CLAWBACK),
            lots=tuple(self._lots[lot] for lot in self._lots_of.all(member)),
            debts=tuple(self._debts[debt] for _, debt in self._debts_of.all(member)),
            on_hold=self._sums(member, *_HOLDS),
        )

    def _sums(self, member: MemberId, *kinds: AccountKind) -> tuple[Money, ...]:
        sums = (
            Money(sum(self._balances.get(member_account(kind, member, currency)) or 0 for kind in kinds), currency)
            for currency in LEDGER_CURRENCIES
        )
        return tuple(money for money in sums if money)

    async def post(self, journals: Sequence[Journal], posted_at: datetime) -> Sequence[Posting]:
        start = self._changes.mark()
        try:
            return [self._post(journal, posted_at) for journal in journals]
        except Conflict:
            self._changes.back_to(start)
            raise

    def _post(self, journal: Journal, posted_at: datetime) -> Posting:
        known = self._by_key.get(journal.key)
        if known is not None:
            if fingerprint(known.journal) != fingerprint(journal):
                raise KeyReused(journal.key)
            return attrs.evolve(known, replay=True)
        posting = Posting(JournalId(self._new_id()), journal, posted_at)
        self._postings.add(ALL, posting)
        self._by_key.put(journal.key, posting)
        self._by_id.put(posting.id, posting)
        self._move(posting)
        self._change_parts(journal)
        return posting

    def _move(self, posting: Posting) -> None:
        for entry in posting.journal.entries:
            if CHART[entry.account.kind].floor:
                balance = (self._balances.get(entry.account) or 0) + effect(entry)
                self._balances.put(entry.account, balance)
                self._lines.add(entry.account.owner, _line(posting, entry, balance))
        for account in {entry.account for entry in posting.journal.entries}:
            if CHART[account.kind].floor and self._balances[account] < 0:
                raise InsufficientFunds(account)

    def _change_parts(self, journal: Journal) -> None:
        for lot in journal.lots_opened:
            self._lots.put(lot.id, lot)
        for use in journal.lot_uses:
            self._lots.put(use.lot, used(self._known_lot(use, journal), use, journal.flow))
        for debt in journal.debts_opened:
            self._debts.put(debt.id, debt)
        for payment in journal.debt_payments:
            debt = self._known_debt(payment, journal)
            if payment.amount > debt.remaining:
                raise InsufficientFunds(member_account(AccountKind.MEMBER_DEBT, debt.member, debt.remaining.currency))
            self._debts.put(debt.id, attrs.evolve(debt, remaining=debt.remaining - payment.amount))

    def _known_lot(self, use: LotUse, journal: Journal) -> Lot:
        lot = self._lots.get(use.lot)
        if lot is None:
            raise Conflict("state_conflict", f"expected a known lot in {journal.key}, was {use.lot}")
        return lot

    def _known_debt(self, payment: DebtPayment, journal: Journal) -> Debt:
        debt = self._debts.get(payment.debt)
        if debt is None:
            raise Conflict("state_conflict", f"expected a known debt in {journal.key}, was {payment.debt}")
        return debt

    async def posting(self, key: str) -> Posting | None:
        return self._by_key.get(key)

    def posted(self, journal: JournalId) -> Posting | None:
        return self._by_id.get(journal)

    async def posting_of(self, journal: JournalId) -> Posting | None:
        return self._by_id.get(journal)

    async def postings_of(self, journals: Collection[JournalId]) -> Sequence[Posting]:
        found = (self._by_id.get(journal) for journal in journals)
        return [posting for posting in found if posting is not None]

    async def statement(
        self,
        member: MemberId,
        cursor: str | None,
        limit: int,
        since: datetime | None,
        until: datetime | None,
        kind: str | None,
    ) -> Page[StatementLine]:
        lines = self._lines.of(str(member))
        start = len(lines) if cursor is None else min(read_number(cursor), len(lines))
        newest = ((str(number), lines[number]) for number in range(start - 1, -1, -1))
        fitting = (
            (number, line)
            for number, line in newest
            if kind in (None, line.kind)
            and (since is None or line.posted_at >= since)
            and (until is None or line.posted_at < until)
        )
        return page_of(fitting, limit)

    async def expired_lots(self, now: datetime, limit: int) -> Sequence[Lot]:
        due = (self._lots[lot] for expires_at, lot in self._due_lots.after(ALL, None) if expires_at <= now)
        return list(islice(due, limit))

    async def lot(self, lot: LotId) -> Lot | None:
        return self._lots.get(lot)

    async def debt(self, debt: DebtId) -> Debt | None:
        return self._debts.get(debt)

    async def open_debts(self, after: DebtId | None, limit: int) -> Sequence[Debt]:
        left = (debt for debt in self._debts.values() if debt.remaining and (after is None or debt.id > after))
        return sorted(left, key=lambda debt: debt.id)[:limit]

    async def forgiven(self, debts: Collection[DebtId]) -> Mapping[DebtId, Money]:
        sums: dict[DebtId, Money] = {}
        forgiving = (posting.journal for posting in self._postings.of(ALL) if posting.journal.flow == "LED-F11")
        for payment in (payment for journal in forgiving for payment in journal.debt_payments):
            if payment.debt in debts:
                zero = Money.zero(payment.amount.currency)
                sums[payment.debt] = sums.get(payment.debt, zero) + payment.amount
        return sums

    async def seal(self, most: int) -> int:
        return self._chain.seal(self._postings.of(ALL), most)

    async def seals(self, after: int, limit: int) -> Sequence[Seal]:
        return self._chain.links(after, limit)

    async def prove(self) -> Proof:
        return self._prove(0)

    async def prove_since_last(self) -> Proof:
        good = self._chain.kept(held=True)
        return self._prove(good.sealed if good else 0)

    def _prove(self, since: int) -> Proof:
        chain, stored = self._chain.judged(since, self._by_id), dict(self._balances.items())
        return proof.prove(self._postings.of(ALL), stored, self._lots.values(), self._debts.values(), chain)

    async def keep_proof(self, proof: Proof, at: datetime) -> None:
        self._chain.keep(proof, at)

    async def kept_proof(self, *, whole: bool = False, held: bool = False) -> KeptProof | None:
        return self._chain.kept(whole=whole, held=held)


def _line(posting: Posting, entry: Entry, balance: int) -> StatementLine:
    journal, currency = posting.journal, entry.amount.currency
    return StatementLine(
        journal=posting.id,
        posted_at=posting.posted_at,
        flow=journal.flow,
        kind=journal.kind,
        account=entry.account.kind,
        effect=Money(effect(entry), currency),
        balance=Money(balance, currency),
        references=journal.references,
    )


def _due_group(lot: Lot) -> str | None:
    return ALL if lot.status is LotStatus.ACTIVE and lot.remaining else None
