"""The whole story of a signal for its members, read by people, programs and other services (ROL-03, ROL-06, COM-11)."""

from collections.abc import Iterable, Sequence

import attrs

from cbc_domain.identity.model import Member, Permission, Scope
from cbc_domain.identity.rules import scope_of
from cbc_domain.kernel.errors import Denied, NotFound
from cbc_domain.kernel.ids import MemberId, SignalId
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.persistence.views import Page
from cbc_domain.signals.model import Signal
from cbc_domain.trading.facts import Facts
from cbc_domain.trading.receipt import Outcome, Receipt, Sight, outcome_of, receipt, seen


@attrs.frozen
class Count:
    """How many parts of a signal came to the same; `reason` is the headline of a refusal, else None."""

    outcome: Outcome
    reason: str | None
    parts: int


@attrs.frozen
class SignalReceipts:
    """A page of receipts, with the signal and how all its parts stand."""

    signal: Signal
    counts: tuple[Count, ...]
    page: Page[Receipt]


@attrs.frozen
class ShowReceipts:
    """`viewer` is who asks: his role says whose parts and which figures he may see. Raises NotFound, Denied `forbidden`."""

    store: Store

    async def own(self, viewer: Member, signal_id: SignalId) -> Sequence[Receipt]:
        """The viewer's own parts: one of an open, one for each position that a close reached, a refusal without any."""
        async with self.store() as work:
            return await member_receipts(work, await known_signal(work, signal_id), viewer.id, Sight.OWN)

    async def of_member(self, viewer: Member, signal_id: SignalId, member: MemberId) -> Sequence[Receipt]:
        """Any member's parts, for staff."""
        sight = staff_sight(viewer)
        async with self.store() as work:
            signal = await known_signal(work, signal_id)
            if await work.people.member(member) is None:
                raise NotFound("not_found", "expected a member")
            return await member_receipts(work, signal, member, sight)

    async def of_all(self, viewer: Member, signal_id: SignalId, cursor: str | None, limit: int) -> SignalReceipts:
        """Everybody's parts, for staff: newest first, in a constant number of statements for each page."""
        sight = staff_sight(viewer)
        async with self.store() as work:
            return await signal_receipts(work, await known_signal(work, signal_id), cursor, limit, sight)


def staff_sight(viewer: Member) -> Sight:
    """What staff may see of others' parts; money needs `finance.view`. Raises Denied `forbidden` for everybody else."""
    if scope_of(viewer, Permission.TRADING_VIEW) is not Scope.ALL:
        raise Denied("forbidden", "expected a role that sees the trades of others")
    return Sight.EVERYTHING if scope_of(viewer, Permission.FINANCE_VIEW) is Scope.ALL else Sight.TRADES


async def known_signal(work: UnitOfWork, signal_id: SignalId) -> Signal:
    """Raises NotFound."""
    signal = await work.signals.signal(signal_id)
    if signal is None:
        raise NotFound("not_found", "expected a signal")
    return signal


async def member_receipts(work: UnitOfWork, signal: Signal, member: MemberId, sight: Sight) -> list[Receipt]:
    """A member's parts of a signal; one that says what is missing when there are none."""
    return told(signal, await work.receipts.of_member(signal, member) or [Facts(member)], sight)


async def signal_receipts(work: UnitOfWork, signal: Signal, cursor: str | None, limit: int, sight: Sight) -> SignalReceipts:
    standings = await work.receipts.standings(signal)
    page = await work.receipts.page(signal, cursor, limit)
    counts: dict[tuple[Outcome, str | None], int] = {}
    for one in standings:
        key = (outcome_of(one.state, one.settlement) if one.state else Outcome.REFUSED, one.reason)
        counts[key] = counts.get(key, 0) + one.parts
    return SignalReceipts(
        signal=signal,
        counts=tuple(Count(outcome, reason, parts) for (outcome, reason), parts in counts.items()),
        page=Page(told(signal, page.items, sight), page.next_cursor),
    )


def told(signal: Signal, parts: Iterable[Facts], sight: Sight) -> list[Receipt]:
    return [seen(receipt(signal, facts), sight) for facts in parts]
