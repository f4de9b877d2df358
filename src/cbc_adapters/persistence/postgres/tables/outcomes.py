"""What trades left behind: coin blocks, equity marks and settlements."""

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Table,
    false,
)
from sqlalchemy import (
    text as sql,
)

from cbc_adapters.persistence.postgres.tables.metadata import (
    METADATA,
    above_zero,
    asset,
    at_least,
    identity,
    index,
    instant,
    money,
    one_of,
    rate,
    text,
)
from cbc_domain.commissions.model import SettlementReason, SettlementState
from cbc_domain.kernel.money import LEDGER_CURRENCIES
from cbc_domain.kernel.venues import Environment

_CURRENCIES: Final = tuple(currency.code for currency in LEDGER_CURRENCIES)

coin_blocks: Final = Table(
    "coin_blocks",
    METADATA,
    Column("member", identity, ForeignKey("members.id"), primary_key=True),
    Column("environment", text, one_of("environment", Environment), primary_key=True),
    Column("coin", text, primary_key=True),
    Column("since", instant, primary_key=True),
    Column("until", instant, primary_key=True),
    Column("cause", text, nullable=False),
    CheckConstraint("until > since", name="until"),
    index("coin_blocks_in_force", "member", "until"),
)

equity_marks: Final = Table(
    "equity_marks",
    METADATA,
    Column("member", identity, ForeignKey("members.id"), primary_key=True),
    Column("environment", text, one_of("environment", Environment), primary_key=True),
    # The member's own calendar day; `peak` is the highest that was measured until the end of that day, whereby transfers
    # count as no gain and no loss. Both are as they were measured: what was moved from their instants on is added when read.
    Column("day", Date, primary_key=True),
    Column("opening", asset, nullable=False),
    Column("opened_at", instant, nullable=False),
    # NULL once the member resumed after a drawdown: the next equity that is measured is the first of a new peak.
    Column("peak", asset),
    Column("peaked_at", instant),
    CheckConstraint("(peak IS NULL) = (peaked_at IS NULL)", name="peak"),
)

drawdown_pauses: Final = Table(
    "drawdown_pauses",
    METADATA,
    Column("member", identity, ForeignKey("members.id"), primary_key=True),
    Column("environment", text, one_of("environment", Environment), primary_key=True),
    Column("since", instant, primary_key=True),
    Column("until", instant),
    index("drawdown_pauses_in_force", "member", "environment", unique=True, postgresql_where=sql("until IS NULL")),
)

settlements: Final = Table(
    "settlements",
    METADATA,
    Column("position", identity, ForeignKey("positions.id"), primary_key=True),
    Column("state", text, one_of("state", SettlementState), nullable=False),
    Column("reason", text, one_of("reason", SettlementReason)),
    Column("at", instant, nullable=False),
    Column("currency", text, one_of("currency", _CURRENCIES)),
    Column("commission", money, at_least("commission", 0)),
    Column("affiliate", money, at_least("affiliate", 0)),
    Column("company", money, at_least("company", 0)),
    Column("debt", money, at_least("debt", 0)),
    Column("rate", rate, above_zero("rate")),
    Column("rate_provider", text),
    Column("rate_provider_at", instant),
    Column("rate_accepted_at", instant),
    Column("journal", identity, ForeignKey("journals.id")),
    # USDT, net of fees and funding: what was charged on (COM-05).
    Column("profit", asset),
    Column("computed", Boolean, nullable=False, server_default=false()),
    CheckConstraint("(rate IS NULL) = (rate_accepted_at IS NULL)", name="rate_complete"),
    index("settlements_by_journal", "journal"),
)

closed_results: Final = Table(
    "closed_results",
    METADATA,
    Column("position", identity, ForeignKey("positions.id"), primary_key=True),
    # The venue's own record in USDT, for our part of what was closed.
    Column("net", asset, nullable=False),
    Column("recorded_at", instant, nullable=False),
)

result_reviews: Final = Table(
    "result_reviews",
    METADATA,
    Column("position", identity, ForeignKey("positions.id"), primary_key=True),
    Column("charged", asset, nullable=False),
    Column("reported", asset, nullable=False),
    Column("at", instant, nullable=False),
    index("result_reviews_by_age", "at", "position"),
)
