"""What staff put right in the books: commissions taken back, debts forgiven, and what they see of both (contract 2.5)."""

from typing import Any, Final

import msgspec
from litestar import Request as HttpRequest
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from cbc_domain.application.money.forgive_debt import ForgiveDebt
from cbc_domain.application.money.reverse_commission import Request, ReverseCommission
from cbc_domain.application.money.show_debts import ShowDebts
from cbc_domain.identity.model import Scope
from cbc_domain.kernel.ids import DebtId, PositionId
from cbc_domain.kernel.money import Currency
from cbc_domain.ledger.ageing import AgeBand
from cbc_domain.ledger.model import AccountKind, Posting
from cbc_entrypoints.http.access import Caller, needs
from cbc_entrypoints.http.idempotency import Answered, AnswerOnce, IdempotencyKey, answered
from cbc_entrypoints.http.problems import documented
from cbc_entrypoints.http.shapes import MoneyShape, Reason, moment, money, object_id, text

APPROVE: Final = needs("finance.approve", Scope.ALL)
VIEW: Final = needs("finance.view", Scope.ALL)

_COMPANYS: Final = frozenset({AccountKind.COMMISSION_REVENUE, AccountKind.BAD_DEBT})


class ReasonBody(msgspec.Struct, forbid_unknown_fields=True):
    reason: Reason


class Corrected(msgspec.Struct):
    """The journal that put it right; `given_back` are the amounts that left the company's revenue or were written off."""

    journal_id: str
    rule: str
    key: str
    given_back: list[MoneyShape]


class AgedDebt(msgspec.Struct):
    """What all members together owe since so many days, in one currency."""

    days: str
    owed: MoneyShape


class AgeingAnswer(msgspec.Struct):
    items: list[AgedDebt]
    next_cursor: str | None = None


class ReviewShape(msgspec.Struct):
    """A charged position whose exchange now reports another result; both in USDT. Nothing is changed by itself (COM-15)."""

    position_id: str
    charged_on: str
    reported: str
    found_at: str


class ReconciliationAnswer(msgspec.Struct):
    items: list[ReviewShape]
    next_cursor: str | None = None


@post(
    "/api/admin/positions/{position_id:str}/refund-commission",
    status_code=200,
    opt=APPROVE,
    responses=documented(400, 401, 403, 404, 409, 422) | answered(Corrected, 200),
)
async def refund_commission(
    request: HttpRequest[Any, Any, Any],
    position_id: FromPath[str],
    data: JSONBody[ReasonBody],
    caller: NamedDependency[Caller],
    reverse_commission: NamedDependency[ReverseCommission],
    answer_once: NamedDependency[AnswerOnce],
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    async def act() -> Answered:
        asked = Request(PositionId(object_id(position_id)), str(caller.member.id), data.reason)
        return Answered(_corrected(await reverse_commission(asked)), 200)

    return await answer_once(request, str(caller.member.id), idempotency_key, act)


@post(
    "/api/admin/debts/{debt_id:str}/forgive",
    status_code=200,
    opt=APPROVE,
    responses=documented(400, 401, 403, 404, 409, 422) | answered(Corrected, 200),
)
async def forgive(
    request: HttpRequest[Any, Any, Any],
    debt_id: FromPath[str],
    data: JSONBody[ReasonBody],
    caller: NamedDependency[Caller],
    forgive_debt: NamedDependency[ForgiveDebt],
    answer_once: NamedDependency[AnswerOnce],
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    async def act() -> Answered:
        who, debt = str(caller.member.id), DebtId(object_id(debt_id))
        posting = await forgive_debt(debt, None, f"{who}:{idempotency_key}", who, data.reason)
        return Answered(_corrected(posting), 200)

    return await answer_once(request, str(caller.member.id), idempotency_key, act)


@get("/api/admin/debts", opt=VIEW, responses=documented(401, 403))
async def debts(show_debts: NamedDependency[ShowDebts]) -> AgeingAnswer:
    ageing = await show_debts.ageing()
    return AgeingAnswer([AgedDebt(band, money(ageing[band, currency])) for band, currency in sorted(ageing, key=_age)])


@get("/api/admin/reconciliation", opt=VIEW, responses=documented(401, 403))
async def reconciliation(show_debts: NamedDependency[ShowDebts]) -> ReconciliationAnswer:
    return ReconciliationAnswer(
        [
            ReviewShape(str(one.position), text(one.charged), text(one.reported), moment(one.at) or "")
            for one in await show_debts.reviews()
        ]
    )


def _corrected(posting: Posting) -> Corrected:
    journal = posting.journal
    given = [entry for entry in journal.entries if entry.account.kind in _COMPANYS and entry.signed > 0]
    return Corrected(str(posting.id), journal.flow, journal.key, [money(entry.amount) for entry in given])


def _age(place: tuple[AgeBand, Currency]) -> tuple[int, str]:
    band, currency = place
    return list(AgeBand).index(band), currency.code


HANDLERS: Final[list[HTTPRouteHandler]] = [refund_commission, forgive, debts, reconciliation]
