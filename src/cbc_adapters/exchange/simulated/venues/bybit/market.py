"""What Bybit tells everybody: rules, prices, tiers, time."""

from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.venues.bybit.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.house import House
from cbc_adapters.exchange.simulated.venues.wire import Json, decimal_of, milliseconds, text
from cbc_domain.kernel.venues import Symbol, coin_of
from cbc_domain.trading.sizes import Instrument

LINEAR: Final = "linear"
ENDLESS: Final = "1000000000000"
"""The limit of a tier that has none."""


def listed(house: House, given: Json) -> Instrument:
    """The instrument that a call names. Raises Wrong 10001."""
    if given.get("category") != LINEAR:
        raise Wrong(10001, "params error: category only supports linear here")
    instrument = house.engine.listing.get(Symbol(given.get("symbol") or ""))
    if instrument is None:
        raise Wrong(10001, "params error: symbol invalid")
    return instrument


def positive(value: object, name: str) -> Decimal:
    """The number that a client wrote. Raises Wrong 10001, with the name of the parameter."""
    number = decimal_of(value)
    if number is None or number <= 0:
        raise Wrong(10001, f"{name} invalid")
    return number


def page(rows: list[Json], given: Json, usual: int, most: int) -> Json:
    """One page of a list; the cursor is where the next one begins, and it is given after the last page as well."""
    try:
        size, start = int(given.get("limit", usual)), int(given.get("cursor", 0))
    except ValueError:
        raise Wrong(10001, "params error: limit or cursor invalid") from None
    if not 1 <= size <= most:
        raise Wrong(10001, f"params error: limit should be between 1 and {most}")
    chosen = rows[start : start + size]
    return {"category": LINEAR, "list": chosen, "nextPageCursor": str(start + len(chosen)) if chosen else ""}


def time(house: House, given: Json) -> Json:
    now = milliseconds(house.now())
    return {"timeSecond": str(now // 1000), "timeNano": str(now * 1_000_000)}


def instruments_info(house: House, given: Json) -> Json:
    if given.get("category") != LINEAR:
        raise Wrong(10001, "params error: category only supports linear here")
    wanted = {given.get("symbol"), None}
    status = given.get("status", "Trading")
    every = [_instrument(each) for each in house.engine.listing.values() if "symbol" not in given or each.symbol in wanted]
    return page([each for each in every if each["status"] == status], given, 500, 1000)


def _instrument(instrument: Instrument) -> Json:
    step, least, tick = text(instrument.step), text(instrument.min_quantity), text(instrument.tick)
    most = text(instrument.max_market_quantity) if instrument.max_market_quantity else "1000000000"
    highest = max(bracket.max_leverage for bracket in instrument.brackets)
    return {
        "symbol": instrument.symbol,
        "contractType": "LinearPerpetual",
        "status": "Trading" if instrument.tradable else "Settling",
        "baseCoin": coin_of(instrument.symbol),
        "quoteCoin": "USDT",
        "settleCoin": "USDT",
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": str(len(tick.partition(".")[2])),
        "leverageFilter": {"minLeverage": "1", "maxLeverage": f"{highest}.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": tick, "maxPrice": "1999999.80", "tickSize": tick},
        "lotSizeFilter": {
            "maxOrderQty": most,
            "minOrderQty": least,
            "qtyStep": step,
            "postOnlyMaxOrderQty": most,
            "maxMktOrderQty": most,
            "minNotionalValue": text(instrument.min_notional),
        },
        "unifiedMarginTrade": True,
        "fundingInterval": 480,
        "copyTrading": "none",
        "upperFundingRate": "0.005",
        "lowerFundingRate": "-0.005",
        "isPreListing": False,
        "preListingInfo": None,
    }


def tickers(house: House, given: Json) -> Json:
    chosen = [listed(house, given)] if "symbol" in given else list(house.engine.listing.values())
    told = [_ticker(house, each) for each in chosen if each.symbol in house.engine.marks]
    return {"category": LINEAR, "list": told}


def _ticker(house: House, instrument: Instrument) -> Json:
    price = house.engine.marks[instrument.symbol].price
    return {
        "symbol": instrument.symbol,
        "lastPrice": text(price),
        "indexPrice": text(price),
        "markPrice": text(price),
        "prevPrice24h": text(price),
        "price24hPcnt": "0",
        "highPrice24h": text(price),
        "lowPrice24h": text(price),
        "openInterest": "0",
        "turnover24h": "0",
        "volume24h": "0",
        "fundingRate": "0.0001",
        "nextFundingTime": str(milliseconds(house.now()) // 28_800_000 * 28_800_000 + 28_800_000),
        "bid1Price": text(price - instrument.tick),
        "bid1Size": "10",
        "ask1Price": text(price + instrument.tick),
        "ask1Size": "10",
    }


def risk_limit(house: House, given: Json) -> Json:
    """Tiers of a symbol, rates as fractions."""
    instrument, told = listed(house, given), []
    for number, bracket in enumerate(instrument.brackets, start=1):
        told.append(
            {
                "id": number,
                "symbol": instrument.symbol,
                "riskLimitValue": text(bracket.notional_up_to) if bracket.notional_up_to is not None else ENDLESS,
                "maintenanceMargin": text(bracket.maintenance_rate),
                "initialMargin": f"{1 / bracket.max_leverage:.4f}",
                "isLowestRisk": int(number == 1),
                "maxLeverage": f"{bracket.max_leverage}.00",
                "mmDeduction": "",
            }
        )
    return {"category": LINEAR, "list": told, "nextPageCursor": ""}
