"""Tell the whole story of a row: what caused it, what was decided and why, what followed (GEN-17, BAL-13)."""

from collections.abc import Sequence
from uuid import UUID

import attrs

from cbc_domain.application.trading.show_receipts import Count, member_receipts, signal_receipts, told
from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.ids import JournalId, MemberId, OrderId, PositionId, SignalId
from cbc_domain.ledger.model import Posting
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.signals.model import Signal
from cbc_domain.trading.receipt import Receipt, Sight


@attrs.frozen
class Explanation:
    """What is known of a row: its signal with how all parts stand, the parts asked for, and the journal if it is one.

    `more` says that the signal has further parts than these; `signal` None for a journal without a trade.
    """

    signal: Signal | None
    counts: tuple[Count, ...] = ()
    receipts: Sequence[Receipt] = ()
    more: bool = False
    posting: Posting | None = None


@attrs.frozen
class Explain:
    """For whoever runs the machine: everything is shown. Raises NotFound for what is none of these."""

    store: Store

    async def __call__(self, subject: str, member: MemberId | None = None, most: int = 10) -> Explanation:
        """`subject` is a signal, order, client order, position or journal; of a signal at most `most` parts, or a member's."""
        async with self.store() as work:
            found = await _explained(work, subject, member, most)
        if found is None:
            raise NotFound(
                "not_found",
                f"expected a signal, order, position or journal (withdrawals are not kept yet), was {subject[:64]!r}",
            )
        return found


async def _explained(work: UnitOfWork, subject: str, member: MemberId | None, most: int) -> Explanation | None:
    by_order = await work.trades.positions_of_orders([subject])
    identity = by_order.get(subject) or _uuid(subject)
    if identity is None:
        return None
    if signal := await work.signals.signal(SignalId(identity)):
        return await _of_signal(work, signal, member, most)
    position = await work.receipts.position_of(OrderId(identity)) or PositionId(identity)
    if story := await _of_position(work, position):
        return story
    if posting := await work.books.posting_of(JournalId(identity)):
        return await _of_posting(work, posting)
    return None


async def _of_signal(work: UnitOfWork, signal: Signal, member: MemberId | None, most: int) -> Explanation:
    found = await signal_receipts(work, signal, None, most, Sight.EVERYTHING)
    if member is not None:
        own = await member_receipts(work, signal, member, Sight.EVERYTHING)
        return Explanation(signal, found.counts, own)
    return Explanation(signal, found.counts, found.page.items, more=found.page.next_cursor is not None)


async def _of_position(work: UnitOfWork, position: PositionId) -> Explanation | None:
    """The story of a position is that of the signal which opened it."""
    parts = await work.receipts.of_positions([position])
    opened_by = parts[0].position.signal if parts and parts[0].position else None
    signal = await work.signals.signal(opened_by) if opened_by else None
    return Explanation(signal, receipts=told(signal, parts, Sight.EVERYTHING)) if signal else None


async def _of_posting(work: UnitOfWork, posting: Posting) -> Explanation:
    cause = _uuid(posting.journal.references.get("position", ""))
    story = await _of_position(work, PositionId(cause)) if cause else None
    return attrs.evolve(story, posting=posting) if story else Explanation(None, posting=posting)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
