"""Counts the statements that an engine sends."""

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine


@attrs.define
class Count:
    """How many statements were sent so far; mutable because it counts."""

    value: int = 0

    def sent(self, *_: object) -> None:
        self.value += 1


@contextmanager
def counted(engine: AsyncEngine) -> Iterator[Count]:
    count = Count()
    event.listen(engine.sync_engine, "before_cursor_execute", count.sent)
    try:
        yield count
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", count.sent)
