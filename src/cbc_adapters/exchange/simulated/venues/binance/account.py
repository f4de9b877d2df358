"""What Binance tells and changes of an account: balances, positions, settings, history, permissions."""

from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.model import VenueAccount, VenuePosition
from cbc_adapters.exchange.simulated.venues.binance.market import listed
from cbc_adapters.exchange.simulated.venues.binance.orders import trade_bodies
from cbc_adapters.exchange.simulated.venues.binance.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.order_numbers import plain_number
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text
from cbc_domain.kernel.venues import Side

Parameters = dict[str, str]

WEEK_MS: Final = 7 * 24 * 3_600_000


def account_body(house: House, key: IssuedKey) -> Json:
    """GET /fapi/v3/account: totals in USDT, and the positions that are open."""
    account = house.account(key.account)
    unrealised = house.engine.unrealised(key.account)
    return {
        "totalInitialMargin": text(account.margin_in_use),
        "totalMaintMargin": "0.00000000",
        "totalWalletBalance": text(account.cash),
        "totalUnrealizedProfit": text(unrealised),
        "totalMarginBalance": text(account.cash + unrealised),
        "totalPositionInitialMargin": text(account.margin_in_use),
        "totalOpenOrderInitialMargin": "0.00000000",
        "totalCrossWalletBalance": text(account.available),
        "totalCrossUnPnl": "0.00000000",
        "availableBalance": text(account.available),
        "maxWithdrawAmount": text(account.available),
        "assets": [
            {
                "asset": "USDT",
                "walletBalance": text(account.cash),
                "unrealizedProfit": text(unrealised),
                "marginBalance": text(account.cash + unrealised),
                "maintMargin": "0.00000000",
                "initialMargin": text(account.margin_in_use),
                "positionInitialMargin": text(account.margin_in_use),
                "openOrderInitialMargin": "0.00000000",
                "crossWalletBalance": text(account.available),
                "crossUnPnl": "0.00000000",
                "availableBalance": text(account.available),
                "maxWithdrawAmount": text(account.available),
                "updateTime": milliseconds(house.now()),
            }
        ],
        "positions": [_position(house, account, position) for position in account.positions.values()],
    }


def position_risk(house: House, key: IssuedKey, symbol: str | None) -> Json:
    account = house.account(key.account)
    held = account.positions.values()
    return [_position(house, account, position) for position in held if symbol in {None, position.symbol}]


def _position(house: House, account: VenueAccount, position: VenuePosition) -> Json:
    mark = house.engine.marks[position.symbol].price
    signed = position.quantity if position.side is Side.LONG else -position.quantity
    return {
        "symbol": position.symbol,
        "positionSide": position.side.value if account.hedge else "BOTH",
        "positionAmt": text(signed),
        "entryPrice": text(position.entry_price),
        "breakEvenPrice": text(position.entry_price),
        "markPrice": text(mark),
        "unRealizedProfit": text(position.unrealised(mark)),
        "unrealizedProfit": text(position.unrealised(mark)),
        "liquidationPrice": "0",
        "isolatedMargin": text(position.margin),
        "isolatedWallet": text(position.margin),
        "notional": text(mark * position.coins),
        "initialMargin": text(position.margin),
        "maintMargin": "0",
        "positionInitialMargin": text(position.margin),
        "openOrderInitialMargin": "0",
        "marginAsset": "USDT",
        "adl": 1,
        "bidNotional": "0",
        "askNotional": "0",
        "updateTime": milliseconds(house.now()),
    }


def set_leverage(house: House, key: IssuedKey, parameters: Parameters) -> Json:
    instrument = listed(house, parameters.get("symbol"))
    wished = int(parameters.get("leverage", "0"))
    if not 1 <= wished <= instrument.brackets[0].max_leverage:
        raise Wrong(-4028, f"Leverage {wished} is not valid")
    house.choices(key.account, instrument.symbol).leverage = wished
    return {"leverage": wished, "maxNotionalValue": "1000000", "symbol": instrument.symbol}


def set_margin_type(house: House, key: IssuedKey, parameters: Parameters) -> Json:
    choices = house.choices(key.account, listed(house, parameters.get("symbol")).symbol)
    isolated = parameters.get("marginType") == "ISOLATED"
    if choices.isolated == isolated:
        raise Wrong(-4046, "No need to change margin type.")
    choices.isolated = isolated
    return {"code": 200, "msg": "success"}


def set_mode(house: House, key: IssuedKey, parameters: Parameters) -> Json:
    account, hedge = house.account(key.account), parameters.get("dualSidePosition") == "true"
    if account.hedge == hedge:
        raise Wrong(-4059, "No need to change position side.")
    if account.positions or any(order.open for order in account.orders.values()):
        raise Wrong(-4068, "Position side cannot be changed if there exists position.")
    account.hedge = hedge
    return {"code": 200, "msg": "success"}


def trades(house: House, key: IssuedKey, parameters: Parameters) -> Json:
    """GET /fapi/v1/userTrades: of one order, or of a symbol between two instants, oldest first."""
    account, symbol = house.account(key.account), listed(house, parameters.get("symbol")).symbol
    since, until = int(parameters.get("startTime", 0)), int(parameters.get("endTime", 2**53))
    if "endTime" in parameters and until - since > WEEK_MS:
        raise Wrong(-4165, "Invalid time interval: maximum is 7 days")
    number, least = parameters.get("orderId"), int(parameters.get("limit", 500))
    asked = None if number is None else int(number)
    told = [
        trade
        for order in account.orders.values()
        if order.fills and order.ticket.symbol == symbol and asked in {None, plain_number(order)}
        for trade in trade_bodies(account, order)
        if since <= trade["time"] <= until
    ]
    return sorted(told, key=lambda trade: (trade["time"], trade["id"]))[:least]


def income(house: House, key: IssuedKey, parameters: Parameters) -> Json:
    """GET /fapi/v1/income, oldest first: transfers, funding, and realised results as one line for each closing."""
    account = house.account(key.account)
    kind, symbol = parameters.get("incomeType"), parameters.get("symbol")
    lines = [_income("TRANSFER", "", one.amount, milliseconds(one.at), int(one.venue_id)) for one in account.transfers]
    for number, closing in enumerate(account.closings, start=2):
        lines.append(_income("REALIZED_PNL", closing.symbol, closing.net, milliseconds(closing.at), number))
    for number, bill in enumerate(account.bills, start=2):
        lines.append(_income("FUNDING_FEE", bill.symbol, -bill.paid, milliseconds(bill.at), number))
    since, until = int(parameters.get("startTime", 0)), int(parameters.get("endTime", 2**53))
    told = [
        line
        for line in sorted(lines, key=lambda line: int(line["time"]))
        if kind in {None, line["incomeType"]} and symbol in {None, line["symbol"]} and since <= line["time"] <= until
    ]
    limit, page = int(parameters.get("limit", 100)), int(parameters.get("page", 1))
    return told[(page - 1) * limit : page * limit]


def _income(kind: str, symbol: str, amount: Decimal, at: int, number: int) -> Json:
    asset = {"asset": "USDT", "info": kind, "tradeId": "", "tranId": number}
    return {"symbol": symbol, "incomeType": kind, "income": text(amount), "time": at, **asset}


def restrictions(key: IssuedKey) -> Json:
    """GET /sapi/v1/account/apiRestrictions: what the key may do."""
    body: Json = {
        "ipRestrict": bool(key.addresses),
        "createTime": 1698645219000,
        "enableReading": True,
        "enableWithdrawals": key.withdraws,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": key.trades,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enablePortfolioMarginTrading": False,
        "enableSpotAndMarginTrading": False,
    }
    return body | ({"tradingAuthorityExpirationTime": milliseconds(key.expires_at)} if key.expires_at else {})
