"""The embedded PostgreSQL starts anywhere, keeps what was committed, and says clearly what it cannot do."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import asyncpg
import pytest

from cbc_adapters.persistence.embedded import EmbeddedPostgres
from cbc_domain.kernel.errors import Unavailable

KEEPER: Final = """
import asyncio, sys
from pathlib import Path
from cbc_adapters.persistence.embedded import EmbeddedPostgres

async def keep():
    async with EmbeddedPostgres(Path(sys.argv[1])).start() as url:
        print(url, flush=True)
        await asyncio.sleep(600)

asyncio.run(keep())
"""
"""A program that starts the database, says where it is, and does nothing else until it is killed."""


async def run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def value(url: str, query: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        found: object = await connection.fetchval(query)
        return found
    finally:
        await connection.close()


def server_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


def wait_for_end(pid: int) -> None:
    """Wait until the process is gone; a test that waits in vain ends with the assertion."""
    until = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


async def test_the_first_start_makes_a_database_that_the_next_start_finds(tmp_path: Path) -> None:
    async with EmbeddedPostgres(tmp_path / "data").start() as url:
        await run(url, "CREATE TABLE kept AS SELECT 42 AS answer")

    async with EmbeddedPostgres(tmp_path / "data").start() as url:
        assert await value(url, "SELECT answer FROM kept") == 42


async def test_it_listens_on_no_network_address_and_its_folder_is_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    async with EmbeddedPostgres(tmp_path).start() as url:
        folder = Path(unquote(url.partition("host=")[2]))
        assert await value(url, "SHOW listen_addresses") == ""
        assert folder.stat().st_mode & 0o077 == 0
    assert tmp_path.stat().st_mode & 0o777 == 0o755


async def test_data_is_synced_to_disk_unless_a_test_says_otherwise(tmp_path: Path) -> None:
    async with EmbeddedPostgres(tmp_path / "kept").start() as url:
        assert await value(url, "SHOW fsync") == "on"
    async with EmbeddedPostgres(tmp_path / "lost", fsync=False).start() as url:
        assert await value(url, "SHOW fsync") == "off"


async def test_what_was_committed_is_there_after_the_server_was_killed(tmp_path: Path) -> None:
    async with EmbeddedPostgres(tmp_path).start() as url:
        await run(url, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
        pid = server_pid(tmp_path)
        os.kill(pid, signal.SIGKILL)

    async with EmbeddedPostgres(tmp_path).start() as url:
        assert await value(url, "SELECT count(*) FROM kept") == 1000


async def test_the_server_ends_with_a_program_that_is_killed_and_the_next_program_goes_on(tmp_path: Path) -> None:
    keeper = subprocess.Popen([sys.executable, "-c", KEEPER, tmp_path], stdout=subprocess.PIPE, text=True)
    with keeper:
        assert keeper.stdout is not None
        url = keeper.stdout.readline().strip()
        await run(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        pid = server_pid(tmp_path)
        keeper.kill()

    async with EmbeddedPostgres(tmp_path).start() as url:
        assert await value(url, "SELECT answer FROM kept") == 42
    wait_for_end(pid)


async def test_a_pid_file_whose_number_now_belongs_to_another_program_is_no_obstacle(tmp_path: Path) -> None:
    async with EmbeddedPostgres(tmp_path).start():
        left_behind = (tmp_path / "postgres" / "postmaster.pid").read_text().split("\n", 1)[1]
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{os.getppid()}\n{left_behind}")

    async with EmbeddedPostgres(tmp_path).start() as url:
        assert await value(url, "SELECT 1") == 1


async def test_a_first_start_that_was_cut_short_leaves_nothing_to_stumble_over(tmp_path: Path) -> None:
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18")

    async with EmbeddedPostgres(tmp_path).start() as url:
        assert await value(url, "SELECT 1") == 1


async def test_two_programs_cannot_share_a_data_directory(tmp_path: Path) -> None:
    async with EmbeddedPostgres(tmp_path).start() as url:
        with pytest.raises(Unavailable) as refused:
            async with EmbeddedPostgres(tmp_path).start():
                pass

        assert refused.value.code == "data_dir_in_use"
        assert await value(url, "SELECT 1") == 1


async def test_a_directory_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()

    with pytest.raises(Unavailable, match="a file/data") as refused:
        async with EmbeddedPostgres(tmp_path / "a file" / "data").start():
            pass

    assert refused.value.code == "data_dir_unwritable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_directory_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(Unavailable) as refused:
        async with EmbeddedPostgres(tmp_path).start():
            pass

    assert refused.value.code == "data_dir_unwritable"


async def test_the_data_of_another_major_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9.6\n")

    with pytest.raises(Unavailable, match="was 9") as refused:
        async with EmbeddedPostgres(tmp_path).start():
            pass

    assert refused.value.code == "data_dir_incompatible"
    assert [file.name for file in (tmp_path / "postgres").iterdir()] == ["PG_VERSION"]


async def test_a_path_too_long_for_a_socket_serves_all_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)

    async with EmbeddedPostgres(deep).start() as url:
        assert await value(url, "SELECT 1") == 1


async def test_a_server_that_cannot_start_says_why_in_one_line(tmp_path: Path) -> None:
    async with EmbeddedPostgres(tmp_path).start():
        pass
    (tmp_path / "postgres" / "pg_hba.conf").write_text("nonsense\n")

    with pytest.raises(Unavailable) as refused:
        async with EmbeddedPostgres(tmp_path).start():
            pass

    assert refused.value.code == "postgres_failed"
    assert "pg_hba.conf" in refused.value.detail
    assert "\n" not in refused.value.detail
