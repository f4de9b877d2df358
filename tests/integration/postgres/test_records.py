"""PostgreSQL writes a record of the chain byte for byte as the domain does (LED-22)."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_adapters.persistence.postgres.records import ACCOUNT_WORDS, LINES, RECORD
from cbc_domain.kernel.money import LEDGER_CURRENCIES, Money
from cbc_domain.ledger.model import Account, AccountKind, Direction, Entry, Journal
from cbc_domain.ledger.seal import canonical

_RECORD = text(f"""
WITH account AS ({ACCOUNT_WORDS}), numbered AS (
    SELECT journal.key, journal.kind, journal.posted_at, CAST(:seq AS bigint) AS seq, {LINES} AS lines
    FROM journals AS journal JOIN entries AS entry ON entry.journal = journal.id JOIN account ON account.id = entry.account
    GROUP BY journal.id
)
SELECT {RECORD} FROM numbered
""")

# Everything that PostgreSQL can store: no NUL and no half of a surrogate pair.
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ['"', "\\", '\\"', "\x01\x1f\x7f\x80", "\b\f\n\r\t/", "\u2028\u2029", "ção 💶", ":name", "%s", "{}"]
)
amounts = st.integers(1, 2**63 - 1) | st.integers(1, 200)
moments = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@st.composite
def journals(draw: st.DrawFn) -> Journal:
    entries = []
    for _ in range(draw(st.integers(1, 4))):
        of = draw(st.sampled_from(LEDGER_CURRENCIES))
        money = Money(draw(amounts), of)
        for side in Direction:
            entries.append(Entry(Account(AccountKind.FX_POSITION, draw(words), of), side, money))
    return Journal("LED-F01", draw(words), draw(words), datetime(2026, 3, 2, tzinfo=UTC), "system", tuple(entries))


async def record_of(engine: AsyncEngine, seq: int, journal: Journal, posted_at: datetime) -> str:
    """What PostgreSQL writes for a journal that is in its tables for the time of one transaction."""
    id_ = UUID(int=1)
    async with engine.connect() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(
            text(
                "INSERT INTO journals (id, flow, kind, key, fingerprint, occurred_at, posted_at, actor, reference)"
                " VALUES (:id, 'LED-F01', :kind, :key, '', :at, :at, 'system', '{}')"
            ),
            {"id": id_, "kind": journal.kind, "key": journal.key, "at": posted_at},
        )
        for line, entry in enumerate(journal.entries, start=1):
            account = await connection.execute(
                text(
                    "INSERT INTO ledger_accounts (kind, owner, currency) VALUES (:kind, :owner, :currency)"
                    " ON CONFLICT (owner, kind, currency) DO UPDATE SET kind = excluded.kind RETURNING id"
                ),
                {"kind": entry.account.kind, "owner": entry.account.owner, "currency": entry.account.currency.code},
            )
            await connection.execute(
                text("INSERT INTO entries (journal, line, account, side, amount) VALUES (:id, :line, :account, :side, :sum)"),
                {
                    "id": id_,
                    "line": line,
                    "account": account.scalar_one(),
                    "side": entry.direction,
                    "sum": entry.amount.minor,
                },
            )
        written: str = (await connection.execute(_RECORD, {"seq": seq})).scalar_one()
        await connection.rollback()
    return written


@given(journal=journals(), posted_at=moments, seq=st.integers(1, 2**63 - 1))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_postgres_writes_the_record_that_the_domain_hashes(
    engine: AsyncEngine, journal: Journal, posted_at: datetime, seq: int
) -> None:
    """rules: LED-22"""
    assert await record_of(engine, seq, journal, posted_at) == canonical(seq, journal, posted_at)
