"""What waits to be done, what was told, what was answered, what is configured."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import attrs

from cbc_domain.kernel.events import Event
from cbc_domain.kernel.ids import AccountId, TaskId
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.risk.defaults import Switches
from cbc_domain.risk.model import Stop
from cbc_domain.trading.model import Order, Task, TaskAction


@attrs.frozen
class Hold:
    """The right of one claim to end its task: the next claim of the task, counted by `attempt`, takes it away."""

    task: TaskId
    attempt: int


@attrs.frozen
class Claim:
    """A task that this worker holds, with the trade it is about as it stood when claimed.

    The hold ends with the worker's life, and with the lease at the latest. `taken_over` says that another worker held it and
    did not end it: what he asked of the venue may still be on its way.
    """

    task: Task
    trade: Trade
    taken_over: bool = False

    @property
    def hold(self) -> Hold:
        return Hold(self.task.id, self.task.attempts)

    def lease_is_over(self, now: datetime) -> bool:
        """A worker that was held up leaves the sending to the one that has the task now (PRI-06)."""
        return self.task.lease_until is not None and now >= self.task.lease_until

    @property
    def first(self) -> bool:
        """Whether nobody can have asked anything of the venue about the trade before, dead or alive."""
        return self.task.action is TaskAction.OPEN and self.task.attempts == 1 and not self.taken_over


@attrs.frozen
class Backlog:
    """How much waits: tasks due now, tasks due later, and the age in seconds of the oldest due one (None without one)."""

    due: int
    later: int
    oldest_s: int | None


class Lane(Protocol):
    """The order lane: tasks taken in the order of PRI-02 to PRI-04, never two workers on one account at a time (ARC-04)."""

    async def add(self, tasks: Sequence[Task], exits: Sequence[Order] = ()) -> None:
        """Add tasks with their exit orders.

        One that stands already (same signal, member, environment, action, position; no signal equals no signal) is left as it
        is, but a PROTECT task, and a CLOSE without signal, may be added again once the earlier one is DONE or DEAD.
        """

    async def claim(self, now: datetime, lease: timedelta, most: int, *, rehearsal_first: bool) -> Sequence[Claim]:
        """Take the first due tasks, lease them, count the attempt, and mark their CREATED entry or exit order SUBMITTED.

        Tasks of a dead worker come back at once, those of a silent one when their lease has ended. Locked rows are
        skipped, not waited for. Whoever works on an account already is given closes and protection of its other positions
        too, so that nothing waits for one that a venue does not answer about (POS-11), and opens whose entry the venue has
        taken; other opens wait until it is free.
        """

    async def held(self, holds: Collection[Hold]) -> frozenset[Hold]:
        """Those that no later claim took away; nobody can take them until this unit ends."""

    async def finish(self, holds: Collection[Hold]) -> None:
        """Set tasks DONE. Here as in `bury` and `retry` a hold that was taken away changes nothing."""

    async def bury(self, holds: Mapping[Hold, str]) -> None:
        """Set tasks DEAD with a reason (PRI-05)."""

    async def retry(self, due: Mapping[Hold, datetime]) -> None:
        """Give tasks back, to be taken again not before their instant."""

    async def put_off_opens(self, accounts: Collection[AccountId], until: datetime) -> None:
        """Let opens of these accounts that have not begun wait until then; everything else may go on (POS-11)."""

    async def backlog(self, now: datetime) -> Backlog: ...


class Outbox(Protocol):
    async def add(self, events: Sequence[Event]) -> None:
        """Write events in the transaction of what they tell of (ARC-06); an ID that stands already is left as it is."""

    async def take(self, most: int) -> Sequence[Event]:
        """Take unpublished events, oldest first, locked and marked as published when this unit commits."""

    async def about(self, subject: UUID) -> Sequence[Event]:
        """All events of one subject, oldest first."""


class Jobs(Protocol):
    async def enqueue(self, name: str, payload: Mapping[str, str]) -> None:
        """Ask for a background job in this transaction; it runs at least once after commit."""


@attrs.frozen
class Answer:
    """A stored answer to an idempotent request (GEN-10): `body` is the JSON text that was sent."""

    status: int
    body: str


class Answers(Protocol):
    async def begin(self, owner: str, route: str, key: str, fingerprint: str, now: datetime) -> Answer | None:
        """Claim an idempotency key; the first answer when it was used for the same request.

        Raises Conflict `idempotency_key_reused` for another fingerprint, `request_in_progress` while the first runs.
        A claim without an answer for 60 s is given up.
        """

    async def finish(self, owner: str, route: str, key: str, answer: Answer) -> None: ...

    async def give_up(self, owner: str, route: str, key: str) -> None:
        """Free a claim that has no answer: its request was refused and did nothing."""


class Configuration(Protocol):
    async def switches(self) -> Switches: ...

    async def set_switch(self, name: str, value: object, actor: str, reason: str, at: datetime) -> None:
        """Keep a new version of one business switch (section 38).

        Raises Invalid `setting_unknown`, `setting_invalid`, `setting_out_of_range`.
        """

    async def stops(self) -> Sequence[Stop]:
        """The emergency acts in force (RSK-21)."""

    async def set_stop(self, stop: Stop) -> None: ...

    async def lift_stop(self, scope: str, target: str | None, actor: str, reason: str, at: datetime) -> None: ...
