"""What OKX tells everybody: rules, tiers, prices, time."""

from decimal import Decimal

from cbc_adapters.exchange.simulated.venues.house import House
from cbc_adapters.exchange.simulated.venues.okx.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds, text
from cbc_domain.kernel.rounding import down_to
from cbc_domain.kernel.venues import Symbol, coin_of
from cbc_domain.trading.sizes import Instrument

SUFFIX = "-USDT-SWAP"
ENDLESS = Decimal(10**9)
"""Contracts at which the last tier of the simulated venue ends, where the engine knows no end."""

Parameters = dict[str, str]


def instrument_id(symbol: Symbol) -> str:
    return coin_of(symbol) + SUFFIX


def listed(house: House, name: str | None, *, in_row: bool = False) -> Instrument:
    """The instrument of an `instId`. Raises Wrong 51001, in the row of an order when it is asked for by one."""
    told = name or ""
    symbol = Symbol(told.removesuffix(SUFFIX) + "USDT")
    instrument = house.engine.listing.get(symbol) if told.endswith(SUFFIX) else None
    if instrument is None:
        raise Wrong("51001", "Instrument ID, Instrument ID code or Spread ID doesn't exist.", in_row=in_row)
    return instrument


def time(house: House, given: Parameters) -> Json:
    return [{"ts": _now(house)}]


def instruments(house: House, given: Parameters) -> Json:
    """GET /api/v5/public/instruments: only perpetuals are listed here."""
    _of_swaps(given)
    chosen = [listed(house, given["instId"])] if "instId" in given else house.engine.listing.values()
    return [_instrument(each) for each in chosen]


def _of_swaps(given: Parameters) -> None:
    if given.get("instType") != "SWAP":
        raise Wrong("51000", "Parameter instType error", 400)


def _instrument(instrument: Instrument) -> Json:
    coin = coin_of(instrument.symbol)
    largest = text(instrument.max_market_quantity) if instrument.max_market_quantity else "1000000000"
    return {
        "alias": "",
        "baseCcy": "",
        "category": "1",
        "ctMult": "1",
        "ctType": "linear",
        "ctVal": text(instrument.contract_size),
        "ctValCcy": coin,
        "expTime": "",
        "futureSettlement": False,
        "groupId": "2",
        "instFamily": f"{coin}-USDT",
        "instId": instrument_id(instrument.symbol),
        "instType": "SWAP",
        "lever": str(max(bracket.max_leverage for bracket in instrument.brackets)),
        "listTime": "1611916828000",
        "lotSz": text(instrument.step),
        "maxIcebergSz": largest,
        "maxLmtAmt": "20000000",
        "maxLmtSz": largest,
        "maxMktSz": largest,
        "maxStopSz": largest,
        "maxTriggerSz": largest,
        "maxTwapSz": largest,
        "minSz": text(instrument.min_quantity),
        "optType": "",
        "quoteCcy": "",
        "ruleType": "normal",
        "settleCcy": "USDT",
        "state": "live" if instrument.tradable else "suspend",
        "stk": "",
        "tickSz": text(instrument.tick),
        "uly": f"{coin}-USDT",
    }


def position_tiers(house: House, given: Parameters) -> Json:
    """GET /api/v5/public/position-tiers: ends are in contracts, at the mark price of now."""
    _of_swaps(given)
    instrument = listed(house, f"{given.get('instFamily') or given.get('uly')}-SWAP")
    of_contract = instrument.contract_size * house.engine.marks[instrument.symbol].price
    told, least = [], "0"
    for number, bracket in enumerate(instrument.brackets, start=1):
        end = bracket.notional_up_to
        most = text(down_to(end / of_contract, instrument.step) if end is not None else ENDLESS)
        told.append(
            {
                "baseMaxLoan": "",
                "imr": text(round(Decimal(1) / bracket.max_leverage, 4)),
                "instFamily": given.get("instFamily", ""),
                "instId": "",
                "maxLever": str(bracket.max_leverage),
                "maxSz": most,
                "minSz": least,
                "mmr": text(bracket.maintenance_rate),
                "optMgnFactor": "0",
                "quoteMaxLoan": "",
                "tier": str(number),
                "uly": given.get("instFamily", ""),
            }
        )
        least = most
    return told


def mark_price(house: House, given: Parameters) -> Json:
    _of_swaps(given)
    chosen = [listed(house, given["instId"])] if "instId" in given else house.engine.listing.values()
    marks = ((each, house.engine.marks.get(each.symbol)) for each in chosen)
    return [
        {"instId": instrument_id(each.symbol), "instType": "SWAP", "markPx": text(mark.price), "ts": _now(house)}
        for each, mark in marks
        if mark is not None
    ]


def ticker(house: House, given: Parameters) -> Json:
    instrument = listed(house, given.get("instId"))
    price = house.engine.marks[instrument.symbol].price
    return [
        {
            "instType": "SWAP",
            "instId": given["instId"],
            "last": text(price),
            "lastSz": "1",
            "askPx": text(price + instrument.tick),
            "askSz": "10",
            "bidPx": text(price - instrument.tick),
            "bidSz": "10",
            "open24h": text(price),
            "high24h": text(price),
            "low24h": text(price),
            "volCcy24h": "0",
            "vol24h": "0",
            "sodUtc0": text(price),
            "sodUtc8": text(price),
            "ts": _now(house),
        }
    ]


def _now(house: House) -> str:
    return str(milliseconds(house.now()))
