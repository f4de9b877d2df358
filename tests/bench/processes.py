"""Processes that a benchmark starts and stops, and what each of them used."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import attrs

from cbc_entrypoints.settings import Settings

CBC: Final = Path(sys.executable).with_name("cbc")
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_PAGE_MB: Final = os.sysconf("SC_PAGE_SIZE") / 2**20
_LONGEST_LINE: Final = 2**24
"""Bytes; the accounts of a simulation are told in one line."""


@attrs.frozen
class Running:
    """A process that runs; `told` is the rest of the line that it was waited for."""

    pid: int
    told: str

    def cpu_s(self) -> float:
        """Seconds of processor time that it used since it began."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK_S

    def resident_mb(self) -> float:
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE_MB


def environment_of(settings: Settings) -> Mapping[str, str]:
    """The variables of a process that trades live over this database, beside those that are not ours."""
    assert settings.database_url is not None
    own = {name: value for name, value in os.environ.items() if not name.startswith("CBC_")}
    venues = {
        "CBC_EXCHANGE_GATEWAY": settings.exchange_gateway,
        "CBC_EXCHANGE_CA_FILE": settings.exchange_ca_file and str(settings.exchange_ca_file),
    }
    return {
        **own,
        "CBC_DATA_DIR": str(settings.data_dir),
        "CBC_DATABASE_URL": settings.database_url,
        "CBC_LIVE_TRADING": "1",
        "CBC_LOG_LEVEL": "warning",
        "PYTHONUNBUFFERED": "1",
        **{name: value for name, value in venues.items() if value},
    }


@asynccontextmanager
async def running(command: Sequence[str | Path], until: str, environment: Mapping[str, str]) -> AsyncIterator[Running]:
    """A process that has printed a line which begins so; it is told to stop when the context is left."""
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, limit=_LONGEST_LINE
    )
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            if line.decode().startswith(until):
                yield Running(process.pid, line.decode().removeprefix(until).strip())
                break
        else:
            raise RuntimeError(f"expected `{' '.join(map(str, command))}` to say {until!r}, was its end")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
