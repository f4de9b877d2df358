"""The club that the ledger benchmark posts for: rich members, books of any length, settlements of three to five entries."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import attrs
from sqlalchemy import text

from cbc_adapters.persistence.postgres.engine import Engine
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import DebtId, EventId, MemberId, PositionId
from cbc_domain.kernel.money import BRL, USD, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.ledger.entries import Leg, credited, debited, draft
from cbc_domain.ledger.model import AccountKind, Conversion, Debt, Journal
from cbc_domain.ledger.postings import recharge
from tests.promises.samples import Samples, committed

AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
IDS: Final = SystemIdentities()
FEE: Final = Money(1000, BRL)
SHARE: Final = Money(50, BRL)
RATE: Final = FxRate(Decimal("5.000000"), "bench", AT, AT)

_COPIES: Final = text("""
INSERT INTO members SELECT copy.* FROM members AS first, generate_series(2, :members) AS number,
LATERAL jsonb_populate_record(first, jsonb_build_object(
    'id', uuidv7(), 'email', number || '@bench.test', 'affiliate_code', NULL)) AS copy
""")

# As a superuser may, without triggers: the entries balance by construction, and a check of each would take minutes.
_FILL: Final = (
    "SET LOCAL session_replication_role = replica",
    """CREATE TEMP TABLE filled ON COMMIT DROP AS
    WITH owned AS (SELECT array_agg(id) AS ids FROM ledger_accounts WHERE kind = 'member_real' AND currency = 'BRL')
    SELECT uuidv7() AS journal, ids[1 + number % cardinality(ids)] AS account
    FROM owned, generate_series(1, CAST(:journals AS bigint)) AS number""",
    """INSERT INTO journals (id, flow, kind, key, fingerprint, occurred_at, posted_at, actor, reference)
    SELECT journal, 'LED-F21', 'opening', 'opening:' || journal, '', :at, :at, 'bench', '{}' FROM filled""",
    """INSERT INTO entries (journal, line, account, side, amount)
    SELECT journal, 1, company.id, 'D', 100 FROM filled, ledger_accounts AS company
    WHERE company.kind = 'processor_clearing' AND company.currency = 'BRL'
    UNION ALL SELECT journal, 2, account, 'C', 100 FROM filled""",
    """UPDATE ledger_accounts SET balance = balance + added.amount
    FROM (SELECT account, count(*) * 100 AS amount FROM filled GROUP BY account) AS added WHERE id = added.account""",
)


@attrs.frozen
class Settlement:
    """One charge of a closed trade and the event that tells of it."""

    journal: Journal
    event: Event


async def open_club(engine: Engine, members: int) -> Sequence[MemberId]:
    """Members whose accounts are open and full."""
    store, samples = PostgresStore(engine, IDS), Samples()
    await samples.joined(store)
    async with engine.begin() as connection:
        await connection.execute(_COPIES, {"members": members})
        ids = [MemberId(one) for one in await connection.scalars(text("SELECT id FROM members ORDER BY id"))]
    rich = [Money(10**12, BRL), Money(10**12, USD)]
    async with committed(store) as work:
        await work.books.post([recharge(f"{one}-{money.currency}", one, money, AT) for one in ids for money in rich], AT)
    # The first settlements would open what all of them use.
    async with committed(store) as work:
        await work.books.post([one.journal for one in settlements(ids, len(ids) * 3)], AT)
    return ids


async def fill(engine: Engine, entries: int) -> None:
    """Lengthen the books to this many entries, and let the planner know."""
    async with engine.begin() as connection:
        there = (await connection.execute(text("SELECT count(*) FROM entries"))).scalar_one()
        for statement in _FILL if there < entries else ():
            values = {"journals": (entries - there + 1) // 2, "at": AT}
            await connection.execute(text(statement), {key: value for key, value in values.items() if f":{key}" in statement})
        await connection.execute(text("ANALYZE"))


def settlements(members: Sequence[MemberId], how_many: int) -> list[Settlement]:
    """Charges of three, four and five entries in turn, spread over the members; the next member is the affiliate."""
    crowd = len(members)
    return [_settlement(one % 3, members[one % crowd], members[(one + 1) % crowd]) for one in range(how_many)]


def _settlement(shape: int, member: MemberId, affiliate: MemberId) -> Settlement:
    position = PositionId(IDS.new())
    journal = (_paid, _half_owed, _half_in_dollars)[shape](position, member, affiliate)
    told = Event(EventId(IDS.new()), EventName.COMMISSION_CHARGED, position, AT, {"amount": "BRL 10.00"})
    return Settlement(journal, told)


def _paid(position: PositionId, member: MemberId, affiliate: MemberId) -> Journal:
    return _charge(position, member, [debited(AccountKind.MEMBER_REAL, member, FEE), *_earned(affiliate)])


def _half_owed(position: PositionId, member: MemberId, affiliate: MemberId) -> Journal:
    half = Money(FEE.minor // 2, BRL)
    legs = [debited(AccountKind.MEMBER_REAL, member, half), debited(AccountKind.MEMBER_DEBT, member, half), *_earned(affiliate)]
    debt = Debt(DebtId(IDS.new()), member, half, half, "commission", str(position), AT)
    return attrs.evolve(_charge(position, member, legs), debts_opened=(debt,))


def _half_in_dollars(position: PositionId, member: MemberId, _: MemberId) -> Journal:
    half, dollars = Money(FEE.minor // 2, BRL), Money(FEE.minor // 10, USD)
    legs = [
        debited(AccountKind.MEMBER_REAL, member, half),
        debited(AccountKind.FX_POSITION, None, half),
        credited(AccountKind.COMMISSION_REVENUE, None, FEE),
        debited(AccountKind.MEMBER_REAL, member, dollars),
        credited(AccountKind.FX_POSITION, None, dollars),
    ]
    return attrs.evolve(_charge(position, member, legs), conversion=Conversion(dollars, half, RATE))


def _earned(affiliate: MemberId) -> list[Leg]:
    return [
        credited(AccountKind.COMMISSION_REVENUE, None, FEE - SHARE),
        credited(AccountKind.MEMBER_COMMISSION, affiliate, SHARE),
    ]


def _charge(position: PositionId, member: MemberId, legs: Sequence[Leg]) -> Journal:
    references = {"position": str(position), "member": str(member)}
    return draft("LED-F09", f"commission:{position}", AT, "system", legs, references)
