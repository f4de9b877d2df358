"""How many settlements a second the ledger takes, beside a bare insert and beside the same done naively, in one run."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import asyncpg
import attrs
from sqlalchemy import text

from cbc_adapters.persistence.embedded import EmbeddedPostgres
from cbc_adapters.persistence.postgres.engine import Engine, open_engine
from cbc_adapters.persistence.postgres.schema import migrate
from cbc_adapters.persistence.postgres.teller import PostgresTeller
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.kernel.ids import MemberId
from tests.bench.ledger_club import AT, IDS, Settlement, fill, open_club, settlements
from tests.bench.naive_ledger import post_naively
from tests.bench.table import Row, Size, Table
from tests.promises.samples import committed

BATCH: Final = 1000
CROWD: Final = 64

Post = Callable[[Sequence[Settlement]], Awaitable[object]]


@attrs.frozen
class Plan:
    """How much of each is measured and how often; `lengths` are the entries that the books hold before."""

    members: int
    settlements: int
    naive: int
    repeats: int
    lengths: Sequence[int]


PLANS: Final = {
    Size.QUICK: Plan(50, 300, 120, 1, (2_000,)),
    Size.FULL: Plan(1_000, 4_000, 500, 3, (10_000, 1_000_000, 5_000_000)),
}


@attrs.frozen
class Way:
    """One way to post: who posts how many at a time, and whether all of it is one member's.

    `most` stops it early, because it is slow; `repeated` measures it again on longer books.
    """

    name: str
    callers: int
    post: Post
    hot: bool = False
    together: int = 1
    most: int | None = None
    repeated: bool = False


async def measure(size: Size) -> Table:
    plan = PLANS[size]
    with tempfile.TemporaryDirectory(prefix="cbc-bench-") as folder:
        async with EmbeddedPostgres(Path(folder)).start() as url:
            await migrate(url)
            engine = open_engine(url, pool_size=CROWD)
            try:
                return await _measured(plan, engine, url)
            finally:
                await engine.dispose()


async def _measured(plan: Plan, engine: Engine, url: str) -> Table:
    members = await open_club(engine, plan.members)
    rows: list[Row] = []
    for length in plan.lengths:
        await fill(engine, length)
        rows += await _rows(plan, length, engine, url, members, whole=not rows)
    notes = [
        "A settlement is a journal of three, four or five entries with its debt or conversion and one outbox event.",
        "PostgreSQL and the callers share the cores; fsync is on. (b) locks, updates and inserts entry by entry, and looks",
        "at accounts of the company without a lock unless it says so. Ratios are to (a) and (b) at the same length; (b) alone",
        "is its single caller, beside whom a single caller of ours stands.",
        f"Each figure is the best of {plan.repeats}.",
    ]
    return Table("Settlements per second", rows, notes)


async def _rows(plan: Plan, length: int, engine: Engine, url: str, members: Sequence[MemberId], *, whole: bool) -> list[Row]:
    """The whole list for the shortest books, and for longer ones what tells whether they are slower."""
    bare = max([await _bare_inserts(url, plan.settlements) for _ in range(plan.repeats)])
    naive = await _naive(plan, engine, members, whole=whole)
    ways = [way for way in _ways(engine) if whole or (way.repeated and not way.hot)]
    found = naive + [(way, await _per_second(way, plan, members)) for way in ways]
    found.insert(0, (Way("bare insert and commit (a)", 8, _nothing), bare))
    return [
        {
            "what": way.name,
            "members": "one hot member" if way.hot else "spread",
            "callers": way.callers,
            "entries before": length,
            "settlements/s": round(speed),
            "of (b)": round(speed / naive[0][1], 1),
            "of (b) alone": round(speed / naive[1][1], 1),
            "of (a)": round(speed / bare, 2),
        }
        for way, speed in found
    ]


async def _nothing(_: Sequence[Settlement]) -> None:
    pass


def _ways(engine: Engine) -> Iterator[Way]:
    teller = PostgresTeller(engine, IDS)
    apart = PostgresTeller(engine, IDS, committers=8, most=1)
    for hot in (False, True):
        yield Way("one by one", 1, _over(teller), hot)
        yield Way("one by one", 8, _over(teller), hot, repeated=True)
        yield Way("one by one, a commit for each", 8, _over(apart), hot)
        yield Way("one by one, in units of work", 8, _in_units(engine), hot)
        yield Way("group commit", CROWD, _over(teller), hot)
        yield Way(f"batches of {BATCH:,}", 1, _over(teller), hot, BATCH, repeated=True)


async def _naive(plan: Plan, engine: Engine, members: Sequence[MemberId], *, whole: bool) -> list[tuple[Way, float]]:
    def naively(*, company_too: bool) -> Post:
        async def post(some: Sequence[Settlement]) -> None:
            for one in some:
                await post_naively(engine, one, company_too=company_too)

        return post

    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE entries DISABLE TRIGGER zero_sum"))
    plain, queued = naively(company_too=False), naively(company_too=True)
    ways = [
        Way("naive, SQLAlchemy Core (b)", 8, plain, most=plan.naive),
        Way("naive, SQLAlchemy Core (b) alone", 1, plain, most=plan.naive),
        Way("naive, SQLAlchemy Core", 8, plain, hot=True, most=plan.naive),
        Way("naive, company accounts locked too", 8, queued, most=plan.naive),
    ]
    found = [(way, await _per_second(way, plan, members)) for way in (ways if whole else ways[:2])]
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE entries ENABLE TRIGGER zero_sum"))
    return found


def _over(teller: PostgresTeller) -> Post:
    async def post(some: Sequence[Settlement]) -> None:
        await teller.post([one.journal for one in some], AT, [one.event for one in some])

    return post


def _in_units(engine: Engine) -> Post:
    store = PostgresStore(engine, IDS)

    async def post(some: Sequence[Settlement]) -> None:
        async with committed(store) as work:
            await work.books.post([one.journal for one in some], AT)
            await work.outbox.add([one.event for one in some])

    return post


async def _per_second(way: Way, plan: Plan, members: Sequence[MemberId]) -> float:
    """After a tenth of it to warm up: connections, prepared statements, plans."""
    many = max(way.most or plan.settlements, way.together * way.callers)
    await _timed(way, members, max(many // 10, way.callers * way.together))
    return max([await _timed(way, members, many) for _ in range(plan.repeats)])


async def _timed(way: Way, members: Sequence[MemberId], many: int) -> float:
    mine = settlements(members[:2] if way.hot else members, many)
    batches = [mine[start : start + way.together] for start in range(0, many, way.together)]
    began = time.perf_counter()
    await _all(way, batches)
    return many / (time.perf_counter() - began)


async def _all(way: Way, batches: Iterable[Sequence[Settlement]]) -> None:
    waiting = iter(batches)

    async def call() -> None:
        for batch in waiting:
            await way.post(batch)

    await asyncio.gather(*(call() for _ in range(way.callers)))


async def _bare_inserts(url: str, many: int) -> float:
    plain = url.replace("+asyncpg", "")
    async with asyncpg.create_pool(plain, min_size=8, max_size=8) as pool:
        await pool.execute(
            "CREATE TABLE IF NOT EXISTS bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, said text NOT NULL)"
        )
        waiting = iter(range(many))

        async def call() -> None:
            async with pool.acquire() as connection:
                insert = await connection.prepare("INSERT INTO bare (said) VALUES ($1)")
                for one in waiting:
                    await insert.fetch(str(one))

        began = time.perf_counter()
        await asyncio.gather(*(call() for _ in range(8)))
        return many / (time.perf_counter() - began)
