"""Identities: one type for each kind of row, all of them UUID version 7 (GEN-15, RFC 9562 section 5.7)."""

from datetime import UTC, datetime, timedelta
from typing import Final, NewType
from uuid import UUID

MemberId = NewType("MemberId", UUID)
SessionId = NewType("SessionId", UUID)
StrategyId = NewType("StrategyId", UUID)
SignalId = NewType("SignalId", UUID)
AccountId = NewType("AccountId", UUID)
TaskId = NewType("TaskId", UUID)
OrderId = NewType("OrderId", UUID)
PositionId = NewType("PositionId", UUID)
JournalId = NewType("JournalId", UUID)
LotId = NewType("LotId", UUID)
DebtId = NewType("DebtId", UUID)
EventId = NewType("EventId", UUID)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

RANDOM_BYTES: Final = 10
"""How many random bytes one identity takes."""


def uuid7(moment: datetime, random: bytes) -> UUID:
    """Build a version 7 UUID from an instant (to the millisecond) and ten random bytes."""
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    value = milliseconds << 80 | int.from_bytes(random[:RANDOM_BYTES], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0b11 << 62) | 0b10 << 62
    return UUID(int=value)
