"""What may be asked of a venue and what it costs there: the shape in which each dialect's folder states published limits."""

from collections.abc import Callable, Mapping
from enum import Enum, IntEnum, auto
from typing import Final

import attrs


class Errand(IntEnum):
    """Everything the adapter asks a venue for; costs and rank are told by it."""

    TIME = auto()
    INSTRUMENTS = auto()
    TIERS = auto()
    QUOTE = auto()
    PREPARE = auto()
    ENTER = auto()
    LEAVE = auto()
    GUARD = auto()
    """A stop or a target, which has no fills to be read at once."""
    FIND = auto()
    SEEK = auto()
    """FIND of an order without fills, as stops and targets are until they are triggered; what they became costs more, once."""
    SEEK_ALONG = auto()
    """SEEK of what may have gone with an entry: where the venue names it, it is looked for in lists."""
    LOOK = auto()
    """FIND because a stream spoke of an order: nobody waits for it."""
    CANCEL = auto()
    CANCEL_ALONG = auto()
    """CANCEL of what may have gone with an entry: a better stop stands by then, so that it may wait for those that lack one."""
    HOLDINGS = auto()
    BALANCE = auto()
    TRANSFERS = auto()
    FUNDINGS = auto()
    CLOSINGS = auto()
    BRIEF_CLOSINGS = auto()
    """CLOSINGS of a time in which no funding fell due: its payments need not be asked for."""
    ENDING = auto()
    """CLOSINGS because something that we held is gone: a task waits to hear how."""
    BRIEF_ENDING = auto()
    OPEN_ORDERS = auto()
    EXAMINE = auto()


class Rank(IntEnum):
    """Who goes before whom where little is left (EXC-08)."""

    CRITICAL = auto()
    """What closing and protecting needs, and what tells whether a position is bare."""
    USUAL = auto()
    BACKGROUND = auto()
    """What can wait for minutes: the sweep, the venues' records of results and of money moved."""


_RANKS: Final = {
    **dict.fromkeys((Errand.LEAVE, Errand.GUARD, Errand.FIND, Errand.HOLDINGS), Rank.CRITICAL),
    **dict.fromkeys((Errand.SEEK, Errand.SEEK_ALONG, Errand.CANCEL), Rank.CRITICAL),
    **dict.fromkeys((Errand.OPEN_ORDERS, Errand.TRANSFERS), Rank.BACKGROUND),
    **dict.fromkeys((Errand.FUNDINGS, Errand.CLOSINGS, Errand.BRIEF_CLOSINGS), Rank.BACKGROUND),
}


def rank_of(errand: Errand) -> Rank:
    return _RANKS.get(errand, Rank.USUAL)


class Payer(Enum):
    """Whom a venue counts: all who come from one address, or the owner of a key."""

    ADDRESS = auto()
    ACCOUNT = auto()


class Counted(IntEnum):
    """What a limit counts: weight (or requests) of everything, orders, or signed questions."""

    WEIGHT = auto()
    ORDERS = auto()
    READS = auto()


@attrs.frozen(cache_hash=True)
class Limit:
    """As published: at most `amount` within any window of so many seconds."""

    payer: Payer
    counted: Counted
    amount: int
    window_s: int


@attrs.frozen
class Left:
    """What a venue's own headers say is left of a limit now."""

    limit: Limit
    amount: int


Headers = Mapping[str, str]
"""Of an answer, names in lower case."""


def nothing_told(_: Headers) -> tuple[Left, ...]:
    """For venues whose headers say nothing of their limits."""
    return ()


@attrs.frozen
class Published:
    """One venue's limits; `costs` are the most that a call of the dialect can cost, all its requests together, but for a SEEK.

    `stream_every_s` is the time between two private streams that are opened from our address, all connections of one together.
    Refusals with a code of `account_codes` concern one account; all others everybody at our address.
    """

    limits: tuple[Limit, ...]
    costs: Mapping[Errand, Mapping[Counted, int]]
    stream_every_s: float
    account_codes: frozenset[str] = frozenset()
    left: Callable[[Headers], tuple[Left, ...]] = nothing_told

    def of(self, payer: Payer) -> tuple[Limit, ...]:
        return tuple(limit for limit in self.limits if limit.payer is payer)
