"""One engine for each process: its pool, its JSON, and what a failing database means to the business."""

from typing import Final

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from cbc_adapters.persistence.postgres.connections import replace_gone
from cbc_adapters.persistence.postgres.documents import dump_json, load_json
from cbc_domain.kernel.errors import Conflict, DomainError, Invalid, Unavailable
from cbc_domain.ports.persistence.unit_of_work import LostRace

Engine = AsyncEngine
"""What the programs hold without knowing SQLAlchemy."""

_WAIT_FOR_CONNECTION_S: Final = 10

_PAUSE_S: Final = 30.0
"""No unit of work waits for anything but the database: one that rests for so long within its transaction belongs to a process
that stands still, and is undone before others wait for its rows any longer."""

_GONE_UNSEEN: Final = {"tcp_keepalives_idle": "1", "tcp_keepalives_interval": "1", "tcp_keepalives_count": "2"}
"""A machine that vanished says nothing: the server asks, and lets go of what it held after three seconds."""

_AWAY: Final = ("08", "28", "3D", "53", "57P")
"""Classes of SQLSTATE: no connection, not let in, no such database, out of resources, shut down."""

_LOST_RACES: Final = frozenset({"40001", "40P01"})
"""serialization_failure and deadlock_detected."""

_UNSTORABLE_TEXT: Final = frozenset({"22021", "22P05"})
"""NUL and other characters that no text or JSON column takes."""

_UNIQUE_VIOLATION: Final = "23505"


def open_engine(url: str, pool_size: int = 20, role: str | None = None, longest_pause_s: float = _PAUSE_S) -> Engine:
    """Prepare an engine for `postgresql+asyncpg://` (plain `postgresql://` is taken too); connects at the first use.

    `pool_size` is the most connections at once; who finds none free within 10 s gets Unavailable. `role` is whom every
    connection acts as from its first statement; None: the user of the URL. A transaction that rests for `longest_pause_s` is
    undone by the server, and its unit ends with Unavailable.
    """
    settings = {
        # Compiling takes longer than any statement here runs.
        "jit": "off",
        "application_name": "coinbitclub",
        "idle_in_transaction_session_timeout": f"{round(longest_pause_s * 1000)}ms",
        **_GONE_UNSEEN,
        **({"role": role} if role else {}),
    }
    engine = create_async_engine(
        asyncpg_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_WAIT_FOR_CONNECTION_S,
        # What one connection has prepared need not be prepared on another, as long as one at a time is enough.
        pool_use_lifo=True,
        # A failed statement is told to the log; what it was about is nobody's business there.
        hide_parameters=True,
        json_serializer=dump_json,
        json_deserializer=load_json,
        connect_args={"server_settings": settings},
    )
    event.listen(engine.sync_engine, "handle_error", _translate)
    replace_gone(engine)
    return engine


def asyncpg_url(url: str) -> str:
    """Name the driver in a URL that leaves it open."""
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+asyncpg://" + url.removeprefix(plain)
    return url


async def connect(engine: Engine) -> AsyncConnection:
    """A connection of the engine's pool, to be closed by the caller. Raises Unavailable `unavailable`."""
    try:
        return await engine.connect()
    except (OSError, NoConnectionFree) as fault:
        raise away(fault) from fault


def away(cause: BaseException) -> Unavailable:
    """The database cannot be reached; names the kind of failure only, because its text may hold the address."""
    return Unavailable("unavailable", f"expected the database to answer, was {type(cause).__name__}")


def _translate(context: ExceptionContext) -> DomainError | None:
    return meaning(context.original_exception, lost=context.is_disconnect)


def meaning(fault: BaseException, *, lost: bool = False) -> DomainError | None:
    """Give a driver's failure its business name; None leaves it as it is, a mistake of ours."""
    if not isinstance(fault, Exception):
        # A cancelled task: it is to end, and not to believe that the database is away.
        return None
    state = str(getattr(fault, "sqlstate", None) or "")
    if lost or isinstance(fault, OSError) or state.startswith(_AWAY):
        return away(_root(fault))
    if state in _LOST_RACES:
        return LostRace("unavailable", f"expected to run alone, was undone with {state}")
    if state == _UNIQUE_VIOLATION:
        return Conflict("already_exists", f"expected something new, was refused by {_constraint(fault)}")
    if state in _UNSTORABLE_TEXT or isinstance(_root(fault), UnicodeEncodeError):
        return Invalid("validation_error", "expected text without control characters, was unstorable")
    return None


def _constraint(fault: BaseException) -> str:
    return str(getattr(_root(fault), "constraint_name", "a unique key"))


def _root(fault: BaseException) -> BaseException:
    while fault.__cause__ is not None:
        fault = fault.__cause__
    return fault
