"""How much was moved into a member's usable accounts from an instant on (RSK-03)."""

from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, literal, select

from cbc_adapters.persistence.postgres.tables.people import exchange_accounts
from cbc_adapters.persistence.postgres.tables.transfers import account_transfers
from cbc_domain.risk.model import KeyStatus

_ACCOUNT: Final = exchange_accounts.c
USABLE: Final = and_(_ACCOUNT.status == KeyStatus.VALID.value, _ACCOUNT.can_trade, ~_ACCOUNT.can_withdraw)
"""As `ExchangeAccount.usable`: the accounts whose equities are summed up."""


def moved(
    member: ColumnElement[Any], environment: ColumnElement[Any], since: ColumnElement[Any], until: ColumnElement[Any]
) -> Select[tuple[Decimal]]:
    """What was moved in less what was moved out from an instant on, that included, up to another, in USDT."""
    transfer = account_transfers.c
    return (
        select(func.coalesce(func.sum(transfer.amount), literal(Decimal(0))).label("amount"))
        .join(exchange_accounts, _ACCOUNT.id == transfer.account)
        .where(_ACCOUNT.member == member, _ACCOUNT.environment == environment, USABLE)
        .where(transfer.at >= since, transfer.at < until)
    )
