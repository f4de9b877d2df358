"""Receipts of a signal: one's own for everybody, all of them for staff (contract 2.2 and 2.5, ROL-03)."""

from typing import Final

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.params import FromPath

from cbc_domain.application.trading.show_receipts import ShowReceipts
from cbc_domain.identity.model import Scope
from cbc_domain.kernel.ids import MemberId, SignalId
from cbc_entrypoints.http.access import Caller, needs
from cbc_entrypoints.http.paging import Cursor, Limit
from cbc_entrypoints.http.problems import documented
from cbc_entrypoints.http.receipt_shapes import (
    Receipts,
    SignalReceiptsShape,
    receipts_shape,
    signal_receipts_shape,
)
from cbc_entrypoints.http.shapes import object_id


@get("/api/trading/signals/{signal_id:str}/receipts", opt=needs("trading.view"), responses=documented(401, 404))
async def own(
    signal_id: FromPath[str], caller: NamedDependency[Caller], show_receipts: NamedDependency[ShowReceipts]
) -> Receipts:
    """One for an open; for a close one for each position of mine that it reached; never a second page."""
    return receipts_shape(await show_receipts.own(caller.member, SignalId(object_id(signal_id))))


@get(
    "/api/admin/signals/{signal_id:str}/receipts",
    opt=needs("trading.view", Scope.ALL),
    responses=documented(401, 403, 404, 422),
)
async def of_all(
    signal_id: FromPath[str],
    caller: NamedDependency[Caller],
    show_receipts: NamedDependency[ShowReceipts],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> SignalReceiptsShape:
    """Amounts of commissions are left out for staff without `finance.view`."""
    return signal_receipts_shape(await show_receipts.of_all(caller.member, SignalId(object_id(signal_id)), cursor, limit))


@get(
    "/api/admin/signals/{signal_id:str}/receipts/{member_id:str}",
    opt=needs("trading.view", Scope.ALL),
    responses=documented(401, 403, 404),
)
async def of_member(
    signal_id: FromPath[str],
    member_id: FromPath[str],
    caller: NamedDependency[Caller],
    show_receipts: NamedDependency[ShowReceipts],
) -> Receipts:
    member = MemberId(object_id(member_id))
    return receipts_shape(await show_receipts.of_member(caller.member, SignalId(object_id(signal_id)), member))


HANDLERS: Final[list[HTTPRouteHandler]] = [own, of_all, of_member]
