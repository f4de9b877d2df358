"""The chart of accounts: code, class, normal side, owner and floor of each kind of account (LED-10)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import Currency
from cbc_domain.ledger.model import Account, AccountKind, Direction, Entry

COMPANY: Final = "company"
PROCESSOR: Final = "stripe"


class AccountClass(StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"

    @property
    def normal(self) -> Direction:
        """The side on which accounts of this class grow."""
        return Direction.DEBIT if self in {AccountClass.ASSET, AccountClass.EXPENSE} else Direction.CREDIT


class OwnerKind(StrEnum):
    MEMBER = "member"
    COMPANY = "company"
    PROCESSOR = "processor"


@attrs.frozen
class ChartRow:
    """What is true of every account of one kind; `alert_if_negative` only matters where there is no floor (LED-04)."""

    kind: AccountKind
    code: str
    account_class: AccountClass
    owner: OwnerKind
    alert_if_negative: bool = False

    @property
    def normal(self) -> Direction:
        return self.account_class.normal

    @property
    def floor(self) -> bool:
        """True when the balance never goes below zero: every account of a member (LED-04)."""
        return self.owner is OwnerKind.MEMBER


_ASSET, _LIABILITY = AccountClass.ASSET, AccountClass.LIABILITY
_INCOME, _EXPENSE = AccountClass.INCOME, AccountClass.EXPENSE

CHART: Final[Mapping[AccountKind, ChartRow]] = MappingProxyType(
    {
        row.kind: row
        for row in (
            ChartRow(AccountKind.PROCESSOR_CLEARING, "1010", _ASSET, OwnerKind.PROCESSOR, alert_if_negative=True),
            ChartRow(AccountKind.BANK, "1020", _ASSET, OwnerKind.COMPANY, alert_if_negative=True),
            ChartRow(AccountKind.MEMBER_DEBT, "1110", _ASSET, OwnerKind.MEMBER),
            ChartRow(AccountKind.AFFILIATE_CLAWBACK, "1120", _ASSET, OwnerKind.MEMBER),
            ChartRow(AccountKind.DISPUTE_RECEIVABLE, "1130", _ASSET, OwnerKind.COMPANY),
            ChartRow(AccountKind.FX_POSITION, "1900", _ASSET, OwnerKind.COMPANY),
            ChartRow(AccountKind.MEMBER_REAL, "2010", _LIABILITY, OwnerKind.MEMBER),
            ChartRow(AccountKind.MEMBER_ADMIN, "2020", _LIABILITY, OwnerKind.MEMBER),
            ChartRow(AccountKind.MEMBER_COMMISSION, "2030", _LIABILITY, OwnerKind.MEMBER),
            ChartRow(AccountKind.WITHDRAWAL_HOLD, "2110", _LIABILITY, OwnerKind.MEMBER),
            ChartRow(AccountKind.PAYOUT_IN_TRANSIT, "2120", _LIABILITY, OwnerKind.MEMBER),
            ChartRow(AccountKind.DISPUTE_HOLD, "2130", _LIABILITY, OwnerKind.MEMBER),
            ChartRow(AccountKind.COMMISSION_RESERVE, "2140", _LIABILITY, OwnerKind.MEMBER),
            ChartRow(AccountKind.UNALLOCATED_RECEIPTS, "2150", _LIABILITY, OwnerKind.COMPANY, alert_if_negative=True),
            ChartRow(AccountKind.OPENING_BALANCE, "3010", AccountClass.EQUITY, OwnerKind.COMPANY),
            ChartRow(AccountKind.COMMISSION_REVENUE, "4010", _INCOME, OwnerKind.COMPANY),
            ChartRow(AccountKind.SUBSCRIPTION_REVENUE, "4020", _INCOME, OwnerKind.COMPANY),
            ChartRow(AccountKind.WITHDRAWAL_FEE_REVENUE, "4030", _INCOME, OwnerKind.COMPANY),
            ChartRow(AccountKind.PROCESSOR_FEES, "5010", _EXPENSE, OwnerKind.COMPANY),
            ChartRow(AccountKind.PROMO_EXPENSE, "5020", _EXPENSE, OwnerKind.COMPANY),
            ChartRow(AccountKind.DISPUTE_LOSSES, "5030", _EXPENSE, OwnerKind.COMPANY),
            ChartRow(AccountKind.BAD_DEBT, "5040", _EXPENSE, OwnerKind.COMPANY),
            ChartRow(AccountKind.ADJUSTMENTS, "5050", _EXPENSE, OwnerKind.COMPANY),
        )
    }
)


def member_account(kind: AccountKind, member: MemberId, currency: Currency) -> Account:
    """Name a member's account. Raises Invalid `account_owner` for a kind that members do not own."""
    if CHART[kind].owner is not OwnerKind.MEMBER:
        raise Invalid("account_owner", f"expected a kind of account that members own, was {kind}")
    return Account(kind, str(member), currency)


def company_account(kind: AccountKind, currency: Currency) -> Account:
    """Name an account of the company, or of the processor where the chart says so. Raises Invalid `account_owner`."""
    owner = CHART[kind].owner
    if owner is OwnerKind.MEMBER:
        raise Invalid("account_owner", f"expected a kind of account that members do not own, was {kind}")
    return Account(kind, PROCESSOR if owner is OwnerKind.PROCESSOR else COMPANY, currency)


def effect(entry: Entry) -> int:
    """Minor units by which an entry changes its account's balance on the normal side (LED-03)."""
    return entry.amount.minor if entry.direction is CHART[entry.account.kind].normal else -entry.amount.minor
