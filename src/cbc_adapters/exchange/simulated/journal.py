"""Commands as lines of a file, so that a killed process finds its venue as it left it."""

import fcntl
import json
import os
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final
from uuid import UUID

from cattrs import Converter
from cattrs.strategies import configure_tagged_union

from cbc_adapters.exchange.simulated.commands import Command
from cbc_domain.kernel.errors import Unavailable


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda text, _: Decimal(text))
    converter.register_unstructure_hook(UUID, str)
    converter.register_structure_hook(UUID, lambda text, _: UUID(text))
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    configure_tagged_union(Command, converter, tag_name="do")
    return converter


_CONVERTER: Final = _converter()


class CommandFile:
    """An append-only file of one JSON object a line; a half-written last line is cut off when it is opened.

    Mutable because it holds an open file. What it took survives a killed process, not a power cut: it does not sync.
    """

    def __init__(self, path: Path) -> None:
        """Raises Unavailable `venue_journal_in_use` while another process has it: two venues cannot share one truth."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        self._lock()
        self._cut_half_line()

    def read(self) -> Iterator[Command]:
        """Give the commands in the order in which they were made. Raises Unavailable `venue_journal_unreadable`."""
        self._file.seek(0)
        for number, line in enumerate(self._file, start=1):
            try:
                yield _structure(json.loads(line))
            except Exception as error:
                raise Unavailable(
                    "venue_journal_unreadable", f"expected a command in {self._path.name} line {number}, was {error!r}"
                ) from error

    def append(self, command: Command) -> None:
        line = json.dumps(_CONVERTER.unstructure(command, unstructure_as=Command), separators=(",", ":"))
        self._file.write(line.encode() + b"\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise Unavailable(
                "venue_journal_in_use", f"expected {self._path.name} to be free, was open in another process"
            ) from None

    def _cut_half_line(self) -> None:
        end = self._file.seek(0, os.SEEK_END)
        keep = end
        while keep > 0:
            self._file.seek(keep - 1)
            if self._file.read(1) == b"\n":
                break
            keep -= 1
        if keep < end:
            self._file.truncate(keep)


def _structure(row: object) -> Command:
    command: Command = _CONVERTER.structure(row, Command)  # type: ignore[arg-type]  # cattrs takes unions at run time
    return command
