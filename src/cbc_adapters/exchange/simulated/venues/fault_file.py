"""The file that says what goes wrong at the simulated venues; docs/venue-sim.md has its format."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from cbc_adapters.exchange.simulated.faults import (
    Always,
    Break,
    Call,
    Delay,
    Disorder,
    DropBefore,
    Failure,
    FaultPlan,
    FillPart,
    Harm,
    LoseAnswer,
    Nth,
    OneIn,
    Refuse,
)
from cbc_adapters.exchange.simulated.venues.house import House
from cbc_adapters.exchange.simulated.venues.issued import NumberedAccount
from cbc_domain.kernel.errors import Invalid
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import Leg

Count = Annotated[int, Meta(ge=1)]
Every = Annotated[int, Meta(ge=0)]
Milliseconds = Annotated[int, Meta(ge=0, le=600_000)]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Refuse(_Strict, frozen=True, tag_field="kind", tag="refuse"):
    fault: Fault
    retry_after_s: Every | None = None

    def __post_init__(self) -> None:
        if self.fault is Fault.LIVE_OFF:
            raise ValueError("expected a fault that a venue has, was LIVE_OFF")

    def harm(self) -> Harm:
        return Refuse(self.fault, self.retry_after_s)


class _DropBefore(_Strict, frozen=True, tag_field="kind", tag="drop_before"):
    def harm(self) -> Harm:
        return DropBefore()


class _LoseAnswer(_Strict, frozen=True, tag_field="kind", tag="lose_answer"):
    def harm(self) -> Harm:
        return LoseAnswer()


class _Delay(_Strict, frozen=True, tag_field="kind", tag="delay"):
    by_ms: Milliseconds

    def harm(self) -> Harm:
        return Delay(timedelta(milliseconds=self.by_ms))


class _Break(_Strict, frozen=True, tag_field="kind", tag="break"):
    status: Literal[500, 502, 503, 504] = 500
    done: bool = False

    def harm(self) -> Harm:
        return Break(self.status, self.done)


class _FillPart(_Strict, frozen=True, tag_field="kind", tag="fill_part"):
    fraction: Decimal
    rest_after_ms: Milliseconds | None = None

    def __post_init__(self) -> None:
        if not 0 < self.fraction < 1:
            raise ValueError(f"expected a fraction between 0 and 1, was {self.fraction}")

    def harm(self) -> Harm:
        later = self.rest_after_ms
        return FillPart(self.fraction, timedelta(milliseconds=later) if later is not None else None)


class _Nth(_Strict, frozen=True, tag_field="kind", tag="nth"):
    numbers: Annotated[list[Count], Meta(min_length=1)]

    def when(self) -> Nth:
        return Nth(frozenset(self.numbers))


class _Always(_Strict, frozen=True, tag_field="kind", tag="always"):
    def when(self) -> Always:
        return Always()


class _OneIn(_Strict, frozen=True, tag_field="kind", tag="one_in"):
    calls: Count
    seed: int = 0

    def when(self) -> OneIn:
        return OneIn(self.calls, self.seed)


class _Somewhere(_Strict, frozen=True):
    """None means every one of them."""

    venue: Literal["binance", "bybit", "okx", "bitget"] | None = None
    environment: Literal["live", "testnet"] | None = None

    def is_about(self, house: House) -> bool:
        return self.venue in {None, house.venue} and self.environment in {None, house.environment}


class _Failure(_Somewhere, frozen=True, kw_only=True):
    harm: _Refuse | _DropBefore | _LoseAnswer | _Delay | _Break | _FillPart
    when: _Nth | _Always | _OneIn = _Nth([1])
    call: Call = Call.PLACE
    account: Count | None = None
    leg: Literal["entry", "stop", "target", "exit"] | None = None

    def failure(self, house: House, seed: int) -> Failure:
        named = NumberedAccount(house.venue, house.environment, self.account, seed) if self.account is not None else None
        account = named.account if named is not None else None
        leg = Leg[self.leg.upper()] if self.leg is not None else None
        return Failure(self.harm.harm(), self.when.when(), self.call, account, leg)


class _Stream(_Somewhere, frozen=True):
    repeat_every: Every = 0
    swap_every: Every = 0
    lose_every: Every = 0
    cut_every: Every = 0


class _Skew(_Somewhere, frozen=True, kw_only=True):
    by_ms: Annotated[int, Meta(ge=-86_400_000, le=86_400_000)]


class _Maintenance(_Somewhere, frozen=True, kw_only=True):
    from_s: Every
    until_s: Count


Line = TypeVar("Line", bound=_Somewhere)


class FaultFile(_Strict, frozen=True):
    """What goes wrong where; of streams and skews the last line about a venue counts."""

    failures: list[_Failure] = []
    streams: list[_Stream] = []
    skews: list[_Skew] = []
    maintenance: list[_Maintenance] = []

    def trouble(self, house: House, began: datetime, seed: int) -> None:
        """Give a house its part of the file; `began` is what the seconds of a maintenance count from, `seed` the world's."""
        failures = [line.failure(house, seed) for line in _about(house, self.failures)]
        disorders = [
            Disorder(line.repeat_every, line.swap_every, line.lose_every, line.cut_every)
            for line in _about(house, self.streams)
        ]
        house.plan = FaultPlan(failures, disorders[-1] if disorders else None)
        skews = [timedelta(milliseconds=line.by_ms) for line in _about(house, self.skews)]
        house.skew = skews[-1] if skews else timedelta(0)
        house.maintenance = [
            (began + timedelta(seconds=line.from_s), began + timedelta(seconds=line.until_s))
            for line in _about(house, self.maintenance)
        ]


NO_FAULTS: Final = FaultFile()


def read_fault_file(path: Path) -> FaultFile:
    """Raises Invalid `faults_missing` without a file, `faults_invalid` naming the field that cannot be."""
    if not path.is_file():
        raise Invalid("faults_missing", f"expected a file of faults, was no file {path.name}")
    try:
        return msgspec.json.decode(path.read_bytes(), type=FaultFile)
    except msgspec.DecodeError as error:
        raise Invalid("faults_invalid", f"{path.name}: {error}") from None


def _about(house: House, lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.is_about(house)]
