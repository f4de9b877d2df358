"""What news about orders make of a trade, and what follows from that for everybody else."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.application.trading.cover import covering
from cbc_domain.application.trading.desk import Facts
from cbc_domain.application.trading.order_steps import order_steps
from cbc_domain.application.trading.standing import entered, newest, stray
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, OrderId, PositionId, TaskId
from cbc_domain.kernel.rounding import EXACT
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.exchange import Ending
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import CloseReason, Fill, Leg, Order, Position, PositionState, Setback
from cbc_domain.trading.orders import Filled, Lost, PutOff, apply
from cbc_domain.trading.planning import plan_close
from cbc_domain.trading.positions import (
    adopt,
    apply_fill,
    begin_close,
    close,
    close_outside,
    coin_block,
    confirm_protection,
    net,
)
from cbc_domain.trading.protection import still_to_come

LOST: Final = "lost"
"""The code of a setback when no answer came."""


@attrs.frozen
class Held:
    """What the venue has of a position after its entry ended, and its own record of the last closing, if any.

    Asked before our orders were, and only with an answer for each of them, so that a fill in between is among the facts.
    """

    quantity: Decimal
    ending: Ending | None = None


@attrs.frozen
class News:
    """What was heard of one position: facts of its orders, a wish to close it, what the venue has of it (None: not asked).

    `denied` is set when the venue would not even look, because of the account's key; `unanswered` when it was asked for what
    may stand there and did not tell all of it.
    """

    position: PositionId
    facts: Facts = ()
    closing: CloseReason | None = None
    held: Held | None = None
    denied: Fault | None = None
    unanswered: bool = False


def absorb(trade: Trade, news: News, now: datetime) -> Trade:
    """Fold news into a trade; old, repeated and out-of-order news change nothing (ORD-01, POS-01).

    A fact that contradicts what is known is left out: the sweep asks the venue again.
    """
    position, orders = trade.position, {order.client_id: order for order in trade.orders}
    before = position.quantity
    for client_id, fact in news.facts:
        if client_id not in orders:
            continue
        try:
            changed = apply(orders[client_id], fact)
            if isinstance(fact, Filled) and position.state not in {PositionState.CLOSED, PositionState.LIQUIDATED}:
                position = apply_fill(position, orders[client_id], fact.fill, still_to_come(orders.values()))
        except Conflict:
            continue
        orders[client_id] = changed
    if news.closing is not None and not position.state.final:
        position = begin_close(position, news.closing)
    trade = Trade(position, tuple(orders.values()))
    if position.state is PositionState.ABANDONED and position.bought:
        return attrs.evolve(trade, position=_found(position, trade.orders, news.held, now))
    after = _concluded(trade, news.held, now)
    return after if news.held is None else _beside(after, before, news.held)


def _beside(trade: Trade, before: Decimal, held: Held) -> Trade:
    """Note what the venue holds beyond ours; it was asked before our orders were: what they closed meanwhile is still in it."""
    ours = max(before, trade.position.quantity)
    excess = max(held.quantity - ours, Decimal(0)) if entered(trade) and not trade.position.state.final else Decimal(0)
    return attrs.evolve(trade, position=attrs.evolve(trade.position, excess=excess))


def _concluded(trade: Trade, held: Held | None, now: datetime) -> Trade:
    position = trade.position
    stop, target = covering(trade.orders, Leg.STOP), covering(trade.orders, Leg.TARGET)
    if stop and target:
        position = confirm_protection(position, stop, target, now)
    position = close(position, trade.orders, now)
    if held is not None and entered(trade) and not position.state.final and held.quantity < position.quantity:
        position = adopt(position, held.quantity) if held.quantity else _gone(position, trade.orders, held, now)
    return attrs.evolve(trade, position=position)


def _found(position: Position, orders: Iterable[Order], held: Held | None, now: datetime) -> Position:
    """What an abandoned entry bought after all ends as any position does, with a result, once nothing of it is left (POS-12).

    It was called ABANDONED in error: nothing was known to have filled. Until then it stays so, because it is not to be kept.
    """
    wished = position.closing_reason or CloseReason.UNPROTECTED
    kept = attrs.evolve(position, state=PositionState.CLOSING, closing_reason=wished)
    ended = close(kept, orders, now)
    if not ended.state.final and held is not None and not held.quantity:
        ended = _gone(kept, orders, held, now)
    return ended if ended.state.final else position


def _gone(position: Position, orders: Iterable[Order], held: Held, now: datetime) -> Position:
    if any(order.reduces and order.filled for order in orders):
        # Our own orders closed a part of it: what they say is the reason.
        return close(adopt(position, Decimal(0)), orders, now)
    ending = held.ending
    if ending is None:
        return close_outside(position, CloseReason.EXTERNAL, None, now)
    reason = CloseReason.LIQUIDATION if ending.liquidated else CloseReason.EXTERNAL
    ours = min(EXACT.divide(position.quantity, ending.quantity), Decimal(1))
    fee, funding = EXACT.multiply(ending.fee, ours), EXACT.multiply(ending.funding, ours)
    return close_outside(position, reason, ending.price, ending.at, fee, funding)


@attrs.frozen
class TradeKeeper:
    """Folds news into the trades as they are stored now, under lock, and writes what follows in the same transaction."""

    clock: Clock
    identities: Identities

    async def keep(self, work: UnitOfWork, news: Iterable[News]) -> dict[PositionId, Trade]:
        """Answer the trades as they are after the news."""
        heard = _by_position(news)
        now = self.clock.now()
        before = await work.trades.trades(heard, lock=True)
        after = [absorb(trade, heard[trade.position.id], now) for trade in before]
        changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        fills = [(new.position.account, fill) for old, new in changed for fill in _new_fills(old, new, heard[new.position.id])]
        await work.trades.save([new for _, new in changed], fills)
        await work.receipts.note(list(_setbacks(heard.values())))
        await self._consequences(work, changed, now)
        return {trade.position.id: trade for trade in after}

    async def _consequences(self, work: UnitOfWork, changed: list[tuple[Trade, Trade]], now: datetime) -> None:
        ended = [new.position for old, new in changed if new.position.state.final and new.position.state != old.position.state]
        held = [position for position in ended if position.state is not PositionState.ABANDONED]
        if held:
            minutes = (await work.configuration.switches()).coin_block_minutes
            await work.trades.block_coins([block for position in held if (block := coin_block(position, minutes))])
            await work.jobs.enqueue("settle_trades", {})
        await self._send_away(work, [new for old, new in changed if stray(new) and not stray(old)], now)
        await work.outbox.add([event for old, new in changed for event in self._events(old, new, now)])

    async def _send_away(self, work: UnitOfWork, strays: list[Trade], now: datetime) -> None:
        """Close what an abandoned entry bought after all; its task is told from others by the signal that opened it."""
        closes = [
            plan_close(
                trade.position,
                trade.orders,
                trade.position.signal,
                CloseReason.UNPROTECTED,
                TaskId(self.identities.new()),
                OrderId(self.identities.new()),
                now,
            )
            for trade in strays
        ]
        await work.lane.add([task for task, _ in closes], [order for _, order in closes])

    def _events(self, before: Trade, after: Trade, now: datetime) -> Iterator[Event]:
        old, new = before.position, after.position
        data = {"member": str(new.member), "symbol": new.symbol}
        for name, order in order_steps(before, after):
            yield Event(EventId(self.identities.new()), name, new.id, now, data | {"leg": order.leg, "order": order.client_id})
        if new.opened_at and not old.opened_at:
            yield Event(EventId(self.identities.new()), EventName.POSITION_OPENED, new.id, now, data)
        if new.protected_at and not old.protected_at:
            yield Event(EventId(self.identities.new()), EventName.POSITION_PROTECTED, new.id, now, data)
        if new.state.final and new.state is not old.state:
            abandoned = new.state is PositionState.ABANDONED
            name = EventName.ORDER_FAILED if abandoned else EventName.POSITION_CLOSED
            reason = {"reason": _why(after) if abandoned else new.close_reason or new.state}
            yield Event(EventId(self.identities.new()), name, new.id, now, data | reason)
            if not abandoned and new.environment is Environment.LIVE and net(new) > 0:
                yield Event(EventId(self.identities.new()), EventName.COMMISSION_DUE, new.id, now, data)
        if stray(after) and not stray(before):
            told = data | {"reason": "filled_after_abandoned", "quantity": str(stray(after))}
            yield Event(EventId(self.identities.new()), EventName.ORDER_FILLED, new.id, now, told)


def _why(abandoned: Trade) -> str:
    entry = newest(abandoned.orders, Leg.ENTRY)
    code = entry.error_code if entry else None
    return code or abandoned.position.closing_reason or abandoned.position.state


def _setbacks(heard: Iterable[News]) -> Iterator[Setback]:
    for news in heard:
        for client_id, fact in news.facts:
            if isinstance(fact, PutOff):
                yield Setback(client_id, fact.at, fact.code)
            elif isinstance(fact, Lost):
                yield Setback(client_id, fact.at, LOST)


def _by_position(news: Iterable[News]) -> dict[PositionId, News]:
    heard: dict[PositionId, News] = {}
    for item in news:
        earlier = heard.get(item.position, News(item.position))
        held = item.held if item.held is not None else earlier.held
        facts, closing = earlier.facts + item.facts, earlier.closing or item.closing
        denied, unanswered = earlier.denied or item.denied, earlier.unanswered or item.unanswered
        heard[item.position] = News(item.position, facts, closing, held, denied, unanswered)
    return heard


def _new_fills(old: Trade, new: Trade, news: News) -> Iterator[Fill]:
    counted = _fill_ids(new) - _fill_ids(old)
    yield from {
        fact.fill.id: fact.fill for _, fact in news.facts if isinstance(fact, Filled) and fact.fill.id in counted
    }.values()


def _fill_ids(trade: Trade) -> frozenset[str]:
    return frozenset(fill_id for order in trade.orders for fill_id in order.fill_ids)
