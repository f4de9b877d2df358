"""The background jobs by name, and the use case that each one calls."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from cbc_adapters.persistence.postgres.errands import RUN_ERRAND, PostgresErrands
from cbc_domain.kernel.ids import SignalId
from cbc_entrypoints.containers import Platform
from cbc_entrypoints.worker.one_at_a_time import OneAtATime
from cbc_entrypoints.worker.role import Role

Handler = Callable[[Mapping[str, str]], Awaitable[None]]


def handlers(platform: Platform, role: Role) -> dict[str, Handler]:
    """Every handler may run more than once for one job (at least once is the promise)."""

    async def plan_orders(payload: Mapping[str, str]) -> None:
        await platform.plan_orders()(SignalId(UUID(payload["signal"])))

    settle = OneAtATime(platform.settle_trades())

    async def settle_trades(_payload: Mapping[str, str]) -> None:
        await settle()

    known: dict[str, tuple[Role, Handler]] = {
        "plan_orders": (Role.INGEST, plan_orders),
        "settle_trades": (Role.MONEY, settle_trades),
    }
    return {name: handler for name, (owner, handler) in known.items() if role.covers(owner)}


def errand_handlers(errands: PostgresErrands, platform: Platform, role: Role) -> dict[str, Handler]:
    """Run apart from all other jobs: what a member asks of a slow venue keeps no signal waiting."""
    use_keys = platform.use_keys()

    async def run_errand(payload: Mapping[str, str]) -> None:
        await errands.run(UUID(payload["errand"]), use_keys)

    return {RUN_ERRAND: run_errand} if role.covers(Role.EXECUTE) else {}
