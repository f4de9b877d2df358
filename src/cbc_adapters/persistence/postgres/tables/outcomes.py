"""What trades left behind: coin blocks, equity marks and settlements."""

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Table,
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
    # The member's own calendar day; `peak` is the highest ever measured until the end of that day.
    Column("day", Date, primary_key=True),
    Column("opening", asset, nullable=False),
    Column("peak", asset, nullable=False),
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
    CheckConstraint("(rate IS NULL) = (rate_accepted_at IS NULL)", name="rate_complete"),
    index("settlements_by_journal", "journal"),
)
