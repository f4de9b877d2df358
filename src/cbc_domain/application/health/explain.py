"""Tell the whole story of a row: what caused it, what was decided and why, what followed (GEN-17, BAL-13)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import attrs

from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.ids import JournalId, PositionId, SignalId
from cbc_domain.ledger.model import Posting
from cbc_domain.ports.persistence.trades import Settlement, Trade
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.persistence.views import SignalTally
from cbc_domain.signals.model import Signal
from cbc_domain.trading.model import Order


@attrs.frozen
class Chapter:
    """One step of a story: when, what kind of thing, and its telling facts as text by name."""

    at: datetime
    what: str
    facts: tuple[tuple[str, str], ...]


@attrs.frozen
class Explain:
    """`subject` is the id of a signal, position or journal transaction, or a client order id. Raises NotFound."""

    store: Store

    async def __call__(self, subject: str) -> tuple[Chapter, ...]:
        async with self.store() as work:
            chapters = await _chapters(work, subject)
        if not chapters:
            raise NotFound("not_found", f"expected a signal, order, position or journal transaction, was {subject[:64]!r}")
        return tuple(sorted(chapters, key=lambda chapter: chapter.at))


async def _chapters(work: UnitOfWork, subject: str) -> list[Chapter]:
    by_order = await work.trades.positions_of_orders([subject])
    identity = by_order.get(subject) or _uuid(subject)
    if identity is None:
        return []
    if trades := await work.trades.trades([PositionId(identity)], lock=False):
        return await _of_trades(work, trades)
    if signal := await work.signals.signal(SignalId(identity)):
        positions = await work.trades.of_signal(signal.id, None)
        return await _of_trades(work, await work.trades.trades(positions, lock=False), signal)
    if posting := await work.books.posting_of(JournalId(identity)):
        cause = _uuid(posting.journal.references.get("position", ""))
        trades = await work.trades.trades([PositionId(cause)], lock=False) if cause else []
        return [_of_posting(posting), *(await _of_trades(work, trades) if trades else [])]
    return []


async def _of_trades(work: UnitOfWork, trades: Sequence[Trade], signal: Signal | None = None) -> list[Chapter]:
    signals = {trade.position.signal for trade in trades} if signal is None else {signal.id}
    chapters: list[Chapter] = []
    for signal_id in signals:
        if found := signal or await work.signals.signal(signal_id):
            chapters += _of_signal(found, next(iter(await work.signals.tallies([signal_id])), SignalTally(signal_id, 0, {})))
    settled = {one.position: one for one in await work.trades.settlements([trade.position.id for trade in trades])}
    for trade in trades:
        chapters += _of_trade(trade, settled.get(trade.position.id))
        posting = await work.books.posting(f"commission:{trade.position.id}")
        chapters += [_of_posting(posting)] if posting else []
    return chapters


def _of_signal(signal: Signal, tally: SignalTally) -> Iterator[Chapter]:
    yield _chapter(
        signal.received_at,
        "signal received",
        id=signal.id,
        kind=signal.kind,
        symbol=signal.symbol or "*",
        status=signal.status,
    )
    if signal.decided_at and signal.decision:
        criteria = signal.decision.criteria
        met = f"{criteria.met} of 4" if criteria else "not needed"
        market = signal.reading
        yield _chapter(
            signal.decided_at,
            "signal decided",
            reason=signal.decision.reason,
            criteria=met,
            direction=market.direction if market else "unknown",
            market=market.code if market else "unknown",
            ordered=tally.ordered,
            **{f"refused {reason}": count for reason, count in sorted(tally.refused.items())},
        )


def _of_trade(trade: Trade, settlement: Settlement | None) -> Iterator[Chapter]:
    position = trade.position
    yield _chapter(
        position.created_at,
        "position planned",
        id=position.id,
        member=position.member,
        environment=position.environment,
        side=f"{position.side} {position.symbol}",
        quantity=position.size.quantity,
        leverage=position.size.leverage,
        loss_at_stop=position.size.loss_at_stop,
        gain_at_target=position.size.gain_at_target,
    )
    for order in trade.orders:
        yield from _of_order(order)
    if position.protected_at:
        yield _chapter(position.protected_at, "position protected", stop=position.stop_loss, target=position.take_profit)
    if position.closed_at:
        result = {
            "entry": position.entry_price,
            "exit": position.exit_price,
            "fees": position.fees,
            "funding": position.funding,
        }
        yield _chapter(position.closed_at, f"position {position.state.lower()}", reason=position.close_reason, **result)
    if settlement:
        yield _chapter(
            settlement.at,
            "position settled",
            state=settlement.state,
            reason=settlement.reason,
            commission=settlement.commission,
            affiliate=settlement.affiliate,
            debt=settlement.debt,
            rate=settlement.rate.brl_per_usd if settlement.rate else None,
        )


def _of_order(order: Order) -> Iterator[Chapter]:
    leg = order.leg.name.lower()
    if order.sent_at:
        yield _chapter(
            order.sent_at,
            f"{leg} order sent",
            client_id=order.client_id,
            quantity=order.quantity,
            trigger=order.trigger,
        )
    if order.filled_at:
        yield _chapter(
            order.filled_at,
            f"{leg} order {order.state.lower()}",
            filled=order.filled,
            price=order.average_price,
            fee=order.fee,
        )
    elif order.error_code:
        yield _chapter(order.sent_at or order.created_at, f"{leg} order {order.state.lower()}", code=order.error_code)


def _of_posting(posting: Posting) -> Chapter:
    entries = {
        f"{entry.direction} {entry.account.kind} {entry.account.owner[:8]} {entry.account.currency.code}": entry.amount.text
        for entry in posting.journal.entries
    }
    return _chapter(
        posting.posted_at,
        f"journal {posting.journal.kind}",
        rule=posting.journal.flow,
        key=posting.journal.key,
        **entries,
    )


def _chapter(at: datetime, what: str, **facts: object) -> Chapter:
    return Chapter(at, what, tuple((name, str(value)) for name, value in facts.items() if value is not None))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
