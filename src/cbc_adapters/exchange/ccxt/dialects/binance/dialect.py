"""Binance USDS-M futures: plain orders and the algo service that keeps conditional ones.

Source: developers.binance.com/docs/derivatives/usds-margined-futures.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import ccxt as vendor

from cbc_adapters.exchange.ccxt.asking import Asked, Page, all_rows, answer_unless, windows
from cbc_adapters.exchange.ccxt.dialect import Balance, Booked, Client, Closed, Moved, Placing, Sought
from cbc_adapters.exchange.ccxt.dialects.binance.closings import closings_of
from cbc_adapters.exchange.ccxt.dialects.binance.faults import ALREADY, DOUBTFUL, FAULTS, GONE
from cbc_adapters.exchange.ccxt.dialects.binance.translate import (
    CONDITIONAL,
    STANDS,
    STATES,
    algo_order,
    bracket_of,
    fill_of,
    holding_of,
    instrument_of,
    plain_order,
)
from cbc_adapters.exchange.ccxt.translate import Vendor, booked, instant, milliseconds, number, quote_of
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.exchange import Holding, OpenOrder, ReportState
from cbc_domain.ports.venue_keys import KeyFindings
from cbc_domain.trading.model import Fill, Leg
from cbc_domain.trading.sizes import Bracket, Instrument, Quote

LARGEST: Final = 1000
"""Rows of one page of trades or income."""
WEEK_MS: Final = 7 * 24 * 3_600_000
"""Trades of a longer time are not told at once."""


class BinanceDialect:
    """See `Dialect`; every order goes out with its own client id, the stop before the entry and the target after the fill."""

    venue: Final = Venue.BINANCE
    ccxt_id: Final = "binanceusdm"
    attaches: Final = frozenset[Leg]()
    takes_stop_first: Final = True
    forgets_ids: Final = True
    tiers_need_key: Final = True
    faults: Final = FAULTS
    doubtful: Final = DOUBTFUL

    def settings(self, environment: Environment) -> Mapping[str, Any]:
        # A stream of orders would ask for positions first, beside our budgets; a failure would log the signature (KEY-08).
        unasked = {"watchPositions": {"fetchPositionsSnapshot": False}}
        return {"options": {"fetchMarkets": {"types": ["linear"]}, "recvWindow": 5000, **unasked}}

    def enter_environment(self, client: Client, environment: Environment) -> None:
        if environment is Environment.TESTNET:
            client.enable_demo_trading(True)

    async def time(self, client: Client) -> datetime:
        return instant((await client.fapiPublicGetTime())["serverTime"])

    async def instruments(self, client: Client) -> Mapping[Symbol, Instrument]:
        told = await client.fapiPublicGetExchangeInfo()
        linear = [one for one in told["symbols"] if one["contractType"] == "PERPETUAL" and one["quoteAsset"] == "USDT"]
        return {Symbol(one["symbol"]): instrument_of(one) for one in linear}

    async def brackets(self, client: Client, symbol: Symbol) -> Mapping[Symbol, tuple[Bracket, ...]]:
        told = await client.fapiPrivateGetLeverageBracket()
        return {Symbol(one["symbol"]): tuple(bracket_of(each) for each in one["brackets"]) for one in told}

    async def quote(self, client: Client, symbol: Symbol) -> Quote:
        mark = await client.fapiPublicGetPremiumIndex({"symbol": symbol})
        book = await client.fapiPublicGetTickerBookTicker({"symbol": symbol})
        return quote_of(symbol, mark["markPrice"], mark["time"], book["bidPrice"], book["askPrice"])

    async def prepare(self, client: Client, instrument: Instrument, side: Side, leverage: int, *, hedge: bool) -> None:
        asked = {"symbol": instrument.symbol, "marginType": "ISOLATED"}
        await answer_unless(ALREADY, client.fapiPrivatePostMarginType(asked))
        await client.fapiPrivatePostLeverage({"symbol": instrument.symbol, "leverage": str(leverage)})

    async def place(self, client: Client, placing: Placing) -> Booked | None:
        ticket = placing.ticket
        if ticket.leg in CONDITIONAL:
            told = await client.fapiPrivatePostAlgoOrder(algo_order(ticket, placing.hedge))
            return booked(ticket.client_id, told["algoId"], STATES[told["algoStatus"]], (), instant(told["updateTime"]))
        told = await client.fapiPrivatePostOrder(plain_order(ticket, placing.hedge))
        try:
            return await self._with_fills(client, ticket.client_id, told)
        except vendor.BaseError:
            # It stands: that its trades could not be read now is no refusal of it.
            return booked(ticket.client_id, told["orderId"], ReportState.LIVE, (), instant(told["updateTime"]))

    async def find(self, client: Client, sought: Sought) -> Booked | None:
        for look in self._looks(sought.leg):
            with suppress(vendor.OrderNotFound):
                return await look(client, sought)
        return None

    async def cancel(self, client: Client, sought: Sought) -> bool:
        symbol, ended = sought.instrument.symbol, False
        if sought.leg in {None, *CONDITIONAL}:
            asked = {"clientAlgoId": sought.client_id, "symbol": symbol}
            ended = await answer_unless(GONE, client.fapiPrivateDeleteAlgoOrder(asked)) is not None
        if sought.leg not in CONDITIONAL:
            asked = {"symbol": symbol, "origClientOrderId": sought.client_id}
            await answer_unless(GONE, client.fapiPrivateDeleteOrder(asked))
        return ended and sought.leg in CONDITIONAL

    async def holdings(self, client: Client, instrument: Instrument | None) -> Sequence[Holding]:
        told = await client.fapiPrivateV3GetPositionRisk({"symbol": instrument.symbol} if instrument else {})
        return [held for one in told if (held := holding_of(one)).quantity]

    async def balance(self, client: Client) -> Balance:
        told = await client.fapiPrivateV3GetAccount()
        return Balance(
            number(told["totalMarginBalance"]),
            number(told["availableBalance"]),
            number(told["totalInitialMargin"]),
            held=frozenset(Symbol(one["symbol"]) for one in told["positions"] if number(one["positionAmt"])),
        )

    async def transfers(self, client: Client, since_ms: int) -> Sequence[Moved]:
        asked = {"incomeType": "TRANSFER", "startTime": since_ms, "limit": LARGEST}

        async def page(further: Asked) -> Page:
            number_of_page = int(str(further.get("page", 1)))
            told = await client.fapiPrivateGetIncome({**asked, "page": number_of_page})
            return told, {"page": number_of_page + 1} if len(told) == LARGEST else None

        in_usdt = [one for one in await all_rows(page) if one["asset"] == "USDT"]
        return [Moved(str(one["tranId"]), number(one["income"]), instant(one["time"])) for one in in_usdt]

    async def fundings(self, client: Client, symbol: Symbol, since: datetime, until: datetime) -> Sequence[datetime]:
        asked = {"symbol": symbol, "startTime": milliseconds(since), "endTime": milliseconds(until), "limit": 100}
        return [instant(one["fundingTime"]) for one in await client.fapiPublicGetFundingRate(asked)]

    async def closings(
        self, client: Client, instrument: Instrument, side: Side, since: datetime, until: datetime | None, *, funded: bool
    ) -> Sequence[Closed]:
        trades: list[Vendor] = []
        bills: list[Vendor] = []
        first = milliseconds(since)
        last = max(client.milliseconds(), first) if until is None else milliseconds(until)
        for start, end in windows(first, last, WEEK_MS):
            window = {"symbol": instrument.symbol, "startTime": start, "limit": LARGEST}
            if until is not None or end < last:
                # Up to now has no end: by the venue's clock it may be later than by ours (EXC-07).
                window["endTime"] = end
            trades += await client.fapiPrivateGetUserTrades(window)
            bills += await client.fapiPrivateGetIncome(window | {"incomeType": "FUNDING_FEE"}) if funded else []
        return closings_of(trades, bills, side)

    async def open_orders(self, client: Client) -> Sequence[OpenOrder]:
        plain = await client.fapiPrivateGetOpenOrders()
        algos = await client.fapiPrivateGetOpenAlgoOrders()
        return [
            *(OpenOrder(Symbol(one["symbol"]), one["clientOrderId"]) for one in plain),
            *(OpenOrder(Symbol(one["symbol"]), one["clientAlgoId"]) for one in algos),
        ]

    async def examine(self, client: Client) -> KeyFindings:
        hedge = (await client.fapiPrivateGetPositionSideDual())["dualSidePosition"]
        account = await client.fapiPrivateV3GetAccount()
        if client.options.get("enableDemoTrading"):
            return KeyFindings(reads=bool(account), trades=True, withdraws=None, hedge=bool(hedge))
        told = await client.sapiGetAccountApiRestrictions()
        expiry = told.get("tradingAuthorityExpirationTime")
        return KeyFindings(
            reads=bool(told["enableReading"]),
            trades=bool(told["enableFutures"]),
            withdraws=bool(told["enableWithdrawals"]) or bool(told.get("permitsUniversalTransfer")),
            hedge=bool(hedge),
            restricted=bool(told["ipRestrict"]),
            expires_at=instant(expiry) if expiry else None,
        )

    async def listen(self, client: Client, tell: Callable[[Symbol, str], None]) -> None:
        while True:
            for order in await client.watch_orders():
                raw = order["info"]
                if raw["X"] != STANDS:
                    tell(Symbol(raw["s"]), str(raw.get("caid") or raw.get("c")))

    def _looks(self, leg: Leg | None) -> Sequence[Callable[[Client, Sought], Awaitable[Booked]]]:
        if leg is None:
            return (self._find_plain, self._find_algo)
        return (self._find_algo,) if leg in CONDITIONAL else (self._find_plain,)

    async def _find_plain(self, client: Client, sought: Sought) -> Booked:
        asked = {"symbol": sought.instrument.symbol, "origClientOrderId": sought.client_id}
        return await self._with_fills(client, sought.client_id, await client.fapiPrivateGetOrder(asked))

    async def _find_algo(self, client: Client, sought: Sought) -> Booked:
        told = await client.fapiPrivateGetAlgoOrder({"clientAlgoId": sought.client_id})
        actual = told.get("actualOrderId")
        if not actual:
            return booked(sought.client_id, told["algoId"], STATES[told["algoStatus"]], (), instant(told["updateTime"]))
        became = await client.fapiPrivateGetOrder({"symbol": sought.instrument.symbol, "orderId": actual})
        return await self._with_fills(client, sought.client_id, became)

    async def _with_fills(self, client: Client, client_id: str, told: Vendor) -> Booked:
        fills: list[Fill] = []
        executed = number(told["executedQty"])
        if executed:
            asked = {"symbol": told["symbol"], "orderId": told["orderId"]}
            fills = [fill_of(one, client_id) for one in await client.fapiPrivateGetUserTrades(asked)]
        return booked(client_id, told["orderId"], STATES[told["status"]], fills, instant(told["updateTime"]), executed)
