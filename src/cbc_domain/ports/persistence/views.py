"""Shapes that are read but never written as such."""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import attrs

from cbc_domain.kernel.ids import MemberId, OrderId, SignalId
from cbc_domain.kernel.venues import Environment
from cbc_domain.risk.model import LiveGate, Reason

T = TypeVar("T")


@attrs.frozen
class Page(Generic[T]):
    """Part of a list, newest first; `next_cursor` is opaque and None at the end (API-03)."""

    items: Sequence[T]
    next_cursor: str | None


@attrs.frozen
class MemberDecision:
    """What a signal meant for one member: `outcome` is `ordered` or `skipped` (SIG-32)."""

    signal: SignalId
    member: MemberId
    environment: Environment
    outcome: str
    reasons: tuple[Reason, ...]
    failing_gates: tuple[LiveGate, ...]
    orders: tuple[OrderId, ...]


@attrs.frozen
class SignalTally:
    signal: SignalId
    ordered: int
    refused: Mapping[str, int]
