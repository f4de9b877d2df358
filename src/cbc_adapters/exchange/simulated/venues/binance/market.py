"""What Binance tells everybody: rules, prices, time."""

from collections.abc import Mapping

from cbc_adapters.exchange.simulated.venues.binance.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.house import House
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text
from cbc_domain.kernel.venues import Symbol, coin_of
from cbc_domain.trading.sizes import Bracket, Instrument


def listed(house: House, symbol: str | None) -> Instrument:
    """The instrument of a `symbol`. Raises Wrong -1121."""
    instrument = house.engine.listing.get(Symbol(symbol or ""))
    if instrument is None:
        raise Wrong(-1121, "Invalid symbol.")
    return instrument


def exchange_info(house: House, now: int) -> Json:
    return {
        "timezone": "UTC",
        "serverTime": now,
        "futuresType": "U_MARGINED",
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400},
            {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
        ],
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
        "symbols": [_symbol(each) for each in house.engine.listing.values()],
    }


def _symbol(instrument: Instrument) -> Json:
    largest = text(instrument.max_market_quantity) if instrument.max_market_quantity else "1000000000"
    step, least = text(instrument.step), text(instrument.min_quantity)
    return {
        "symbol": instrument.symbol,
        "pair": instrument.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000,
        "onboardDate": 1569398400000,
        "status": "TRADING" if instrument.tradable else "SETTLING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": coin_of(instrument.symbol),
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": _places(text(instrument.tick)),
        "quantityPrecision": _places(step),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "triggerProtect": "0.0500",
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": text(instrument.tick),
                "maxPrice": "4529764",
                "tickSize": text(instrument.tick),
            },
            {"filterType": "LOT_SIZE", "minQty": least, "maxQty": largest, "stepSize": step},
            {"filterType": "MARKET_LOT_SIZE", "minQty": least, "maxQty": largest, "stepSize": step},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 10},
            {"filterType": "MIN_NOTIONAL", "notional": text(instrument.min_notional)},
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }


def _places(step: str) -> int:
    return len(step.partition(".")[2])


def premium_index(house: House, symbol: str | None) -> Json:
    if symbol is not None:
        return _premium(house, listed(house, symbol))
    return [_premium(house, each) for each in house.engine.listing.values() if each.symbol in house.engine.marks]


def _premium(house: House, instrument: Instrument) -> Json:
    mark = house.engine.marks[instrument.symbol]
    return {
        "symbol": instrument.symbol,
        "markPrice": text(mark.price),
        "indexPrice": text(mark.price),
        "estimatedSettlePrice": text(mark.price),
        "lastFundingRate": "0.00010000",
        "interestRate": "0.00010000",
        "nextFundingTime": milliseconds(house.now()) // 28_800_000 * 28_800_000 + 28_800_000,
        "time": milliseconds(house.now()),
    }


def book_ticker(house: House, symbol: str | None) -> Json:
    instrument = listed(house, symbol)
    price, now = house.engine.marks[instrument.symbol].price, milliseconds(house.now())
    bid, ask = text(price - instrument.tick), text(price + instrument.tick)
    return {
        "symbol": symbol,
        "bidPrice": bid,
        "bidQty": "10",
        "askPrice": ask,
        "askQty": "10",
        "time": now,
        "lastUpdateId": now,
    }


def funding_rates(house: House, parameters: Mapping[str, str]) -> Json:
    """GET /fapi/v1/fundingRate: when funding of a symbol fell due between two instants, oldest first."""
    symbol = listed(house, parameters.get("symbol")).symbol
    since, until = int(parameters.get("startTime", 0)), int(parameters.get("endTime", 2**53))
    told = [
        {"symbol": symbol, "fundingRate": text(due.rate), "fundingTime": milliseconds(due.at)}
        for due in house.engine.fundings
        if due.symbol == symbol and since <= milliseconds(due.at) <= until
    ]
    return told[: int(parameters.get("limit", 100))]


def leverage_brackets(house: House, symbol: str | None) -> Json:
    chosen = [listed(house, symbol)] if symbol else list(house.engine.listing.values())
    return [{"symbol": each.symbol, "notionalCoef": 1.0, "brackets": _brackets(each.brackets)} for each in chosen]


def _brackets(brackets: tuple[Bracket, ...]) -> Json:
    told, floor = [], "0"
    for number, bracket in enumerate(brackets, start=1):
        cap = text(bracket.notional_up_to) if bracket.notional_up_to is not None else "9223372036854775807"
        told.append(
            {
                "bracket": number,
                "initialLeverage": bracket.max_leverage,
                "notionalCap": int(cap),
                "notionalFloor": int(floor),
                "maintMarginRatio": float(bracket.maintenance_rate),
                "cum": 0.0,
            }
        )
        floor = cap
    return told
