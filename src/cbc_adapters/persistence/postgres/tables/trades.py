"""What signals became for members: decisions, positions, orders and fills."""

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
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
    asset,
    at_least,
    document,
    identity,
    index,
    instant,
    one_of,
    rate,
    text,
)
from cbc_domain.commissions.model import SettlementState
from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.money import LEDGER_CURRENCIES
from cbc_domain.kernel.venues import Environment, Side, Venue
from cbc_domain.plans.model import CommissionBasis, PlanCode
from cbc_domain.trading.model import CloseReason, Leg, OrderState, PositionState

_UNFINISHED: Final = "state IN ('OPENING', 'PROTECTED', 'CLOSING')"
_CURRENCIES: Final = tuple(currency.code for currency in LEDGER_CURRENCIES)

decisions: Final = Table(
    "decisions",
    METADATA,
    Column("signal", identity, ForeignKey("signals.id"), primary_key=True),
    Column("member", identity, ForeignKey("members.id"), primary_key=True),
    Column("environment", text, one_of("environment", Environment), nullable=False),
    Column("outcome", text, one_of("outcome", ("ordered", "skipped")), nullable=False),
    # The first of `reasons`, what a tally counts by.
    Column("headline", text),
    Column("reasons", document, nullable=False),
    Column("failing_gates", document, nullable=False),
    Column("decided_at", instant, nullable=False),
    CheckConstraint("(outcome = 'skipped') = (headline IS NOT NULL)", name="reasons"),
    index("decisions_of_member", "member", "signal"),
)

positions: Final = Table(
    "positions",
    METADATA,
    Column("id", identity, primary_key=True),
    Column("member", identity, ForeignKey("members.id"), nullable=False),
    Column("account", identity, nullable=False),
    Column("venue", text, one_of("venue", Venue), nullable=False),
    Column("environment", text, one_of("environment", Environment), nullable=False),
    Column("symbol", text, nullable=False),
    Column("side", text, one_of("side", Side), nullable=False),
    Column("strategy", identity, ForeignKey("strategies.id"), nullable=False),
    Column("signal", identity, ForeignKey("signals.id"), nullable=False),
    Column("terms_plan", text, one_of("terms_plan", PlanCode), nullable=False),
    Column("terms_rate", rate),
    Column("terms_billing", text, one_of("terms_billing", _CURRENCIES), nullable=False),
    Column("terms_affiliate", identity, ForeignKey("members.id")),
    Column("terms_tier", text, one_of("terms_tier", AffiliateTier), nullable=False),
    Column("terms_basis", text, one_of("terms_basis", CommissionBasis), nullable=False),
    Column("planned_quantity", asset, nullable=False),
    Column("planned_leverage", Integer, nullable=False),
    Column("planned_notional", asset, nullable=False),
    Column("planned_margin", asset, nullable=False),
    Column("planned_stop_loss", asset, nullable=False),
    Column("planned_take_profit", asset, nullable=False),
    Column("planned_loss_at_stop", asset, nullable=False),
    Column("planned_gain_at_target", asset, nullable=False),
    Column("size_flags", document, nullable=False),
    Column("stop_multiplier", asset, nullable=False),
    Column("take_multiplier", asset, nullable=False),
    Column("contract_size", asset, above_zero("contract_size"), nullable=False),
    Column("created_at", instant, nullable=False),
    Column("state", text, one_of("state", PositionState), nullable=False),
    Column("bought", asset, at_least("bought", 0), nullable=False),
    Column("entry_price", asset),
    Column("sold", asset, at_least("sold", 0), nullable=False),
    Column("exit_price", asset),
    Column("stop_loss", asset),
    Column("take_profit", asset),
    Column("fees", asset, nullable=False),
    Column("funding", asset, nullable=False),
    Column("opened_at", instant),
    Column("protected_at", instant),
    Column("closing_reason", text, one_of("closing_reason", CloseReason)),
    Column("closed_at", instant),
    Column("close_reason", text, one_of("close_reason", CloseReason)),
    Column("excess", asset, at_least("excess", 0), nullable=False, server_default=sql("0")),
    # The net result of a finished position as the domain computed it, so that no statement repeats the formula.
    Column("result", asset),
    Column("settlement", text, one_of("settlement", SettlementState), nullable=False),
    Column("settings_version", Integer, at_least("settings_version", 0), nullable=False),
    ForeignKeyConstraint(["account", "member"], ["exchange_accounts.id", "exchange_accounts.member"]),
    UniqueConstraint("signal", "member"),
    index("positions_one_open", "member", "environment", "symbol", unique=True, postgresql_where=sql(_UNFINISHED)),
    index("positions_of_account", "account"),
    index("positions_of_strategy", "strategy"),
    index("positions_of_member", "member", "id"),
    index("positions_opened", "member", "environment", "created_at"),
    index(
        "positions_closed",
        "member",
        "environment",
        "closed_at",
        "id",
        postgresql_where=sql("state IN ('CLOSED', 'LIQUIDATED')"),
    ),
    index("positions_unfinished", "id", postgresql_where=sql(_UNFINISHED)),
    index("positions_ended", "closed_at", postgresql_where=sql("closed_at IS NOT NULL")),
    index("positions_closable", "strategy", "id", postgresql_where=sql(_UNFINISHED)),
    index(
        "positions_unsettled",
        "closed_at",
        "id",
        postgresql_where=sql("settlement IN ('UNSETTLED', 'PENDING_RATE') AND state IN ('CLOSED', 'LIQUIDATED')"),
    ),
    index("positions_of_affiliate", "terms_affiliate", postgresql_where=sql("terms_affiliate IS NOT NULL")),
)

orders: Final = Table(
    "orders",
    METADATA,
    Column("id", identity, primary_key=True),
    Column("client_id", text, nullable=False, unique=True),
    Column("position", identity, ForeignKey("positions.id"), nullable=False),
    Column("member", identity, nullable=False),
    Column("account", identity, nullable=False),
    Column("venue", text, one_of("venue", Venue), nullable=False),
    Column("environment", text, one_of("environment", Environment), nullable=False),
    Column("symbol", text, nullable=False),
    Column("side", text, one_of("side", Side), nullable=False),
    Column("leg", text, one_of("leg", Leg), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("quantity", asset, nullable=False),
    Column("created_at", instant, nullable=False),
    Column("trigger", asset),
    Column("state", text, one_of("state", OrderState), nullable=False),
    Column("filled", asset, at_least("filled", 0), nullable=False),
    Column("average_price", asset),
    Column("fee", asset, nullable=False),
    Column("venue_order_id", text),
    Column("sent_at", instant),
    Column("acked_at", instant),
    Column("filled_at", instant),
    Column("lost_at", instant),
    Column("ended_at", instant),
    Column("attempts", Integer, at_least("attempts", 0), nullable=False),
    Column("error_code", text),
    ForeignKeyConstraint(["account", "member"], ["exchange_accounts.id", "exchange_accounts.member"]),
    index("orders_of_position", "position", "created_at", "id"),
    index("orders_of_member", "member", "id"),
    index("orders_of_account", "account"),
    index("orders_by_age", "created_at", postgresql_using="brin"),
    index("orders_entries", "member", "created_at", postgresql_where=sql("leg = 'e'")),
)

fills: Final = Table(
    "fills",
    METADATA,
    Column("account", identity, ForeignKey("exchange_accounts.id"), primary_key=True),
    Column("id", text, primary_key=True),
    Column("order", identity, ForeignKey("orders.id"), nullable=False),
    Column("quantity", asset, above_zero("quantity"), nullable=False),
    Column("price", asset, above_zero("price"), nullable=False),
    Column("fee", asset, nullable=False),
    Column("at", instant, nullable=False),
    Column("maker", Boolean, nullable=False),
    Column("funding", asset, nullable=False, server_default=sql("0")),
    index("fills_of_order", "order"),
)

setbacks: Final = Table(
    "setbacks",
    METADATA,
    # Sendings that brought nothing; what succeeded is in the order itself.
    Column("order", identity, ForeignKey("orders.id"), primary_key=True),
    Column("at", instant, primary_key=True),
    Column("code", text, primary_key=True),
)
