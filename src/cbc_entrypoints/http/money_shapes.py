"""The wire shapes of balances, statement lines and explained journals (contract 2.3)."""

from typing import Final

import msgspec

from cbc_domain.application.money.show_money import TransactionShown
from cbc_domain.kernel.money import LEDGER_CURRENCIES, Money
from cbc_domain.ledger.findings import StatementLine
from cbc_domain.ledger.model import Debt
from cbc_entrypoints.http.shapes import MoneyShape, maybe_text, moment, money, text

CAUSES: Final = ("position", "payment_intent", "invoice", "coupon", "request", "debt", "credit", "lot")
"""The references of a journal that say what it was made for, the most telling first."""


class ByCurrency(msgspec.Struct):
    """Decimal text per ledger currency; the two are never added (MON-02)."""

    BRL: str
    USD: str


class SixBalances(msgspec.Struct):
    real: ByCurrency
    admin: ByCurrency
    commission: ByCurrency


class CreditLot(msgspec.Struct):
    amount: MoneyShape
    expires_at: str


class DebtShape(msgspec.Struct):
    """What one cause left unpaid, and what is still owed of it."""

    id: str
    cause: str
    origin: str
    amount: MoneyShape
    remaining: MoneyShape
    created_at: str


class BalancesAnswer(msgspec.Struct):
    """`reasons` are the live gates that fail, in the order of ELG-02; `debts` are open ones, oldest first."""

    balances: SixBalances
    held: ByCurrency
    debt: ByCurrency
    credit_lots: list[CreditLot]
    debts: list[DebtShape]
    can_trade_live: bool
    reasons: list[str]


class Line(msgspec.Struct):
    """`amount` is signed: negative when it lowers the balance; `balance` is the account's balance after it."""

    id: str
    at: str
    type: str
    rule: str
    account: str
    amount: MoneyShape
    balance: MoneyShape
    references: dict[str, str]


class Lines(msgspec.Struct):
    items: list[Line]
    next_cursor: str | None


class EntryShape(msgspec.Struct):
    account: str
    side: str
    amount: MoneyShape
    mine: bool


class RateShape(msgspec.Struct):
    brl_per_usd: str
    source: str
    as_of: str


class ChargedOn(msgspec.Struct):
    """What a commission was reckoned from: profit in USDT, net of fees and funding, and the rate frozen at the opening.

    `computed` when the exchange had no record of the result and it was reckoned from fills, fees and funding (COM-05).
    """

    position_id: str
    plan: str
    profit: str | None
    commission_rate: str | None
    computed: bool
    state: str


class Cause(msgspec.Struct):
    """What a transaction was made for: a position, a payment_intent, a coupon, a request, a lot, a debt, a credit."""

    kind: str
    id: str


class Explained(msgspec.Struct):
    """Every entry of a journal transaction, the rule, the rate and the cause (BAL-13).

    `rate` is the exchange rate, also where nothing was converted but the amount was reckoned with it.
    """

    id: str
    at: str
    type: str
    rule: str
    key: str
    entries: list[EntryShape]
    rate: RateShape | None
    cause: Cause | None
    charged_on: ChargedOn | None
    references: dict[str, str]


def by_currency(amounts: tuple[Money, ...]) -> ByCurrency:
    by_code = {amount.currency.code: amount.text for amount in amounts}
    return ByCurrency(*(by_code.get(currency.code, Money.zero(currency).text) for currency in LEDGER_CURRENCIES))


def line_shape(line: StatementLine) -> Line:
    return Line(
        id=str(line.journal),
        at=moment(line.posted_at) or "",
        type=line.kind,
        rule=line.flow,
        account=line.account,
        amount=money(line.effect),
        balance=money(line.balance),
        references=dict(line.references),
    )


def explained(shown: TransactionShown, member: str) -> Explained:
    posting, rate = shown.posting, shown.rate
    journal = posting.journal
    return Explained(
        id=str(posting.id),
        at=moment(posting.posted_at) or "",
        type=journal.kind,
        rule=journal.flow,
        key=journal.key,
        entries=[
            EntryShape(entry.account.kind, entry.direction, money(entry.amount), entry.account.owner == member)
            for entry in journal.entries
        ],
        rate=RateShape(text(rate.brl_per_usd), rate.provider, moment(rate.accepted_at) or "") if rate else None,
        cause=next((Cause(kind, journal.references[kind]) for kind in CAUSES if kind in journal.references), None),
        charged_on=_charged_on(shown),
        references=dict(journal.references),
    )


def _charged_on(shown: TransactionShown) -> ChargedOn | None:
    settlement, terms = shown.settlement, shown.terms
    if settlement is None or terms is None:
        return None
    return ChargedOn(
        position_id=str(settlement.position),
        plan=terms.plan,
        profit=maybe_text(settlement.profit),
        commission_rate=None if terms.rate is None else f"{terms.rate:.6f}",
        computed=settlement.computed,
        state=settlement.state,
    )


def debt_shape(debt: Debt) -> DebtShape:
    return DebtShape(
        id=str(debt.id),
        cause=debt.cause,
        origin=debt.origin,
        amount=money(debt.amount),
        remaining=money(debt.remaining),
        created_at=moment(debt.created_at) or "",
    )
