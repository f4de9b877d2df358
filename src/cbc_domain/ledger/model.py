"""The books: accounts, entries, journal transactions, credit lots, debts, and what a member holds."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import attrs

from cbc_domain.kernel.errors import Conflict, Invalid
from cbc_domain.kernel.ids import DebtId, JournalId, LotId, MemberId
from cbc_domain.kernel.money import Currency, Money
from cbc_domain.kernel.rates import FxRate


class Direction(StrEnum):
    DEBIT = "D"
    CREDIT = "C"

    @property
    def mirror(self) -> "Direction":
        return Direction.CREDIT if self is Direction.DEBIT else Direction.DEBIT


class AccountKind(StrEnum):
    """The chart of accounts by name (LED-10); codes, classes and sides are in `chart`."""

    PROCESSOR_CLEARING = "processor_clearing"
    BANK = "bank"
    MEMBER_DEBT = "member_debt"
    AFFILIATE_CLAWBACK = "affiliate_clawback"
    DISPUTE_RECEIVABLE = "dispute_receivable"
    FX_POSITION = "fx_position"
    MEMBER_REAL = "member_real"
    MEMBER_ADMIN = "member_admin"
    MEMBER_COMMISSION = "member_commission"
    WITHDRAWAL_HOLD = "withdrawal_hold"
    PAYOUT_IN_TRANSIT = "payout_in_transit"
    DISPUTE_HOLD = "dispute_hold"
    COMMISSION_RESERVE = "commission_reserve"
    UNALLOCATED_RECEIPTS = "unallocated_receipts"
    OPENING_BALANCE = "opening_balance"
    COMMISSION_REVENUE = "commission_revenue"
    SUBSCRIPTION_REVENUE = "subscription_revenue"
    WITHDRAWAL_FEE_REVENUE = "withdrawal_fee_revenue"
    PROCESSOR_FEES = "processor_fees"
    PROMO_EXPENSE = "promo_expense"
    DISPUTE_LOSSES = "dispute_losses"
    BAD_DEBT = "bad_debt"
    ADJUSTMENTS = "adjustments"


@attrs.frozen(order=True)
class Account:
    """(kind, owner, currency) of LED-01; `owner` is a member's ID as text, `company` or `stripe`."""

    kind: AccountKind
    owner: str
    currency: Currency


@attrs.frozen
class Entry:
    """One side of a journal transaction; the amount is always positive (LED-01)."""

    account: Account
    direction: Direction
    amount: Money

    def __attrs_post_init__(self) -> None:
        if self.amount.minor <= 0:
            raise Invalid("amount_not_positive", f"expected a positive entry, was {self.amount}")
        if self.amount.currency != self.account.currency:
            raise Invalid("currency_mismatch", f"expected {self.account.currency}, was {self.amount.currency}")

    @property
    def signed(self) -> int:
        """Minor units, positive for a debit, negative for a credit (LED-01)."""
        return self.amount.minor if self.direction is Direction.DEBIT else -self.amount.minor


class LotStatus(StrEnum):
    ACTIVE = "ACTIVE"
    FROZEN = "FROZEN"
    USED = "USED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


@attrs.frozen
class Lot:
    """One admin credit with its own expiry (BAL-04); valid while now < `expires_at` (GEN-07)."""

    id: LotId
    member: MemberId
    amount: Money
    remaining: Money
    origin: str
    credited_at: datetime
    expires_at: datetime
    status: LotStatus = LotStatus.ACTIVE


@attrs.frozen
class LotUse:
    """How much of a lot one journal transaction takes (positive) or gives back (negative).

    `extends_to` is the new expiry of a lot that is given back too late to be of use; None leaves it as it is (COM-14).
    """

    lot: LotId
    amount: Money
    extends_to: datetime | None = None


@attrs.frozen
class Debt:
    """What a member owes from one cause (DBT-01)."""

    id: DebtId
    member: MemberId
    amount: Money
    remaining: Money
    cause: str
    origin: str
    created_at: datetime


@attrs.frozen
class DebtPayment:
    """How much of a debt one journal transaction pays."""

    debt: DebtId
    amount: Money


@attrs.frozen
class Conversion:
    """One crossing of currencies, kept with its rate and times (FX-05): `paid` was taken, `covered` was settled."""

    paid: Money
    covered: Money
    rate: FxRate


class UnbalancedJournal(Invalid):
    """The entries of one currency do not sum to zero, or two currencies meet without `fx_position` (LED-02)."""


@attrs.frozen
class Journal:
    """A journal transaction as it is asked for: entries that sum to zero per currency, and what they do to lots and debts.

    `flow` is the named flow of LED-12 (`LED-F09`), `kind` its word in the chain (`commission`), `key` its idempotency
    key, `references` what it belongs to (position, member, coupon ...). Raises UnbalancedJournal.
    """

    flow: str
    kind: str
    key: str
    occurred_at: datetime
    actor: str
    entries: tuple[Entry, ...]
    references: Mapping[str, str] = attrs.field(factory=dict)
    lots_opened: tuple[Lot, ...] = ()
    lot_uses: tuple[LotUse, ...] = ()
    debts_opened: tuple[Debt, ...] = ()
    debt_payments: tuple[DebtPayment, ...] = ()
    conversion: Conversion | None = None
    reverses: JournalId | None = None

    def __attrs_post_init__(self) -> None:
        if len(self.entries) < 2:
            raise UnbalancedJournal(
                "journal_unbalanced", f"expected at least two entries in {self.key}, was {len(self.entries)}"
            )
        sums = self.sums()
        if any(sums.values()):
            raise UnbalancedJournal("journal_unbalanced", f"expected zero per currency in {self.key}, was {sums}")
        bridged = {entry.account.currency for entry in self.entries if entry.account.kind is AccountKind.FX_POSITION}
        if len(sums) > 1 and bridged != {entry.account.currency for entry in self.entries}:
            raise UnbalancedJournal("journal_unbalanced", f"expected fx_position in both currencies of {self.key}")

    def sums(self) -> dict[str, int]:
        """Signed minor units per currency code; all zero in a journal that exists."""
        sums: dict[str, int] = {}
        for entry in self.entries:
            code = entry.account.currency.code
            sums[code] = sums.get(code, 0) + entry.signed
        return sums


@attrs.frozen
class Posting:
    """A journal transaction that is in the books; `replay` when the key had been posted before (LED-06)."""

    id: JournalId
    journal: Journal
    posted_at: datetime
    replay: bool = False


class KeyReused(Conflict):
    """The idempotency key stands in the books with other entries (LED-06)."""

    def __init__(self, key: str) -> None:
        super().__init__("idempotency_key_reused", f"expected the same entries as first posted under {key}")


class InsufficientFunds(Conflict):
    """A posting would take an account with a floor below zero (LED-04)."""

    def __init__(self, account: Account) -> None:
        super().__init__("insufficient_funds", f"expected funds in {account.kind} {account.currency.code} of {account.owner}")
