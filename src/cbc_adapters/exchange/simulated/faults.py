"""What goes wrong at the simulated venue, as a plan: which call of which account, and how."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b

import attrs

from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import Leg


class Call(StrEnum):
    """The calls that can fail; a stop or target that travels with an entry counts as a PLACE of its own leg."""

    PLACE = "place"
    FIND = "find"
    CANCEL = "cancel"
    HOLDING = "holding"
    ENDING = "ending"
    RESULT = "result"
    READ = "read"
    TRANSFERS = "transfers"
    OTHER = "other"
    """On the wire alone: whatever else a key asks for, as leverage, margin, permissions, a stream."""
    PUBLIC = "public"
    """On the wire alone: what everybody may ask, counted together whoever asks."""


@attrs.frozen
class Refuse:
    """The venue says no and has done nothing: PERMISSION for a key that may not trade, RATE_LIMIT, and so on.

    `retry_after_s` is the header of that name where there is a wire; None leaves it out.
    """

    fault: Fault
    retry_after_s: int | None = None


@attrs.frozen
class DropBefore:
    """The call never arrives: the outcome is unknown and nothing was done."""


@attrs.frozen
class LoseAnswer:
    """The call arrives and is carried out, and the answer is lost: the outcome is unknown and it was done."""


@attrs.frozen
class Delay:
    """The call is carried out after `by`."""

    by: timedelta


@attrs.frozen
class Break:
    """A server before the venue answers with this 5xx status, before the call is carried out or, with `done`, after it."""

    status: int = 500
    done: bool = False


@attrs.frozen
class FillPart:
    """A market order fills only this fraction at once, at least one step; the rest stays open.

    On the wire the rest fills by itself after `rest_after`; None leaves it open until somebody fills or cancels it.
    """

    fraction: Decimal
    rest_after: timedelta | None = None


Harm = Refuse | DropBefore | LoseAnswer | Delay | Break | FillPart


@attrs.frozen
class Nth:
    """The calls of an account with these numbers, counted from 1 among those that match."""

    numbers: frozenset[int]


@attrs.frozen
class Always:
    """Every matching call."""


@attrs.frozen
class OneIn:
    """About one call in `calls`, chosen by the seed, the account's ordinal and the number of the call."""

    calls: int
    seed: int = 0


@attrs.frozen
class Failure:
    """One line of a plan; None as account or leg means any."""

    harm: Harm
    when: Nth | Always | OneIn = Nth(frozenset({1}))
    call: Call = Call.PLACE
    account: AccountId | None = None
    leg: Leg | None = None


@attrs.frozen
class Disorder:
    """What the private stream does to reports: repeat, swap with the one before, or lose every n-th; 0 is never.

    `cut_every` is for the wire alone: the connection dies with the n-th report, and nobody hears of it.
    """

    repeat_every: int = 0
    swap_every: int = 0
    lose_every: int = 0
    cut_every: int = 0


def falls(every: int, count: int) -> bool:
    """Whether the `count`-th is one of every `every`; never for 0."""
    return every > 0 and count % every == 0


class FaultPlan:
    """Decide what goes wrong; mutable because it counts calls, per account and line of the plan.

    Neither client ids nor account ids nor time play a part, so that two runs with the same calls fail alike.
    """

    def __init__(self, failures: Sequence[Failure] = (), disorder: Disorder | None = None) -> None:
        self.disorder = disorder or Disorder()
        self._failures = tuple(failures)
        self._calls: Counter[tuple[int, int]] = Counter()

    def harms(self, call: Call, account: AccountId, ordinal: int, leg: Leg | None = None) -> tuple[Harm, ...]:
        """Count one call and give what goes wrong with it; `ordinal` is the account's number at the venue."""
        return tuple(
            failure.harm
            for line, failure in enumerate(self._failures)
            if failure.call is call
            and failure.account in {None, account}
            and failure.leg in {None, leg}
            and self._strikes(failure.when, line, ordinal)
        )

    def _strikes(self, when: Nth | Always | OneIn, line: int, ordinal: int) -> bool:
        self._calls[line, ordinal] += 1
        number = self._calls[line, ordinal]
        match when:
            case Always():
                return True
            case Nth(numbers):
                return number in numbers
            case OneIn(calls, seed):
                digest = blake2b(f"{seed}|{line}|{ordinal}|{number}".encode(), digest_size=8).digest()
                return int.from_bytes(digest, "big") % calls == 0
