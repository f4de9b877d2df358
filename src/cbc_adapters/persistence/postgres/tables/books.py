"""The ledger: accounts, journals with their entries, lots, debts, conversions and the hash chain (LED)."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Integer,
    Table,
    UniqueConstraint,
)
from sqlalchemy import (
    text as sql,
)

from cbc_adapters.persistence.postgres.tables.metadata import (
    METADATA,
    above_zero,
    at_least,
    document,
    identity,
    index,
    instant,
    money,
    one_of,
    rate,
    text,
)
from cbc_domain.kernel.money import LEDGER_CURRENCIES
from cbc_domain.ledger.chart import CHART
from cbc_domain.ledger.model import AccountKind, Direction, LotStatus

_CURRENCIES: Final = tuple(currency.code for currency in LEDGER_CURRENCIES)
_OF_MEMBERS: Final = ", ".join(f"'{kind}'" for kind, row in CHART.items() if row.floor)

ledger_accounts: Final = Table(
    "ledger_accounts",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", text, one_of("kind", AccountKind), nullable=False),
    Column("owner", text, nullable=False),
    Column("currency", text, one_of("currency", _CURRENCIES), nullable=False),
    Column("member", identity, ForeignKey("members.id")),
    # On the normal side; NULL where there is no floor: a balance that everybody changes is a queue (LED-03).
    Column("balance", money, at_least("balance", 0)),
    UniqueConstraint("owner", "kind", "currency"),
    CheckConstraint(f"(kind IN ({_OF_MEMBERS})) = (balance IS NOT NULL)", name="floor"),
    CheckConstraint("(balance IS NULL) = (member IS NULL)", name="member"),
    CheckConstraint("member IS NULL OR owner = CAST(member AS text)", name="owner"),
    index("ledger_accounts_of_member", "member"),
)

journals: Final = Table(
    "journals",
    METADATA,
    Column("id", identity, primary_key=True),
    Column("flow", text, nullable=False),
    Column("kind", text, nullable=False),
    Column("key", text, nullable=False, unique=True),
    Column("fingerprint", text, nullable=False),
    Column("occurred_at", instant, nullable=False),
    Column("posted_at", instant, nullable=False),
    Column("actor", text, nullable=False),
    Column("reference", document, nullable=False),
    Column("reverses", identity, ForeignKey("journals.id")),
    index("journals_by_posting", "posted_at", "id"),
    index("journals_reversing", "reverses"),
)

entries: Final = Table(
    "entries",
    METADATA,
    # Given under the account's lock, so for an account with a floor it is the order in which its balance moved.
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("journal", identity, ForeignKey("journals.id"), nullable=False),
    Column("line", Integer, above_zero("line"), nullable=False),
    Column("account", BigInteger, ForeignKey("ledger_accounts.id"), nullable=False),
    Column("side", text, one_of("side", Direction), nullable=False),
    Column("amount", money, above_zero("amount"), nullable=False),
    UniqueConstraint("journal", "line"),
    index("entries_of_account", "account", "id"),
)

lots: Final = Table(
    "lots",
    METADATA,
    Column("id", identity, primary_key=True),
    Column("member", identity, ForeignKey("members.id"), nullable=False),
    Column("currency", text, one_of("currency", _CURRENCIES), nullable=False),
    Column("amount", money, above_zero("amount"), nullable=False),
    Column("remaining", money, nullable=False),
    Column("origin", text, nullable=False),
    Column("credited_at", instant, nullable=False),
    Column("expires_at", instant, nullable=False),
    # The expiry at crediting; `expires_at` may have been extended (COM-14).
    Column("granted_until", instant, nullable=False),
    Column("status", text, one_of("status", LotStatus), nullable=False),
    Column("journal", identity, ForeignKey("journals.id"), nullable=False),
    CheckConstraint("remaining BETWEEN 0 AND amount", name="remaining"),
    index("lots_left", "member", "currency", "expires_at", postgresql_where=sql("remaining > 0")),
    index("lots_expiring", "expires_at", "id", postgresql_where=sql("remaining > 0 AND status = 'ACTIVE'")),
    index("lots_of_journal", "journal"),
    index("lots_of_member", "member"),
)

lot_moves: Final = Table(
    "lot_moves",
    METADATA,
    Column("journal", identity, ForeignKey("journals.id"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("lot", identity, ForeignKey("lots.id"), nullable=False),
    # Positive takes, negative gives back.
    Column("amount", money, CheckConstraint("amount <> 0", name="amount"), nullable=False),
    Column("extends_to", instant),
    index("lot_moves_of_lot", "lot"),
)

debts: Final = Table(
    "debts",
    METADATA,
    Column("id", identity, primary_key=True),
    Column("member", identity, ForeignKey("members.id"), nullable=False),
    Column("currency", text, one_of("currency", _CURRENCIES), nullable=False),
    Column("amount", money, above_zero("amount"), nullable=False),
    Column("remaining", money, nullable=False),
    Column("cause", text, nullable=False),
    Column("origin", text, nullable=False),
    Column("created_at", instant, nullable=False),
    Column("journal", identity, ForeignKey("journals.id"), nullable=False),
    CheckConstraint("remaining BETWEEN 0 AND amount", name="remaining"),
    index("debts_open", "member", "currency", "created_at", postgresql_where=sql("remaining > 0")),
    index("debts_of_journal", "journal"),
    index("debts_of_member", "member"),
)

debt_payments: Final = Table(
    "debt_payments",
    METADATA,
    Column("journal", identity, ForeignKey("journals.id"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("debt", identity, ForeignKey("debts.id"), nullable=False),
    Column("amount", money, above_zero("amount"), nullable=False),
    index("debt_payments_of_debt", "debt"),
)

conversions: Final = Table(
    "conversions",
    METADATA,
    Column("journal", identity, ForeignKey("journals.id"), primary_key=True),
    Column("paid", money, above_zero("paid"), nullable=False),
    Column("paid_currency", text, one_of("paid_currency", _CURRENCIES), nullable=False),
    Column("covered", money, above_zero("covered"), nullable=False),
    Column("covered_currency", text, one_of("covered_currency", _CURRENCIES), nullable=False),
    Column("rate", rate, above_zero("rate"), nullable=False),
    Column("provider", text, nullable=False),
    Column("provider_at", instant, nullable=False),
    Column("accepted_at", instant, nullable=False),
)

seals: Final = Table(
    "seals",
    METADATA,
    Column("seq", BigInteger, above_zero("seq"), primary_key=True, autoincrement=False),
    Column("journal", identity, ForeignKey("journals.id"), nullable=False, unique=True),
    Column("hash", text, CheckConstraint("hash ~ '^[0-9a-f]{64}$'", name="hash"), nullable=False),
)

unsealed_journals: Final = Table(
    "unsealed_journals",
    METADATA,
    # Sequence numbers follow commits, which no counter of postings does: who seals takes the rows it can see.
    Column("journal", identity, ForeignKey("journals.id"), primary_key=True),
)
