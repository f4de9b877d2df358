"""What Bitget tells and changes of an account: balances, positions, settings, bills, permissions."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.model import VenuePosition
from cbc_adapters.exchange.simulated.rules import bracket_for, liquidation_price
from cbc_adapters.exchange.simulated.venues.bitget.market import check_product, listed
from cbc_adapters.exchange.simulated.venues.bitget.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text
from cbc_domain.kernel.venues import Side, Symbol

Parameters = dict[str, str]

READS: Final = ("coor", "cpor", "wtor")
TRADES: Final = ("coow", "cpow")
WITHDRAWS: Final = ("wtow", "wwow")
SIDES: Final = {"long": Side.LONG, "short": Side.SHORT}


def accounts(house: House, key: IssuedKey, given: Parameters) -> Json:
    """GET /api/v2/mix/account/accounts: one margin coin, USDT."""
    check_product(given)
    return [_balances(house, key)]


def account(house: House, key: IssuedKey, given: Parameters) -> Json:
    """GET /api/v2/mix/account/account: the same with what is set for a symbol."""
    choices = house.choices(key.account, listed(house, given).symbol)
    return _balances(house, key) | {
        "crossedMarginLeverage": str(choices.leverage),
        "isolatedLongLever": str(choices.leverage),
        "isolatedShortLever": str(choices.leverage),
        "marginMode": "isolated" if choices.isolated else "crossed",
        "posMode": position_mode(house, key),
        "assetMode": "single",
    }


def _balances(house: House, key: IssuedKey) -> Json:
    of, unrealised = house.account(key.account), house.engine.unrealised(key.account)
    equity = text(of.cash + unrealised)
    return {
        "marginCoin": "USDT",
        "locked": "0",
        "available": text(of.available),
        "crossedMaxAvailable": text(of.available),
        "isolatedMaxAvailable": text(of.available),
        "maxTransferOut": text(of.available),
        "accountEquity": equity,
        "usdtEquity": equity,
        "btcEquity": "0",
        "crossedRiskRate": "0",
        "unrealizedPL": text(unrealised),
        "coupon": "0",
        "crossedUnrealizedPL": "0",
        "isolatedUnrealizedPL": text(unrealised),
    }


def position_mode(house: House, key: IssuedKey) -> str:
    return "hedge_mode" if house.account(key.account).hedge else "one_way_mode"


def positions(house: House, key: IssuedKey, given: Parameters) -> Json:
    """GET /api/v2/mix/position/all-position and single-position."""
    check_product(given)
    only = listed(house, given).symbol if "symbol" in given else None
    held = house.account(key.account).positions.values()
    return [_position(house, key, each) for each in held if only in {None, each.symbol}]


def _position(house: House, key: IssuedKey, position: VenuePosition) -> Json:
    mark, instrument = house.engine.marks[position.symbol].price, house.engine.listing[position.symbol]
    now = str(milliseconds(house.now()))
    return {
        "marginCoin": "USDT",
        "symbol": position.symbol,
        "holdSide": "long" if position.side is Side.LONG else "short",
        "openDelegateSize": "0",
        "marginSize": text(position.margin),
        "available": text(position.quantity),
        "locked": "0",
        "total": text(position.quantity),
        "leverage": str(house.choices(key.account, position.symbol).leverage),
        "achievedProfits": "0",
        "openPriceAvg": text(position.entry_price),
        "marginMode": "isolated",
        "posMode": position_mode(house, key),
        "unrealizedPL": text(position.unrealised(mark)),
        "liquidationPrice": text(liquidation_price(position, instrument)),
        "keepMarginRate": text(bracket_for(instrument, position.cost).maintenance_rate),
        "markPrice": text(mark),
        "marginRatio": "0",
        "assetMode": "single",
        "cTime": now,
        "uTime": now,
    }


def set_leverage(house: House, key: IssuedKey, given: Parameters) -> Json:
    """POST /api/v2/mix/account/set-leverage; the simulated venue keeps one leverage for both sides of a symbol."""
    instrument = listed(house, given)
    if house.account(key.account).hedge and given.get("holdSide") not in SIDES:
        raise Wrong("40017", "Parameter verification failed holdSide")
    wished = int(given.get("leverage", "0"))
    if not 1 <= wished <= instrument.brackets[0].max_leverage:
        raise Wrong("40797", "Exceeded the maximum settable leverage")
    house.choices(key.account, instrument.symbol).leverage = wished
    return _settings(house, key, instrument.symbol)


def set_margin_mode(house: House, key: IssuedKey, given: Parameters) -> Json:
    """POST /api/v2/mix/account/set-margin-mode."""
    symbol = listed(house, given).symbol
    of = house.account(key.account)
    if any(of.open_orders(symbol, side) or (symbol, side) in of.positions for side in Side):
        raise Wrong("45117", "Currently holding positions or orders, the margin mode cannot be adjusted")
    house.choices(key.account, symbol).isolated = given.get("marginMode") == "isolated"
    return _settings(house, key, symbol)


def _settings(house: House, key: IssuedKey, symbol: Symbol) -> Json:
    choices = house.choices(key.account, symbol)
    leverage = str(choices.leverage)
    return {
        "symbol": symbol,
        "marginCoin": "USDT",
        "longLeverage": leverage,
        "shortLeverage": leverage,
        "crossMarginLeverage": leverage,
        "marginMode": "isolated" if choices.isolated else "crossed",
    }


def set_position_mode(house: House, key: IssuedKey, given: Parameters) -> Json:
    """POST /api/v2/mix/account/set-position-mode."""
    check_product(given)
    of = house.account(key.account)
    if of.positions or any(order.open for order in of.orders.values()):
        raise Wrong("40920", "Position or order exists, the position mode cannot be switched")
    of.hedge = given.get("posMode") == "hedge_mode"
    return {"posMode": position_mode(house, key)}


def bills(house: House, key: IssuedKey, given: Parameters) -> Json:
    """GET /api/v2/mix/account/bill, newest first: transfers, and funding as each closing settled it."""
    check_product(given)
    of, kind = house.account(key.account), given.get("businessType")
    told = []
    for one in of.transfers:
        direction = "trans_from_exchange" if one.amount > 0 else "trans_to_exchange"
        told.append(_bill(int(one.venue_id), direction, "", one.amount, milliseconds(one.at)))
    funded = [(order.ticket.symbol, fill) for order in of.orders.values() for fill in order.fills if fill.funding]
    for number, (symbol, fill) in enumerate(funded, start=2):
        told.append(_bill(number, "contract_settle_fee", symbol, -fill.funding, milliseconds(fill.at)))
    since, until = int(given.get("startTime", 0)), int(given.get("endTime", 2**53))
    chosen = [each for each in told if kind in {None, each["businessType"]} and since <= int(each["cTime"]) <= until]
    return _page(sorted(chosen, key=lambda bill: (int(bill["cTime"]), int(bill["billId"])), reverse=True), given)


def _page(bills: Sequence[Json], given: Parameters) -> Json:
    """From where the page before ended, which `idLessThan` names."""
    names = [bill["billId"] for bill in bills]
    start = names.index(given["idLessThan"]) + 1 if given.get("idLessThan") in names else 0
    told = bills[start : start + int(given.get("limit", 20))]
    return {"bills": told, "endId": told[-1]["billId"] if told else None}


def _bill(number: int, kind: str, symbol: str, amount: Decimal, at: int) -> Json:
    money = {"amount": text(amount), "fee": "0", "feeByCoupon": "", "coin": "USDT"}
    return {"billId": str(number), "symbol": symbol, "businessType": kind, "cTime": str(at), **money}


def information(key: IssuedKey) -> Json:
    """GET /api/v2/spot/account/info: what the key may do, in the venue's letters."""
    return {
        "userId": str(key.account.int % 10**10),
        "inviterId": "",
        "ips": ",".join(sorted(key.addresses)),
        "authorities": [*READS, *(TRADES if key.trades else ()), *(WITHDRAWS if key.withdraws else ())],
        "parentId": 0,
        "traderType": "not_trader",
        "channelCode": "",
        "channel": "",
        "regisTime": "1698645219000",
    }
