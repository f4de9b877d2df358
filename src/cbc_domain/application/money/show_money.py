"""What a member sees of his money: balances, statement, one transaction explained, the rate of today."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Final

import attrs

from cbc_domain.application.people.judge_gates import judge_gates
from cbc_domain.identity.model import Member
from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.ids import JournalId, MemberId
from cbc_domain.kernel.money import LEDGER_CURRENCIES, Money, total
from cbc_domain.kernel.rates import FxRate
from cbc_domain.ledger.findings import StatementLine
from cbc_domain.ledger.model import Lot, Posting
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.persistence.views import Page
from cbc_domain.ports.system import Clock
from cbc_domain.risk.model import LiveGate

PAGE: Final = 200
_PEOPLE: Final = frozenset({"member", "affiliate", "actor"})
"""References of a journal that name somebody."""


@attrs.frozen
class Balances:
    """The six balances, what is held and owed, by ledger currency; `admin` is usable lots only (BAL-03)."""

    real: tuple[Money, ...]
    admin: tuple[Money, ...]
    commission: tuple[Money, ...]
    held: tuple[Money, ...]
    debt: tuple[Money, ...]
    lots: tuple[Lot, ...]
    failing_gates: tuple[LiveGate, ...]


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

    async def transaction(self, member: MemberId, journal: JournalId) -> Posting:
        async with self.store() as work:
            posting = await work.books.posting_of(journal)
        if posting is None or all(entry.account.owner != str(member) for entry in posting.journal.entries):
            raise NotFound("not_found", "expected a transaction of yours")
        shown = attrs.evolve(posting.journal, references=_without_others(posting.journal.references, member))
        return attrs.evolve(posting, journal=shown)

    async def rate(self) -> FxRate | None:
        async with self.store() as work:
            return await work.signals.rate(self.clock.now())


def _without_others(references: Mapping[str, str], member: MemberId) -> Mapping[str, str]:
    """An affiliate learns of his share, not of who paid it, and the payer not of who got it (ROL-06)."""
    return {name: value for name, value in references.items() if name not in _PEOPLE or value == str(member)}
