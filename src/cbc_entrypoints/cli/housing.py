"""A running platform: opened ports, the paper exchange, API and workers."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, Self

import attrs

from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.identity.model import Role
from cbc_entrypoints import logs
from cbc_entrypoints.cli.staff import generated_password, staff_form
from cbc_entrypoints.http.app import create_app
from cbc_entrypoints.http.server import serving
from cbc_entrypoints.live import Live, database, live
from cbc_entrypoints.paper import paper_exchange, paper_exchange_there
from cbc_entrypoints.settings import Settings, make_data_dir
from cbc_entrypoints.worker.main import work
from cbc_entrypoints.worker.role import Role as WorkerRole

FIRST_ADMIN: Final = "admin@localhost.invalid"


@attrs.frozen
class House:
    """What a serving process holds open."""

    settings: Settings
    live: Live

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: Settings, *, trades: bool = True) -> AsyncIterator[Self]:
        """Open the database; paper accounts trade on the paper exchange of the data directory.

        A process that `trades` is that exchange, or stands by to become it.
        """
        logs.configure(settings.log_format, settings.log_level)
        clock = SystemClock()
        # First the database: who shares a directory learns that, and not which of its files is taken.
        async with database(settings) as url:
            make_data_dir(settings)
            here = attrs.evolve(settings, database_url=url)
            async with AsyncExitStack() as stack:
                exchange = await stack.enter_async_context(paper_exchange(settings))
                opened = await stack.enter_async_context(live(here, exchange, clock=clock))
                if trades:
                    await stack.enter_async_context(paper_exchange_there(settings, clock))
                yield cls(settings, opened)

    @asynccontextmanager
    async def api(self, listener: socket.socket) -> AsyncIterator[str]:
        async with serving(create_app(self.live.platform, self.settings.trusted_proxies), listener) as url:
            yield url

    @asynccontextmanager
    async def workers(self, role: WorkerRole, count: int) -> AsyncIterator[None]:
        """Work while the context is open; leaving it finishes what had begun, and a worker that breaks ends it."""
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(work(self.live, role, stop))
            try:
                yield
            finally:
                stop.set()


async def first_admin(house: House, tell: Callable[[str], object]) -> None:
    """In development, create an administrator when there is nobody yet, and tell the password this once (ROL-11)."""
    platform = house.live.platform
    async with platform.store()() as unit:
        anybody = await unit.people.members(None, 1)
    if anybody or house.settings.production:
        tell("sign in  with an account you have, or make one: cbc admin create-user")
        return
    password = generated_password()
    form = staff_form(FIRST_ADMIN, password, "First administrator")
    await platform.register()(form, Role.ADMIN, verified=True)
    tell(f"sign in  {FIRST_ADMIN}  {password}  (shown once)")
