"""The stop of a whole position at Bybit: it comes with an entry, stands from its first fill, and can be taken away again."""

from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.model import VenueAccount
from cbc_adapters.exchange.simulated.travelling import standing_stops, stop_with
from cbc_adapters.exchange.simulated.venues.bybit.market import listed, positive
from cbc_adapters.exchange.simulated.venues.bybit.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.wire import Json
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import Ticket
from cbc_domain.trading.model import Leg

SIMULATED: Final = ("MarkPrice", "Full", "Market")
"""What triggers, for how much of the position, and at which price it sells."""
REMOVAL: Final = frozenset({"category", "symbol", "tpslMode", "positionIdx", "stopLoss"})
NONE: Final = "0"
"""The price of a stop that is to be none."""


def attached(house: House, given: Json, entry: Ticket) -> list[Ticket]:
    """The stop that an order carries, if it does. Raises Wrong 10001."""
    if given.get("takeProfit"):
        raise Wrong(10001, "params error: the simulated venue takes a stop with an order, and no target")
    if not given.get("stopLoss"):
        return []
    if entry.leg is not Leg.ENTRY:
        raise Wrong(10001, "params error: StopLoss cannot be set for an order that only closes")
    if (given.get("slTriggerBy"), given.get("tpslMode"), given.get("slOrderType", SIMULATED[2])) != SIMULATED:
        raise Wrong(10001, "params error: the simulated venue stops whole positions, at market and by mark price")
    trigger = positive(given["stopLoss"], "StopLoss")
    _check_side(entry.side, trigger, house.engine.marks[entry.symbol].price)
    return [stop_with(entry, trigger)]


def _check_side(side: Side, trigger: Decimal, mark: Decimal) -> None:
    if side is Side.LONG and trigger >= mark:
        raise Wrong(10001, f"StopLoss:{trigger} set for Buy position should lower than base_price:{mark}??MarkPrice")
    if side is Side.SHORT and trigger <= mark:
        raise Wrong(10001, f"StopLoss:{trigger} set for Sell position should greater base_price:{mark}??MarkPrice")


def replace_older(house: House, key: IssuedKey, stop: Ticket) -> None:
    """Let a new stop be the only one: a position has one for all of it."""
    for older in standing_stops(house.account(key.account), stop.symbol, stop.side):
        if older.ticket.client_id != stop.client_id:
            house.engine.cancel(key.account, older.ticket.client_id, house.now())


def trading_stop(house: House, key: IssuedKey, given: Json) -> Json:
    """POST /v5/position/trading-stop, which takes the stop of a position away here and does nothing else."""
    symbol, account = listed(house, given).symbol, house.account(key.account)
    if set(given) != REMOVAL or given["tpslMode"] != "Full" or given["stopLoss"] != NONE:
        raise Wrong(10001, "params error: the simulated venue takes the stop of a whole position away, and sets none")
    side = _held_side(account, symbol, given["positionIdx"])
    if side is None:
        raise Wrong(10001, "can not set tp/sl/ts for zero position")
    standing = standing_stops(account, symbol, side)
    if not standing:
        raise Wrong(34040, "not modified")
    for order in standing:
        house.engine.cancel(key.account, order.ticket.client_id, house.now())
    return {}


def _held_side(account: VenueAccount, symbol: Symbol, index: object) -> Side | None:
    meant = {1: [Side.LONG], 2: [Side.SHORT]} if account.hedge else {0: list(Side)}
    if index not in meant:
        raise Wrong(10001, "position idx not match position mode")
    return next((side for side in meant[index] if (symbol, side) in account.positions), None)
