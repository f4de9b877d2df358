"""Balances, statement, plans, exchange rates (contract 2.3)."""

from collections.abc import AsyncIterator
from typing import Annotated, Final

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from cbc_domain.application.money.show_money import ShowMoney
from cbc_domain.kernel.ids import JournalId
from cbc_domain.kernel.money import LEDGER_CURRENCIES, Money
from cbc_domain.ledger.findings import StatementLine
from cbc_domain.ledger.model import Posting
from cbc_domain.plans.rules import PLANS
from cbc_entrypoints.http.access import PUBLIC, Caller, needs
from cbc_entrypoints.http.paging import Cursor, Limit, Since, Until, period
from cbc_entrypoints.http.problems import documented
from cbc_entrypoints.http.shapes import MoneyShape, moment, money, object_id, text

VIEW: Final = needs("finance.view")


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


class BalancesAnswer(msgspec.Struct):
    """`reasons` are the live gates that fail, in the order of ELG-02."""

    balances: SixBalances
    held: ByCurrency
    debt: ByCurrency
    credit_lots: list[CreditLot]
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


class Explained(msgspec.Struct):
    """Every entry of a journal transaction, the rule, the rate and the cause (BAL-13)."""

    id: str
    at: str
    type: str
    rule: str
    key: str
    entries: list[EntryShape]
    rate: RateShape | None
    references: dict[str, str]


class PlanShape(msgspec.Struct):
    code: str
    kind: str
    region: str
    price: str
    commission_rate: str | None
    live_allowed: bool
    max_positions: int


class PlansAnswer(msgspec.Struct):
    items: list[PlanShape]
    next_cursor: str | None = None


class OneRate(msgspec.Struct):
    rate: str
    source: str
    as_of: str


class RatesAnswer(msgspec.Struct):
    """`rates` is empty while no rate is known; nothing is ever made up (GEN-12)."""

    base: str
    rates: dict[str, OneRate]


@get("/api/financial/balances", opt=VIEW, responses=documented(401))
async def balances(caller: NamedDependency[Caller], show_money: NamedDependency[ShowMoney]) -> BalancesAnswer:
    shown = await show_money.balances(caller.member)
    return BalancesAnswer(
        balances=SixBalances(_by_currency(shown.real), _by_currency(shown.admin), _by_currency(shown.commission)),
        held=_by_currency(shown.held),
        debt=_by_currency(shown.debt),
        credit_lots=[CreditLot(money(lot.remaining), moment(lot.expires_at) or "") for lot in shown.lots],
        can_trade_live=not shown.failing_gates,
        reasons=[gate.value for gate in shown.failing_gates],
    )


@get("/api/financial/transactions", opt=VIEW, responses=documented(401, 422))
async def transactions(
    caller: NamedDependency[Caller],
    show_money: NamedDependency[ShowMoney],
    cursor: Cursor = None,
    limit: Limit = 50,
    since: Since = None,
    until: Until = None,
    kind: Annotated[str | None, QueryParameter(name="type")] = None,
) -> Lines:
    page = await show_money.statement(caller.member.id, cursor, limit, *period(since, until), kind)
    return Lines([_line(line) for line in page.items], page.next_cursor)


@get("/api/financial/transactions/{journal_id:str}", opt=VIEW, responses=documented(401, 404))
async def transaction(
    journal_id: FromPath[str], caller: NamedDependency[Caller], show_money: NamedDependency[ShowMoney]
) -> Explained:
    return _explained(await show_money.transaction(caller.member.id, JournalId(object_id(journal_id))), str(caller.member.id))


@get("/api/financial/transactions.csv", opt=VIEW, media_type="text/csv", responses=documented(401, 422))
async def transactions_csv(
    caller: NamedDependency[Caller],
    show_money: NamedDependency[ShowMoney],
    since: Since = None,
    until: Until = None,
) -> Stream:
    lines = show_money.all_lines(caller.member.id, *period(since, until))
    return Stream(_csv(lines), media_type="text/csv")


@get("/api/financial/plans", opt=PUBLIC)
async def plans() -> PlansAnswer:
    return PlansAnswer(
        [
            PlanShape(
                code=plan.code,
                kind=plan.kind,
                region=plan.region or "ANY",
                price=f"{plan.price:.2f}",
                commission_rate=None if plan.commission_rate is None else f"{plan.commission_rate:.6f}",
                live_allowed=plan.live_allowed,
                max_positions=plan.max_positions,
            )
            for plan in PLANS.values()
        ]
    )


@get("/api/financial/exchange-rates", opt=VIEW, responses=documented(401))
async def exchange_rates(show_money: NamedDependency[ShowMoney]) -> RatesAnswer:
    rate = await show_money.rate()
    rates = {"BRL": OneRate(f"{rate.brl_per_usd:.6f}", rate.provider, moment(rate.accepted_at) or "")} if rate else {}
    return RatesAnswer("USD", rates)


def _by_currency(amounts: tuple[Money, ...]) -> ByCurrency:
    by_code = {amount.currency.code: amount.text for amount in amounts}
    return ByCurrency(*(by_code.get(currency.code, Money.zero(currency).text) for currency in LEDGER_CURRENCIES))


def _line(line: StatementLine) -> Line:
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


def _explained(posting: Posting, member: str) -> Explained:
    journal, conversion = posting.journal, posting.journal.conversion
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
        rate=RateShape(text(conversion.rate.brl_per_usd), conversion.rate.provider, moment(conversion.rate.accepted_at) or "")
        if conversion
        else None,
        references=dict(journal.references),
    )


async def _csv(lines: AsyncIterator[StatementLine]) -> AsyncIterator[str]:
    yield "id,at,type,rule,account,currency,amount,balance\r\n"
    async for line in lines:
        amounts = (line.effect.currency.code, line.effect.text, line.balance.text)
        yield ",".join((str(line.journal), moment(line.posted_at) or "", line.kind, line.flow, line.account, *amounts)) + "\r\n"


HANDLERS: Final[list[HTTPRouteHandler]] = [balances, transactions, transaction, transactions_csv, plans, exchange_rates]
