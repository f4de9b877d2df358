"""What an affiliate does with his commission (contract 2.4)."""

from typing import Any, Final

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.params import JSONBody

from cbc_domain.application.money.convert_commission import ConvertCommission
from cbc_entrypoints.http.access import Caller, needs
from cbc_entrypoints.http.idempotency import Answered, AnswerOnce, IdempotencyKey, answered
from cbc_entrypoints.http.problems import documented
from cbc_entrypoints.http.shapes import MoneyShape, moment, money, money_of


class ConvertBody(msgspec.Struct, forbid_unknown_fields=True):
    amount: MoneyShape


class ConvertedAnswer(msgspec.Struct):
    """`credited` = `converted` + `bonus`, as admin credit until `expires_at`; debt is paid from it first (DBT-03)."""

    converted: MoneyShape
    bonus: MoneyShape
    credited: MoneyShape
    expires_at: str


@post(
    "/api/affiliate/convert",
    status_code=200,
    opt=needs("affiliate.screens"),
    responses=documented(400, 401, 403, 409, 422) | answered(ConvertedAnswer, 200),
)
async def convert(
    request: Request[Any, Any, Any],
    data: JSONBody[ConvertBody],
    caller: NamedDependency[Caller],
    convert_commission: NamedDependency[ConvertCommission],
    answer_once: NamedDependency[AnswerOnce],
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    async def act() -> Answered:
        amount = money_of("amount", data.amount)
        done = await convert_commission(caller.member.id, amount, idempotency_key or "")
        turned = done.turned
        shown = (money(turned.amount), money(turned.bonus), money(turned.credited))
        return Answered(ConvertedAnswer(*shown, moment(done.lot.expires_at) or ""), 200)

    return await answer_once(request, str(caller.member.id), idempotency_key, act)


HANDLERS: Final[list[HTTPRouteHandler]] = [convert]
