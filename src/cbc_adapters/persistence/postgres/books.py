"""The ledger on PostgreSQL (LED)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

import attrs
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.holdings import lock_holdings, read_holdings
from cbc_adapters.persistence.postgres.journals import read_postings
from cbc_adapters.persistence.postgres.kept_proofs import read_proof, write_proof
from cbc_adapters.persistence.postgres.owing import read_debt, read_forgiven, read_open_debts
from cbc_adapters.persistence.postgres.postings import Order, post_orders, send_within
from cbc_adapters.persistence.postgres.proof import prove_all, prove_new
from cbc_adapters.persistence.postgres.rows.ledger import lot_of
from cbc_adapters.persistence.postgres.sealing import read_seals, seal_journals
from cbc_adapters.persistence.postgres.spelled import left, one_of
from cbc_adapters.persistence.postgres.statement import read_statement
from cbc_adapters.persistence.postgres.tables.books import journals, lots
from cbc_adapters.persistence.postgres.trade_reading import among
from cbc_domain.kernel.ids import DebtId, JournalId, LotId, MemberId
from cbc_domain.kernel.money import Money
from cbc_domain.ledger.findings import KeptProof, Proof, Seal, StatementLine
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import Debt, Journal, Lot, LotStatus, Posting
from cbc_domain.ports.persistence.views import Page
from cbc_domain.ports.system import Identities

_JOURNAL: Final = journals.c


@attrs.frozen
class PostgresBooks:
    _connection: AsyncConnection
    _identities: Identities

    async def hold(self, members: Collection[MemberId]) -> Mapping[MemberId, Holdings]:
        return await lock_holdings(self._connection, members)

    async def holdings(self, member: MemberId) -> Holdings:
        return (await read_holdings(self._connection, [member]))[member]

    async def post(self, journals: Sequence[Journal], posted_at: datetime) -> Sequence[Posting]:
        send = partial(send_within, self._connection)
        [postings] = await post_orders(self._connection, send, self._identities.new, [Order(journals, posted_at)])
        return postings

    async def posting(self, key: str) -> Posting | None:
        return await self._posting(_JOURNAL.key == key)

    async def posting_of(self, journal: JournalId) -> Posting | None:
        return await self._posting(_JOURNAL.id == journal)

    async def postings_of(self, journals: Collection[JournalId]) -> Sequence[Posting]:
        return await read_postings(self._connection, among(_JOURNAL.id, journals))

    async def statement(
        self,
        member: MemberId,
        cursor: str | None,
        limit: int,
        since: datetime | None,
        until: datetime | None,
        kind: str | None,
    ) -> Page[StatementLine]:
        return await read_statement(self._connection, member, cursor, limit, since, until, kind)

    async def expired_lots(self, now: datetime, limit: int) -> Sequence[Lot]:
        active = one_of(lots.c.status, (LotStatus.ACTIVE,))
        over = select(lots).where(active, left(lots.c.remaining), lots.c.expires_at <= now)
        oldest = over.order_by(lots.c.expires_at, lots.c.id).limit(limit)
        return [lot_of(row) for row in (await self._connection.execute(oldest)).mappings()]

    async def lot(self, lot: LotId) -> Lot | None:
        row = (await self._connection.execute(select(lots).where(lots.c.id == lot))).mappings().first()
        return None if row is None else lot_of(row)

    async def debt(self, debt: DebtId) -> Debt | None:
        return await read_debt(self._connection, debt)

    async def open_debts(self, after: DebtId | None, limit: int) -> Sequence[Debt]:
        return await read_open_debts(self._connection, after, limit)

    async def forgiven(self, debts: Collection[DebtId]) -> Mapping[DebtId, Money]:
        return await read_forgiven(self._connection, debts)

    async def seal(self, most: int) -> int:
        return await seal_journals(self._connection, most)

    async def seals(self, after: int, limit: int) -> Sequence[Seal]:
        return await read_seals(self._connection, after, limit)

    async def prove(self) -> Proof:
        return await prove_all(self._connection, await read_proof(self._connection, held=True))

    async def prove_since_last(self) -> Proof:
        good = await read_proof(self._connection, held=True)
        return await (prove_new(self._connection, good) if good else prove_all(self._connection, None))

    async def keep_proof(self, proof: Proof, at: datetime) -> None:
        await write_proof(self._connection, proof, at)

    async def kept_proof(self, *, whole: bool = False, held: bool = False) -> KeptProof | None:
        return await read_proof(self._connection, whole=whole, held=held)

    async def _posting(self, which: ColumnElement[bool]) -> Posting | None:
        return next(iter(await read_postings(self._connection, which)), None)
