"""What the workers and the database are at, when work does not come to its end."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any, Final

AT_WORK: Final = """
SELECT pid, state, wait_event, xact_start::text, state_change::text, pg_blocking_pids(pid)::text AS waits_for, query
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY xact_start
"""

_LOG: Final = logging.getLogger(__name__)


def tell_tasks() -> None:
    """Write to the log where every task of the running loop waits."""
    for task in asyncio.all_tasks():
        _LOG.warning("%s: %s", task.get_name(), " < ".join(reversed(list(_awaited(task.get_coro())))))


def _awaited(outer: object) -> Iterator[str]:
    """Function and line of a coroutine, and of whatever it awaits, outermost first."""
    while outer is not None:
        frame = _first_of(outer, "cr_frame", "gi_frame", "ag_frame")
        yield f"{frame.f_code.co_qualname}:{frame.f_lineno}" if frame else type(outer).__name__
        outer = _first_of(outer, "cr_await", "gi_yieldfrom", "ag_await")


def _first_of(waiting: object, *names: str) -> Any:  # noqa: ANN401 - of a coroutine, of a generator, or nothing
    return next((found for name in names if (found := getattr(waiting, name, None)) is not None), None)
