"""Balances, statement, plans, exchange rates (contract 2.3)."""

import csv
import io
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
from cbc_domain.ledger.findings import StatementLine
from cbc_domain.plans.rules import PLANS
from cbc_entrypoints.http.access import PUBLIC, Caller, needs
from cbc_entrypoints.http.money_shapes import (
    CAUSES,
    BalancesAnswer,
    CreditLot,
    Explained,
    Lines,
    SixBalances,
    by_currency,
    debt_shape,
    explained,
    line_shape,
)
from cbc_entrypoints.http.paging import Cursor, Limit, Since, Until, period
from cbc_entrypoints.http.problems import documented
from cbc_entrypoints.http.shapes import moment, money, object_id

VIEW: Final = needs("finance.view")


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
        balances=SixBalances(by_currency(shown.real), by_currency(shown.admin), by_currency(shown.commission)),
        held=by_currency(shown.held),
        debt=by_currency(shown.debt),
        credit_lots=[CreditLot(money(lot.remaining), moment(lot.expires_at) or "") for lot in shown.lots],
        debts=[debt_shape(debt) for debt in shown.debts],
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
    return Lines([line_shape(line) for line in page.items], page.next_cursor)


@get("/api/financial/transactions/{journal_id:str}", opt=VIEW, responses=documented(401, 404))
async def transaction(
    journal_id: FromPath[str], caller: NamedDependency[Caller], show_money: NamedDependency[ShowMoney]
) -> Explained:
    return explained(await show_money.transaction(caller.member.id, JournalId(object_id(journal_id))), str(caller.member.id))


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


async def _csv(lines: AsyncIterator[StatementLine]) -> AsyncIterator[str]:
    yield _row("id", "at", "type", "rule", "account", "currency", "amount", "balance", "reference")
    async for line in lines:
        amounts = (line.effect.currency.code, line.effect.text, line.balance.text)
        names = (kind for kind in CAUSES if kind in line.references)
        reference = next((f"{kind} {line.references[kind]}" for kind in names), "")
        yield _row(str(line.journal), moment(line.posted_at) or "", line.kind, line.flow, line.account, *amounts, reference)


def _row(*cells: str) -> str:
    """One line of RFC 4180: what a payment or request is called is not ours to trust."""
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


HANDLERS: Final[list[HTTPRouteHandler]] = [balances, transactions, transaction, transactions_csv, plans, exchange_rates]
