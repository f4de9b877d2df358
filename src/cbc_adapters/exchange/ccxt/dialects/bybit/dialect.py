"""Bybit v5 linear perpetuals of a unified account: one kind of order, conditional or not, under ids of ours.

Source: bybit-exchange.github.io/docs/v5.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from cbc_adapters.exchange.ccxt.asking import windows
from cbc_adapters.exchange.ccxt.dialect import Balance, Booked, Client, Closed, Moved, Placing, Sought
from cbc_adapters.exchange.ccxt.dialects.bybit import orders
from cbc_adapters.exchange.ccxt.dialects.bybit.answers import LARGEST, ordered, pages
from cbc_adapters.exchange.ccxt.dialects.bybit.faults import ALREADY, DOUBTFUL, FAULTS
from cbc_adapters.exchange.ccxt.dialects.bybit.translate import (
    LINEAR,
    NO_NEWS,
    balance_of,
    bracket_of,
    closings_of,
    findings_of,
    holding_of,
    instrument_of,
    is_linear_perpetual,
)
from cbc_adapters.exchange.ccxt.translate import Vendor, instant, milliseconds, number, quote_of
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.exchange import Holding, OpenOrder
from cbc_domain.ports.venue_keys import KeyFindings
from cbc_domain.trading.model import Leg
from cbc_domain.trading.sizes import Bracket, Instrument, Quote

WEEK_MS: Final = 7 * 24 * 3_600_000
"""The longest window that the venue's records can be asked for at once."""
TRANSFERS: Final = ("TRANSFER_IN", "TRANSFER_OUT")
PROBE: Final = "BTCUSDT"
"""The symbol by which the position mode is read."""


class BybitDialect:
    """See `Dialect`; the stop goes with the entry under an id of the venue's, every other order under its own client id."""

    venue: Final = Venue.BYBIT
    ccxt_id: Final = "bybit"
    attaches: Final = frozenset({Leg.STOP})
    takes_stop_first: Final = False
    forgets_ids: Final = False
    tiers_need_key: Final = False
    fundings: Final = None
    faults: Final = FAULTS
    doubtful: Final = DOUBTFUL

    def settings(self, environment: Environment) -> Mapping[str, Any]:
        # Told so, it does not ask for the kind of account before each stream.
        unified = {"enableUnifiedMargin": False, "enableUnifiedAccount": True}
        return {"options": {"fetchMarkets": {"types": ["linear"]}, "recvWindow": 5000, **unified}}

    def enter_environment(self, client: Client, environment: Environment) -> None:
        if environment is Environment.TESTNET:
            client.set_sandbox_mode(True)

    async def time(self, client: Client) -> datetime:
        return instant((await client.publicGetV5MarketTime())["time"])

    async def instruments(self, client: Client) -> Mapping[Symbol, Instrument]:
        told = await pages(client.publicGetV5MarketInstrumentsInfo, {"category": LINEAR}, LARGEST["instruments"])
        return {Symbol(one["symbol"]): instrument_of(one) for one in told if is_linear_perpetual(one)}

    async def brackets(self, client: Client, symbol: Symbol) -> Mapping[Symbol, tuple[Bracket, ...]]:
        told = await client.publicGetV5MarketRiskLimit({"category": LINEAR, "symbol": symbol})
        tiers = sorted(told["result"]["list"], key=lambda one: number(one["riskLimitValue"]))
        return {symbol: tuple(bracket_of(one) for one in tiers)}

    async def quote(self, client: Client, symbol: Symbol) -> Quote:
        told = await client.publicGetV5MarketTickers({"category": LINEAR, "symbol": symbol})
        ticker = told["result"]["list"][0]
        return quote_of(symbol, ticker["markPrice"], told["time"], ticker["bid1Price"], ticker["ask1Price"])

    async def prepare(self, client: Client, instrument: Instrument, side: Side, leverage: int, *, hedge: bool) -> None:
        account = (await client.privateGetV5AccountInfo())["result"]
        if account["marginMode"] != "ISOLATED_MARGIN":
            await ordered(client.privatePostV5AccountSetMarginMode({"setMarginMode": "ISOLATED_MARGIN"}), ALREADY)
        wished = {"buyLeverage": str(leverage), "sellLeverage": str(leverage)}
        asked = {"category": LINEAR, "symbol": instrument.symbol, **wished}
        await ordered(client.privatePostV5PositionSetLeverage(asked), ALREADY)

    async def place(self, client: Client, placing: Placing) -> Booked | None:
        return await orders.place(client, placing)

    async def find(self, client: Client, sought: Sought) -> Booked | None:
        return await orders.find(client, sought)

    async def cancel(self, client: Client, sought: Sought) -> bool:
        return await orders.cancel(client, sought)

    async def holdings(self, client: Client, instrument: Instrument | None) -> Sequence[Holding]:
        told = await pages(client.privateGetV5PositionList, _only(instrument), LARGEST["positions"])
        return [held for one in told if (held := holding_of(one)).quantity]

    async def balance(self, client: Client) -> Balance:
        told = await client.privateGetV5AccountWalletBalance({"accountType": "UNIFIED", "coin": "USDT"})
        return balance_of(told["result"]["list"][0])

    async def transfers(self, client: Client, since_ms: int) -> Sequence[Moved]:
        told: list[Vendor] = []
        for start, end in windows(since_ms, milliseconds(await self.time(client)), WEEK_MS):
            for kind in TRANSFERS:
                asked = {"accountType": "UNIFIED", "currency": "USDT", "type": kind, "startTime": start, "endTime": end}
                told += await pages(client.privateGetV5AccountTransactionLog, asked, LARGEST["log"])
        return [Moved(one["id"], number(one["change"]), instant(one["transactionTime"])) for one in told]

    async def closings(
        self, client: Client, instrument: Instrument, side: Side, since: datetime, until: datetime | None, *, funded: bool
    ) -> Sequence[Closed]:
        executions: list[Vendor] = []
        profits: list[Vendor] = []
        last = until or await self.time(client)
        for start, end in windows(milliseconds(since), milliseconds(last), WEEK_MS):
            asked = {"category": LINEAR, "symbol": instrument.symbol, "startTime": start, "endTime": end}
            executions += await pages(client.privateGetV5ExecutionList, asked, LARGEST["executions"])
            profits += await pages(client.privateGetV5PositionClosedPnl, asked, LARGEST["profits"])
        return closings_of(executions, profits, side)

    async def open_orders(self, client: Client) -> Sequence[OpenOrder]:
        told = await pages(client.privateGetV5OrderRealtime, _only(None), LARGEST["orders"])
        return [OpenOrder(Symbol(one["symbol"]), one["orderLinkId"]) for one in told]

    async def examine(self, client: Client) -> KeyFindings:
        key = (await client.privateGetV5UserQueryApi())["result"]
        positions = await client.privateGetV5PositionList({"category": LINEAR, "symbol": PROBE})
        return findings_of(key, positions["result"]["list"])

    async def listen(self, client: Client, tell: Callable[[Symbol, str], None]) -> None:
        while True:
            for order in await client.watch_orders():
                raw = order["info"]
                if raw["orderStatus"] not in NO_NEWS:
                    tell(Symbol(raw["symbol"]), str(raw["orderLinkId"]))


def _only(instrument: Instrument | None) -> Mapping[str, object]:
    return {"category": LINEAR, **({"symbol": instrument.symbol} if instrument else {"settleCoin": "USDT"})}
