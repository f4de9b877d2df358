"""What a member sees of his money: balances, statement, one transaction explained, the rate of today."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs

from cbc_domain.application.people.judge_gates import judge_gates
from cbc_domain.commissions.model import Terms
from cbc_domain.identity.model import Member
from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.ids import JournalId, MemberId, PositionId
from cbc_domain.kernel.money import LEDGER_CURRENCIES, Money, total
from cbc_domain.kernel.rates import FxRate
from cbc_domain.ledger.findings import StatementLine
from cbc_domain.ledger.model import Debt, Lot, Posting
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.persistence.views import Page
from cbc_domain.ports.system import Clock
from cbc_domain.risk.model import LiveGate
from cbc_domain.trading.settlement import Settlement

PAGE: Final = 200
_PEOPLE: Final = frozenset({"member", "affiliate", "actor"})
"""References of a journal that name somebody."""


@attrs.frozen
class Balances:
    """The six balances, what is held and owed, by ledger currency; `admin` is usable lots only (BAL-03).

    `debts` are those with something left, oldest first (DBT-07).
    """

    real: tuple[Money, ...]
    admin: tuple[Money, ...]
    commission: tuple[Money, ...]
    held: tuple[Money, ...]
    debt: tuple[Money, ...]
    lots: tuple[Lot, ...]
    debts: tuple[Debt, ...]
    failing_gates: tuple[LiveGate, ...]


@attrs.frozen
class TransactionShown:
    """A transaction of a member with what it was charged on, None where it is no commission (BAL-13, COM-11).

    `terms` are those frozen at the opening of the position that caused it.
    """

    posting: Posting
    settlement: Settlement | None = None
    terms: Terms | None = None

    @property
    def rate(self) -> FxRate | None:
        """The exchange rate that the transaction used, None where it needed none."""
        crossed = self.posting.journal.conversion
        return crossed.rate if crossed else self.settlement.rate if self.settlement else None


@attrs.frozen
class ShowMoney:
    """Reads only the caller's own rows; another member's transaction is NotFound (ROL-06)."""

    store: Store
    clock: Clock
    process_allows_live: bool

    async def balances(self, member: Member) -> Balances:
        now = self.clock.now()
        async with self.store() as work:
            held = await work.books.holdings(member.id)
            judged = await judge_gates(work, member.id, now, process_allows_live=self.process_allows_live)
        lots = tuple(lot for currency in LEDGER_CURRENCIES for lot in held.usable_lots(currency, now))
        return Balances(
            real=tuple(held.real_in(currency) for currency in LEDGER_CURRENCIES),
            admin=tuple(
                total((lot.remaining for lot in held.usable_lots(currency, now)), currency) for currency in LEDGER_CURRENCIES
            ),
            commission=tuple(held.commission_in(currency) for currency in LEDGER_CURRENCIES),
            held=tuple(held.on_hold_in(currency) for currency in LEDGER_CURRENCIES),
            debt=tuple(held.owes(currency) for currency in LEDGER_CURRENCIES),
            lots=lots,
            debts=held.debts,
            failing_gates=judged.failing,
        )

    async def statement(
        self,
        member: MemberId,
        cursor: str | None,
        limit: int,
        since: datetime | None,
        until: datetime | None,
        kind: str | None,
    ) -> Page[StatementLine]:
        async with self.store() as work:
            page = await work.books.statement(member, cursor, limit, since, until, kind)
        lines = [attrs.evolve(line, references=_without_others(line.references, member)) for line in page.items]
        return Page(lines, page.next_cursor)

    async def all_lines(self, member: MemberId, since: datetime | None, until: datetime | None) -> AsyncIterator[StatementLine]:
        """Every line, newest first, a page at a time, so that memory stays bounded."""
        cursor: str | None = None
        while True:
            page = await self.statement(member, cursor, PAGE, since, until, None)
            for line in page.items:
                yield line
            if (cursor := page.next_cursor) is None:
                return

    async def transaction(self, member: MemberId, journal: JournalId) -> TransactionShown:
        """One transaction with all its entries; of a commission its payer also learns profit, rates and terms."""
        async with self.store() as work:
            posting = await work.books.posting_of(journal)
            if posting is None or all(entry.account.owner != str(member) for entry in posting.journal.entries):
                raise NotFound("not_found", "expected a transaction of yours")
            shown = attrs.evolve(posting.journal, references=_without_others(posting.journal.references, member))
            explained = TransactionShown(attrs.evolve(posting, journal=shown))
            mine = posting.journal.references.get("member") == str(member)
            cause = posting.journal.references.get("position") if mine else None
            return await _with_settlement(work, explained, PositionId(UUID(cause))) if cause else explained

    async def rate(self) -> FxRate | None:
        async with self.store() as work:
            return await work.signals.rate(self.clock.now())


async def _with_settlement(work: UnitOfWork, explained: TransactionShown, position: PositionId) -> TransactionShown:
    settlements = await work.trades.settlements([position])
    trades = await work.trades.trades([position], lock=False)
    if not settlements or not trades:
        return explained
    return attrs.evolve(explained, settlement=settlements[0], terms=trades[0].position.terms)


def _without_others(references: Mapping[str, str], member: MemberId) -> Mapping[str, str]:
    """An affiliate learns of his share, not of who paid it, and the payer not of who got it (ROL-06)."""
    return {name: value for name, value in references.items() if name not in _PEOPLE or value == str(member)}
