"""What OKX keeps of the past: trades, and the positions in which something was closed."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import attrs

from cbc_adapters.exchange.simulated.model import ZERO, Closing, VenueAccount, VenueOrder
from cbc_adapters.exchange.simulated.moves import LIQUIDATION
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.okx.account import position_side
from cbc_adapters.exchange.simulated.venues.okx.bodies import side_of
from cbc_adapters.exchange.simulated.venues.okx.market import instrument_id, listed
from cbc_adapters.exchange.simulated.venues.order_numbers import order_number, plain_number
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.trading.model import Fill

PAGE = 100


@attrs.frozen
class Execution:
    """One fill, the order it belongs to, and what it closed."""

    order: VenueOrder
    fill: Fill
    closing: Closing | None

    @property
    def number(self) -> int:
        return order_number(self.fill.id)

    @property
    def side(self) -> Side:
        return self.closing.side if self.closing else self.order.ticket.side


@attrs.define
class Life:
    """A position from its first fill to its last; mutable because it is summed up fill by fill."""

    symbol: Symbol
    side: Side
    since: datetime
    until: datetime
    opened: Decimal = ZERO
    closed: Decimal = ZERO
    most: Decimal = ZERO
    open_value: Decimal = ZERO
    close_value: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    liquidated: bool = False

    def take(self, one: Execution) -> None:
        value = one.fill.quantity * one.fill.price
        self.fees += one.fill.fee
        if one.closing is None:
            self.opened += one.fill.quantity
            self.open_value += value
        else:
            self.closed += one.fill.quantity
            self.close_value += value
            self.realised += one.closing.realised
            self.funding += one.fill.funding
            self.until, self.liquidated = one.fill.at, one.order.code == LIQUIDATION
        self.most = max(self.most, self.opened - self.closed)


def executions(account: VenueAccount, symbol: Symbol | None) -> list[Execution]:
    """All fills, oldest first."""
    closings = {closing.fill: closing for closing in account.closings}
    found = (
        Execution(order, fill, closings.get(fill.id))
        for order in account.orders.values()
        if symbol in {None, order.ticket.symbol}
        for fill in order.fills
    )
    return sorted(found, key=lambda one: one.number)


def fills(house: House, key: IssuedKey, given: Json) -> Json:
    """GET /api/v5/trade/fills and fills-history: newest first, a page at a time."""
    account, symbol = house.account(key.account), _symbol(house, given)
    first, last = int(given.get("begin", 0)), int(given.get("end", 2**53))
    told = [
        one
        for one in reversed(executions(account, symbol))
        if first <= milliseconds(one.fill.at) <= last
        and given.get("ordId") in {None, str(plain_number(one.order))}
        and one.number < int(given.get("after", 2**53))
    ]
    return [_trade(account, one) for one in told[: int(given.get("limit", PAGE))]]


def _trade(account: VenueAccount, one: Execution) -> Json:
    ticket, at = one.order.ticket, str(milliseconds(one.fill.at))
    side = side_of(ticket)
    return {
        "billId": str(one.number),
        "clOrdId": "" if ticket.trigger is not None else ticket.client_id,
        "execType": "M" if one.fill.maker else "T",
        "fee": text(-one.fill.fee),
        "feeCcy": "USDT",
        "fillPnl": text(one.closing.realised) if one.closing else "0",
        "fillPx": text(one.fill.price),
        "fillSz": text(one.fill.quantity),
        "fillTime": at,
        "instId": instrument_id(ticket.symbol),
        "instType": "SWAP",
        "ordId": str(plain_number(one.order)),
        "posSide": position_side(account, one.side),
        "side": side,
        "subType": _kind(account, one, side),
        "tag": "",
        "tradeId": str(one.number),
        "ts": at,
    }


def _kind(account: VenueAccount, one: Execution, side: str) -> str:
    if one.order.code == LIQUIDATION:
        of_side = ("104", "105") if account.hedge else ("107", "106")
        return of_side[one.side is Side.SHORT]
    if not account.hedge:
        return "1" if side == "buy" else "2"
    closing = one.closing is not None
    return {(Side.LONG, False): "3", (Side.SHORT, False): "4", (Side.LONG, True): "5", (Side.SHORT, True): "6"}[
        one.side, closing
    ]


def positions_history(house: House, key: IssuedKey, given: Json) -> Json:
    """GET /api/v5/account/positions-history: newest first, open ones of which a part was closed included."""
    account, symbol = house.account(key.account), _symbol(house, given)
    later, earlier = int(given.get("before", 0)), int(given.get("after", 2**53))
    lives = [life for life in _lives(account, symbol) if later < milliseconds(life.until) < earlier]
    lives.sort(key=lambda life: life.until, reverse=True)
    return [_record(account, life) for life in lives[: int(given.get("limit", PAGE))]]


def _lives(account: VenueAccount, symbol: Symbol | None) -> Iterator[Life]:
    running: dict[tuple[Symbol, Side], Life] = {}
    for one in executions(account, symbol):
        place, at = (one.order.ticket.symbol, one.side), one.fill.at
        life = running.setdefault(place, Life(*place, since=at, until=at))
        life.take(one)
        if life.opened == life.closed:
            yield running.pop(place)
    yield from (life for life in running.values() if life.closed)


def _record(account: VenueAccount, life: Life) -> Json:
    contract = account.positions.get((life.symbol, life.side))
    return {
        "cTime": str(milliseconds(life.since)),
        "ccy": "USDT",
        "closeAvgPx": text(life.close_value / life.closed),
        "closeTotalPos": text(life.closed),
        "direction": life.side.value.lower(),
        "fee": text(-life.fees),
        "fundingFee": text(-life.funding),
        "instId": instrument_id(life.symbol),
        "instType": "SWAP",
        "lever": str(account.leverage.get(life.symbol, 1)),
        "liqPenalty": "0",
        "mgnMode": "isolated",
        "openAvgPx": text(life.open_value / life.opened),
        "openMaxPos": text(life.most),
        "pnl": text(life.realised),
        "pnlRatio": "0",
        "posId": f"{account.ordinal}{life.side.value}{life.symbol}",
        "posSide": position_side(account, life.side),
        "realizedPnl": text(life.realised - life.fees - life.funding),
        "triggerPx": "",
        "type": "3" if life.liquidated else ("2" if contract is None else "1"),
        "uTime": str(milliseconds(life.until)),
        "uly": instrument_id(life.symbol).removesuffix("-SWAP"),
    }


def _symbol(house: House, given: Json) -> Symbol | None:
    return listed(house, given["instId"]).symbol if "instId" in given else None
