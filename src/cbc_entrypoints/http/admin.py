"""What staff see of the books, and the strategies they keep (contract 2.5)."""

from datetime import timedelta
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.params import JSONBody

from cbc_domain.application.health.check_invariants import CheckInvariants
from cbc_domain.application.people.create_strategy import CreateStrategy
from cbc_domain.identity.model import Scope
from cbc_domain.signals.model import SourceKind, TimeMeaning
from cbc_entrypoints.http.access import needs
from cbc_entrypoints.http.problems import documented


class ProofAnswer(msgspec.Struct):
    """`holds` is true when nothing was found; each fault names its row (LED-20)."""

    holds: bool
    journals: int
    entries: int
    sealed: int
    unbalanced: list[str]
    mismatched_balances: list[str]
    negative_balances: list[str]
    lot_faults: list[str]
    debt_faults: list[str]
    hash_chain: str
    unprotected_positions: int


class StrategyBody(msgspec.Struct, forbid_unknown_fields=True):
    """`bar_minutes` is the strategy's time frame; `signs` when its sender will sign bodies instead of naming the secret.

    `trusted` lets its alerts tighten stop, target, leverage and expiry; `source_addresses` are the only ones it may send from.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
    bar_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 30
    signs: bool = False
    time_meaning: TimeMeaning = TimeMeaning.BAR_CLOSE
    trusted: bool = False
    limited: bool = True
    allowed_symbols: Annotated[list[str], msgspec.Meta(max_length=500)] = msgspec.field(default_factory=list)
    source: SourceKind = SourceKind.TRADINGVIEW
    source_addresses: Annotated[list[str], msgspec.Meta(max_length=50)] = msgspec.field(default_factory=list)


class StrategyCreated(msgspec.Struct):
    """The webhook URL holds the secret and is answered once; so is the secret of a sender who signs."""

    id: str
    slug: str
    webhook_url: str
    signing_secret: str | None


@get("/api/admin/ledger/proof", opt=needs("audit.read", Scope.ALL), responses=documented(401, 403))
async def ledger_proof(check_invariants: NamedDependency[CheckInvariants]) -> ProofAnswer:
    health = await check_invariants()
    proof = health.proof
    return ProofAnswer(
        holds=proof.holds,
        journals=proof.journals,
        entries=proof.entries,
        sealed=proof.sealed,
        unbalanced=list(proof.unbalanced),
        mismatched_balances=list(proof.mismatched_balances),
        negative_balances=list(proof.negative_balances),
        lot_faults=list(proof.lot_faults),
        debt_faults=list(proof.debt_faults),
        hash_chain=proof.chain_fault or "ok",
        unprotected_positions=health.unprotected,
    )


@post(
    "/api/admin/strategies",
    status_code=201,
    opt=needs("strategy.manage", Scope.ALL),
    responses=documented(401, 403, 409, 422),
)
async def add_strategy(
    request: Request[Any, Any, Any], data: JSONBody[StrategyBody], create_strategy: NamedDependency[CreateStrategy]
) -> Response[StrategyCreated]:
    strategy, secret = await create_strategy(
        data.name,
        timedelta(minutes=data.bar_minutes),
        data.time_meaning,
        signs=data.signs,
        trusted=data.trusted,
        limited=data.limited,
        allowed_symbols=data.allowed_symbols,
        source=data.source,
        source_addresses=data.source_addresses,
    )
    url = f"{str(request.base_url).rstrip('/')}/api/webhooks/signal"
    created = StrategyCreated(
        id=str(strategy.id),
        slug=strategy.slug,
        webhook_url=url if data.signs else f"{url}/{secret}",
        signing_secret=secret if data.signs else None,
    )
    return Response(created, headers={"Cache-Control": "no-store"})


HANDLERS: Final[list[HTTPRouteHandler]] = [ledger_proof, add_strategy]
