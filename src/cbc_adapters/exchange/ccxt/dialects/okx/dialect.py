"""OKX v5, perpetuals margined in USDT: plain orders, and the algo orders that keep stops and targets.

Source: www.okx.com/docs-v5/en.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from cbc_adapters.exchange.ccxt.dialect import Balance, Booked, Client, Closed, Moved, Placing, Sought
from cbc_adapters.exchange.ccxt.dialects.okx import orders
from cbc_adapters.exchange.ccxt.dialects.okx.answers import ordered, pages, rows
from cbc_adapters.exchange.ccxt.dialects.okx.closings import closings_of, merged, records_of
from cbc_adapters.exchange.ccxt.dialects.okx.faults import DOUBTFUL, FAULTS
from cbc_adapters.exchange.ccxt.dialects.okx.orders import SWAPS
from cbc_adapters.exchange.ccxt.dialects.okx.translate import (
    brackets_of,
    heard_of,
    holding_of,
    instrument_id,
    instruments_of,
    margin_of,
    position_side,
    symbol_of,
)
from cbc_adapters.exchange.ccxt.translate import instant, milliseconds, number, quote_of
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.exchange import Holding, OpenOrder
from cbc_domain.ports.venue_keys import KeyFindings
from cbc_domain.trading.model import Leg
from cbc_domain.trading.sizes import Bracket, Instrument, Quote

TRANSFER: Final = "1"
FUTURES_MODE: Final = "2"
"""The account mode (`acctLv`) that knows isolated margin: spot mode has no perpetuals, the other two refuse it (50072)."""


class OkxDialect:
    """See `Dialect`; every order goes out with its own client id, the stop with the entry, all in isolated margin."""

    venue: Final = Venue.OKX
    ccxt_id: Final = "okx"
    attaches: Final = frozenset({Leg.STOP})
    takes_stop_first: Final = False
    forgets_ids: Final = False
    tiers_need_key: Final = False
    fundings: Final = None
    faults: Final = FAULTS
    doubtful: Final = DOUBTFUL

    def settings(self, environment: Environment) -> Mapping[str, Any]:
        return {"options": {"fetchMarkets": {"types": ["swap"]}}}

    def enter_environment(self, client: Client, environment: Environment) -> None:
        if environment is Environment.TESTNET:
            client.set_sandbox_mode(True)

    async def time(self, client: Client) -> datetime:
        return instant(rows(await client.publicGetPublicTime())[0]["ts"])

    async def instruments(self, client: Client) -> Mapping[Symbol, Instrument]:
        return instruments_of(rows(await client.publicGetPublicInstruments(SWAPS)))

    async def brackets(self, client: Client, symbol: Symbol) -> Mapping[Symbol, tuple[Bracket, ...]]:
        name = instrument_id(symbol)
        listed = instruments_of(rows(await client.publicGetPublicInstruments(SWAPS | {"instId": name})))
        if symbol not in listed:
            return {}
        mark = rows(await client.publicGetPublicMarkPrice(SWAPS | {"instId": name}))[0]
        asked = SWAPS | {"tdMode": "isolated", "instFamily": name.removesuffix("-SWAP")}
        tiers = rows(await client.publicGetPublicPositionTiers(asked))
        return {symbol: brackets_of(tiers, listed[symbol].contract_size, number(mark["markPx"]))}

    async def quote(self, client: Client, symbol: Symbol) -> Quote:
        mark = rows(await client.publicGetPublicMarkPrice(SWAPS | {"instId": instrument_id(symbol)}))[0]
        book = rows(await client.publicGetMarketTicker({"instId": instrument_id(symbol)}))[0]
        return quote_of(symbol, mark["markPx"], mark["ts"], book["bidPx"], book["askPx"])

    async def prepare(self, client: Client, instrument: Instrument, side: Side, leverage: int, *, hedge: bool) -> None:
        """In hedge mode each side has a leverage of its own: both get it, whichever is entered next."""
        asked = {"instId": instrument_id(instrument.symbol), "lever": str(leverage), "mgnMode": "isolated"}
        for each in Side if hedge else (side,):
            await ordered(client.privatePostAccountSetLeverage, asked | {"posSide": position_side(each, hedge)})

    async def place(self, client: Client, placing: Placing) -> Booked | None:
        return await orders.place(client, placing)

    async def find(self, client: Client, sought: Sought) -> Booked | None:
        return await orders.find(client, sought)

    async def cancel(self, client: Client, sought: Sought) -> bool:
        return await orders.cancel(client, sought)

    async def holdings(self, client: Client, instrument: Instrument | None) -> Sequence[Holding]:
        """Of one symbol what our orders can reach, which is isolated; of all symbols the member's cross positions too."""
        only = {"instId": instrument_id(instrument.symbol)} if instrument else {}
        told = rows(await client.privateGetAccountPositions(SWAPS | only))
        reached = [one for one in told if instrument is None or one["mgnMode"] == "isolated"]
        return [held for one in reached if (held := holding_of(one))]

    async def balance(self, client: Client) -> Balance:
        account = rows(await client.privateGetAccountBalance({"ccy": "USDT"}))
        positions = rows(await client.privateGetAccountPositions(SWAPS))
        usdt = next((one for of in account for one in of["details"] if one["ccy"] == "USDT"), None)
        in_usdt = [one for one in positions if symbol_of(one)]
        return Balance(
            number(usdt["eq"]) if usdt else Decimal(0),
            number(usdt["availEq"] or usdt["availBal"]) if usdt else Decimal(0),
            sum((margin_of(one) for one in in_usdt), start=Decimal(0)),
            held=frozenset(held.symbol for one in in_usdt if (held := holding_of(one))),
        )

    async def transfers(self, client: Client, since_ms: int) -> Sequence[Moved]:
        asked = {"type": TRANSFER, "ccy": "USDT", "begin": str(since_ms)}
        told = await pages(client.privateGetAccountBillsArchive, asked)
        return [Moved(one["billId"], number(one["balChg"]), instant(one["ts"])) for one in told]

    async def closings(
        self, client: Client, instrument: Instrument, side: Side, since: datetime, until: datetime | None, *, funded: bool
    ) -> Sequence[Closed]:
        of_symbol = SWAPS | {"instId": instrument_id(instrument.symbol)}
        # `before` means later than: positions come newest first.
        changed_since = {"mgnMode": "isolated", "before": str(milliseconds(since) - 1)}
        records = records_of(rows(await client.privateGetAccountPositionsHistory(of_symbol | changed_since)), side)
        if not records:
            return []
        window = of_symbol | {"begin": str(records[0]["cTime"])}
        recent = await pages(client.privateGetTradeFills, window)
        older = await pages(client.privateGetTradeFillsHistory, window)
        found = closings_of(records, merged(recent, older), side, since)
        return [closed for closed in found if until is None or closed.ending.at <= until]

    async def open_orders(self, client: Client) -> Sequence[OpenOrder]:
        plain = rows(await client.privateGetTradeOrdersPending(SWAPS))
        algos = rows(await client.privateGetTradeOrdersAlgoPending(SWAPS | {"ordType": "conditional"}))
        named = [(symbol_of(one), one["clOrdId"]) for one in plain] + [(symbol_of(one), one["algoClOrdId"]) for one in algos]
        return [OpenOrder(symbol, client_id) for symbol, client_id in named if symbol is not None]

    async def examine(self, client: Client) -> KeyFindings:
        told = rows(await client.privateGetAccountConfig())[0]
        may = set(told["perm"].split(","))
        usable = told["acctLv"] == FUTURES_MODE
        return KeyFindings(
            reads="read_only" in may,
            trades="trade" in may,
            withdraws="withdraw" in may,
            hedge=told["posMode"] == "long_short_mode" if usable else None,
            restricted=bool(told["ip"]),
        )

    async def listen(self, client: Client, tell: Callable[[Symbol, str], None]) -> None:
        """Plain orders and algo orders are two channels on two connections; each has a loop that waits for nothing else."""

        async def hear(asked: Mapping[str, object]) -> None:
            while True:
                for order in await client.watch_orders(params={"type": "swap", **asked}):
                    if heard := heard_of(order["info"]):
                        tell(*heard)

        # Fills come over the first of the two: it is open before the second begins to connect.
        await client.authenticate()
        async with asyncio.TaskGroup() as loops:
            loops.create_task(hear({}))
            loops.create_task(hear({"trigger": True}))
