"""Seeds at the four venues, one after the other, in a process of their own whose workers find everything imported."""

import asyncio
import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import attrs

from cbc_adapters.persistence.embedded.server import EmbeddedPostgres
from tests.chaos.cast import execute, named
from tests.chaos.crew import NURSERY, warm_up
from tests.chaos.judge import Verdict
from tests.chaos.venues.stage import play


@attrs.frozen
class VenueSize:
    """How large a seed is; `accounts` at each of the four venues."""

    signals: int = 16
    accounts: int = 20
    workers: int = 2


def venue_campaign(seeds: Sequence[int], size: VenueSize, kept: Path | None = None) -> Iterator[Verdict]:
    """Give each verdict as it comes. Starts a server, and ends everything it started; `kept` is where logs stay."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        process = NURSERY.Process(target=_alone, args=(seeds, size, kept or Path(folder), theirs))
        process.start()
        theirs.close()
        try:
            while True:
                yield ours.recv()
        except EOFError:
            process.join()
        finally:
            process.kill()
            process.join()


def _alone(seeds: Sequence[int], size: VenueSize, folder: Path, tell: Connection) -> None:
    warm_up("tests.chaos.venues.worker")
    asyncio.run(_play(seeds, size, folder, tell))


async def _play(seeds: Sequence[int], size: VenueSize, folder: Path, tell: Connection) -> None:
    async with EmbeddedPostgres(folder / "pg", fsync=False).start() as url:
        for seed in seeds:
            place, database = folder / str(seed), f"venues_{seed}"
            place.mkdir()
            await execute(url, f"CREATE DATABASE {database}")
            tell.send(await play(seed, size.signals, size.accounts, size.workers, named(url, database), place))
            await execute(url, f"DROP DATABASE {database} WITH (FORCE)")
