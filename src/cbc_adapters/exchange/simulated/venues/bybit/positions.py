"""What Bybit tells of the positions of an account."""

from decimal import Decimal

from cbc_adapters.exchange.simulated.model import VenuePosition
from cbc_adapters.exchange.simulated.travelling import standing_stops
from cbc_adapters.exchange.simulated.venues.bybit.bodies import stop_loss
from cbc_adapters.exchange.simulated.venues.bybit.market import listed, page
from cbc_adapters.exchange.simulated.venues.bybit.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text
from cbc_domain.kernel.venues import Side, Symbol


def position_list(house: House, key: IssuedKey, given: Json) -> Json:
    """GET /v5/position/list: of one symbol each side whether held or not, or of a settlement coin what is held."""
    account = house.account(key.account)
    if "symbol" in given:
        symbol, held = listed(house, given).symbol, account.positions
        sides = [side for side in Side if account.hedge or (symbol, side) in held]
        told = [_position(house, key, symbol, side) for side in sides] or [_position(house, key, symbol, Side.LONG)]
    elif given.get("settleCoin") == "USDT":
        told = [_position(house, key, *each) for each in account.positions]
    else:
        raise Wrong(10001, "params error: symbol or settleCoin is required")
    return page(told, given, 20, 200)


def _position(house: House, key: IssuedKey, symbol: Symbol, side: Side) -> Json:
    account, mark, now = house.account(key.account), house.engine.marks.get(symbol), str(milliseconds(house.now()))
    held = account.positions.get((symbol, side))
    price = mark.price if mark is not None else Decimal(0)
    return {
        "positionIdx": (1 if side is Side.LONG else 2) if account.hedge else 0,
        "riskId": 1,
        "riskLimitValue": "",
        "symbol": symbol,
        "tradeMode": 0,
        "autoAddMargin": 0,
        "leverage": str(house.choices(key.account, symbol).leverage),
        "markPrice": text(price),
        "positionStatus": "Normal",
        "adlRankIndicator": 0,
        "tpslMode": "Full",
        "liqPrice": "",
        "bustPrice": "",
        "takeProfit": "",
        "stopLoss": stop_loss(next(iter(standing_stops(account, symbol, side)), None)),
        "trailingStop": "0",
        "cumRealisedPnl": text(account.realised),
        "isReduceOnly": False,
        "seq": -1 if held is None else account.last_number,
        "createdTime": now,
        "updatedTime": now,
        **_size(held, price),
    }


def _size(held: VenuePosition | None, price: Decimal) -> Json:
    if held is None:
        names = ("positionValue", "positionIM", "positionMM", "positionBalance", "unrealisedPnl", "curRealisedPnl")
        return {"side": "", "size": "0", "avgPrice": "0", **dict.fromkeys(names, "")}
    return {
        "side": "Buy" if held.side is Side.LONG else "Sell",
        "size": text(held.quantity),
        "avgPrice": text(held.entry_price),
        "positionValue": text(held.cost),
        "positionIM": text(held.margin),
        "positionMM": "0",
        "positionBalance": text(held.margin),
        "unrealisedPnl": text(held.unrealised(price)),
        "curRealisedPnl": text(-held.paid),
    }
