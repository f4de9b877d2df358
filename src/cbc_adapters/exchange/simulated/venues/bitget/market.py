"""What Bitget tells everybody: rules, tiers, prices."""

from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.venues.bitget.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.house import House
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text
from cbc_domain.kernel.venues import Symbol, coin_of
from cbc_domain.trading.sizes import Instrument

Parameters = dict[str, str]

PRODUCTS: Final = ("USDT-FUTURES", "COIN-FUTURES", "USDC-FUTURES", "SUSDT-FUTURES", "SCOIN-FUTURES", "SUSDC-FUTURES")
NO_LIMIT: Final = "100000000000"
"""What stands as the end of the last tier."""


def check_product(given: Parameters) -> None:
    if given.get("productType", "").upper() not in PRODUCTS:
        raise Wrong("40017", "Parameter verification failed productType")


def listed(house: House, given: Parameters) -> Instrument:
    """The instrument that a call names, of the one product that the simulated venue trades. Raises Wrong 40017, 40034."""
    check_product(given)
    symbol = given.get("symbol", "").upper()
    instrument = house.engine.listing.get(Symbol(symbol))
    if instrument is None or given["productType"].upper() != PRODUCTS[0]:
        raise Wrong("40034", f"Parameter {symbol} does not exist")
    return instrument


def contracts(house: House, given: Parameters) -> Json:
    check_product(given)
    if given["productType"].upper() != PRODUCTS[0]:
        return []
    if "symbol" in given:
        return [_contract(listed(house, given))]
    return [_contract(each) for each in house.engine.listing.values()]


def _contract(instrument: Instrument) -> Json:
    places = len(text(instrument.tick).partition(".")[2])
    return {
        "symbol": instrument.symbol,
        "baseCoin": coin_of(instrument.symbol),
        "quoteCoin": "USDT",
        "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.05",
        "feeRateUpRatio": "0.005",
        "makerFeeRate": text(instrument.maker_fee),
        "takerFeeRate": text(instrument.taker_fee),
        "openCostUpRatio": "0.01",
        "supportMarginCoins": ["USDT"],
        "minTradeNum": text(instrument.min_quantity),
        "priceEndStep": text((instrument.tick.scaleb(places)).to_integral_value()),
        "volumePlace": str(len(text(instrument.step).partition(".")[2])),
        "pricePlace": str(places),
        "sizeMultiplier": text(instrument.step),
        "symbolType": "perpetual",
        "minTradeUSDT": text(instrument.min_notional),
        "maxSymbolOrderNum": "200",
        "maxProductOrderNum": "400",
        "maxPositionNum": "150",
        "symbolStatus": "normal" if instrument.tradable else "off",
        "offTime": "-1",
        "limitOpenTime": "-1",
        "deliveryTime": "",
        "deliveryStartTime": "",
        "deliveryPeriod": "",
        "launchTime": "",
        "fundInterval": "8",
        "minLever": "1",
        "maxLever": str(instrument.brackets[0].max_leverage),
        "posLimit": "0.05",
        "maintainTime": "",
        "maxMarketOrderQty": text(instrument.max_market_quantity) if instrument.max_market_quantity else "",
        "maxOrderQty": "",
    }


def ticker(house: House, given: Parameters) -> Json:
    instrument = listed(house, given)
    price, now = _mark(house, instrument), str(milliseconds(house.now()))
    return [
        {
            "symbol": instrument.symbol,
            "lastPr": text(price),
            "askPr": text(price + instrument.tick),
            "bidPr": text(price - instrument.tick),
            "bidSz": "10",
            "askSz": "10",
            "high24h": text(price),
            "low24h": text(price),
            "ts": now,
            "change24h": "0",
            "baseVolume": "0",
            "quoteVolume": "0",
            "usdtVolume": "0",
            "openUtc": text(price),
            "changeUtc24h": "0",
            "indexPrice": text(price),
            "fundingRate": "0.0001",
            "holdingAmount": "0",
            "deliveryStartTime": None,
            "deliveryTime": None,
            "deliveryStatus": "",
            "open24h": text(price),
            "markPrice": text(price),
        }
    ]


def symbol_price(house: House, given: Parameters) -> Json:
    instrument = listed(house, given)
    price = text(_mark(house, instrument))
    now = str(milliseconds(house.now()))
    return [{"symbol": instrument.symbol, "price": price, "indexPrice": price, "markPrice": price, "ts": now}]


def position_tiers(house: House, given: Parameters) -> Json:
    instrument, told, floor = listed(house, given), [], "0"
    for level, bracket in enumerate(instrument.brackets, start=1):
        end = text(bracket.notional_up_to) if bracket.notional_up_to is not None else NO_LIMIT
        told.append(
            {
                "symbol": instrument.symbol,
                "level": str(level),
                "startUnit": floor,
                "endUnit": end,
                "leverage": str(bracket.max_leverage),
                "keepMarginRate": text(bracket.maintenance_rate),
            }
        )
        floor = end
    return told


def _mark(house: House, instrument: Instrument) -> Decimal:
    quote = house.engine.marks.get(instrument.symbol)
    if quote is None:
        raise Wrong("40034", f"Parameter {instrument.symbol} does not exist")
    return quote.price
