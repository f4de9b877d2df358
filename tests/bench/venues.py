"""Signals to many members at a simulated venue in a process of its own, beside the same orders sent with ccxt alone."""

from collections.abc import Sequence
from statistics import median
from typing import Final

import attrs

from cbc_adapters.exchange.simulated.listing import START_PRICES
from cbc_domain.kernel.venues import Symbol, Venue
from tests.bench.bare import Bare, bare_loops
from tests.bench.fairness import fairness
from tests.bench.growth import each_more
from tests.bench.table import Row, Size, Table
from tests.bench.venue_floor import venue_floor
from tests.bench.venue_trading import Traded, club_at

ACCOUNTS: Final = {Size.QUICK: (4,), Size.FULL: (100, 1_000)}
SIGNALS: Final = {Size.QUICK: 2, Size.FULL: 5}
WARM_UP: Final = Symbol("ETHUSDT")
SYMBOL: Final = Symbol("BTCUSDT")
SYMBOLS: Final = tuple(symbol for symbol in START_PRICES if symbol != WARM_UP)
"""ccxt alone is measured over a round of each: one round is over within a fifth of a second."""

NOTES: Final = (
    "Simulated venues in a process of their own; API, worker, PostgreSQL (fsync on) in theirs; one machine.",
    "The venues' limits on requests are widened a thousandfold for this: by them alone a member more costs a wait.",
    "Cold sets margin mode and leverage before each entry, warm finds them set within the last ten minutes.",
    "Seconds are from the alert, the median of the signals, and milliseconds by member. Orders are those that the venue",
    "acknowledged, members those who were protected; /s is from the alert to the last position protected, all signals",
    "together. CPU is the worker's alone, that of ccxt alone its process's. Both had a round with another symbol before.",
    "Fills apart is from the first member's fill to the last one's.",
    "Of bare and of loop are ratios to ccxt alone: a hundred accounts side by side, and a loop that waits for each account's",
    "orders before it goes on to the next one.",
    "Calls each are those of one member about balances, positions and orders, as the venue counted them: not margin mode,",
    "leverage and streams.",
    "Places of chance: how far the members' mean places in the order of fills scatter, 1 as by drawing lots for each signal;",
    "luckiest and unluckiest are mean places, 0 always first and 1 always last.",
    "Resident is the worker with a client and a private stream open for each account; MB each is of one account more, by the",
    "line through all sizes so far.",
)


@attrs.frozen
class Round:
    """What one venue did with so many accounts."""

    venue: Venue
    bare: Bare
    loop: Bare
    cold: Traded
    warm: Sequence[Traded]
    followed: int
    """Accounts with a stream open when `resident_mb` was taken."""
    resident_mb: float


async def measure(size: Size, accounts: Sequence[int] = (), venues: Sequence[Venue] = (), signals: int | None = None) -> Table:
    """Each number of accounts at each venue with a simulation, a database and a worker of its own; warm are all `signals`.

    What is not given is as the size has it, at Binance.
    """
    rows: list[Row] = []
    for venue in venues or (Venue.BINANCE,):
        memory: list[tuple[float, float]] = []
        for number in sorted(accounts or ACCOUNTS[size]):
            measured = await _round(venue, number, signals or SIGNALS[size])
            memory.append((measured.followed, measured.resident_mb))
            rows += _rows(measured, each_more(memory))
    return Table("Venues: entry, stop and target of each signal, by the platform and by ccxt alone", rows, NOTES)


async def _round(venue: Venue, accounts: int, signals: int) -> Round:
    async with venue_floor(venue, accounts) as floor:
        bare, loop = await bare_loops(floor, venue, WARM_UP, SYMBOLS)
    async with venue_floor(venue, accounts) as floor, club_at(floor, venue, accounts) as club:
        followed = (await club.enter(WARM_UP)).members
        resident = await club.memory_mb(followed)
        await club.leave(WARM_UP)
        cold = await club.trade(SYMBOL)
        warm = [await club.trade(SYMBOL) for _ in range(signals)]
        return Round(venue, bare, loop, cold, warm, followed, resident)


def _rows(measured: Round, mb_each: float) -> Sequence[Row]:
    kept = {"resident MB": measured.resident_mb, "MB each": mb_each}
    return [
        {**_row(measured, "ccxt alone", _alone(measured.bare)), **dict.fromkeys(kept, 0.0)},
        {**_row(measured, "ccxt one by one", _alone(measured.loop)), **dict.fromkeys(kept, 0.0)},
        {**_row(measured, "cold", [measured.cold]), **kept},
        {**_row(measured, "warm", measured.warm), **kept},
    ]


def _alone(bare: Bare) -> Sequence[Traded]:
    """Its rounds, each as a signal that took the mean of them."""
    rounds = len(SYMBOLS)
    seconds = bare.seconds / rounds
    one = Traded(
        members=bare.members // rounds,
        orders=bare.orders // rounds,
        planned_s=0.0,
        first_sent_s=0.0,
        acknowledged_s=seconds,
        protected_s=seconds,
        cpu_s=bare.cpu_s / rounds,
        calls=bare.calls // rounds,
        filled={},
    )
    return [one] * rounds


def _row(measured: Round, what: str, traded: Sequence[Traded]) -> Row:
    bare, loop = measured.bare, measured.loop
    each, members = min(one.members for one in traded), sum(one.members for one in traded)
    orders, seconds = sum(one.orders for one in traded), sum(one.protected_s for one in traded)
    per_s, per_cpu_s, members_per_s = orders / seconds, orders / sum(one.cpu_s for one in traded), members / seconds
    planned, acknowledged = (
        median(stage) for stage in zip(*((one.planned_s, one.acknowledged_s) for one in traded), strict=True)
    )
    turns, apart = fairness([one.filled for one in traded]), [one.apart_s for one in traded]
    return {
        "venue": measured.venue.value,
        "what": what,
        "accounts": each,
        "signals": len(traded),
        "planned s": planned,
        "ms each": planned / each * 1_000,
        "first sent s": median(one.first_sent_s for one in traded),
        "acknowledged s": acknowledged,
        "ms each to it": acknowledged / each * 1_000,
        "protected s": median(one.protected_s for one in traded),
        "orders each": orders / members,
        "orders/s": per_s,
        "of bare": per_s / bare.per_s,
        "of loop": per_s / loop.per_s,
        "orders/CPU s": per_cpu_s,
        "CPU of bare": per_cpu_s / bare.per_cpu_s,
        "CPU of loop": per_cpu_s / loop.per_cpu_s,
        "members/s": members_per_s,
        "members of bare": members_per_s * bare.seconds / bare.members,
        "members of loop": members_per_s * loop.seconds / loop.members,
        "calls each": sum(one.calls for one in traded) / members,
        "fills apart s": median(apart),
        "at most s": max(apart),
        "places of chance": turns.of_chance,
        "luckiest": turns.luckiest,
        "unluckiest": turns.unluckiest,
    }
