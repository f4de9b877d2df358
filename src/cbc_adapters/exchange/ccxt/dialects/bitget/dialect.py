"""Bitget USDT-FUTURES of the v2 interface: plain orders, and plan orders that wait for a trigger.

Source: www.bitget.com/api-doc/contract/intro.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from cbc_adapters.exchange.ccxt.asking import windows
from cbc_adapters.exchange.ccxt.dialect import Balance, Booked, Client, Closed, Moved, Placing, Sought
from cbc_adapters.exchange.ccxt.dialects.bitget import orders
from cbc_adapters.exchange.ccxt.dialects.bitget.answers import pages
from cbc_adapters.exchange.ccxt.dialects.bitget.closings import closings_of
from cbc_adapters.exchange.ccxt.dialects.bitget.examine import findings_of
from cbc_adapters.exchange.ccxt.dialects.bitget.faults import DOUBTFUL, FAULTS
from cbc_adapters.exchange.ccxt.dialects.bitget.stream import listen
from cbc_adapters.exchange.ccxt.dialects.bitget.translate import (
    IN_USDT,
    PRODUCT,
    bracket_of,
    hold_side,
    holding_of,
    instrument_of,
)
from cbc_adapters.exchange.ccxt.translate import Vendor, instant, milliseconds, number, quote_of
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.exchange import Holding, OpenOrder
from cbc_domain.ports.venue_faults import Fault, VenueRefused
from cbc_domain.ports.venue_keys import KeyFindings
from cbc_domain.trading.model import Leg
from cbc_domain.trading.sizes import Bracket, Instrument, Quote

LONGEST_MS: Final = 30 * 24 * 3_600_000
"""Bills are told for thirty days at a time."""
TRANSFERS: Final = {"trans_from_exchange": 1, "trans_to_exchange": -1}
"""In and out, as what the bill names `exchange` is the member's spot account."""


class BitgetDialect:
    """See `Dialect`; the stop goes with the entry under an id of the venue's, every other order under its own client id."""

    venue: Final = Venue.BITGET
    ccxt_id: Final = "bitget"
    attaches: Final = frozenset({Leg.STOP})
    takes_stop_first: Final = False
    forgets_ids: Final = False
    tiers_need_key: Final = False
    fundings: Final = None
    faults: Final = FAULTS
    doubtful: Final = DOUBTFUL

    def settings(self, environment: Environment) -> Mapping[str, Any]:
        options = {"fetchMarkets": {"types": ["swap"]}, "defaultType": "swap", "uta": False}
        # Coins and their networks are not needed for futures.
        return {"options": options, "has": {"fetchCurrencies": False}}

    def enter_environment(self, client: Client, environment: Environment) -> None:
        if environment is Environment.TESTNET:
            client.enable_demo_trading(True)

    async def time(self, client: Client) -> datetime:
        return instant((await client.publicCommonGetV2PublicTime())["data"]["serverTime"])

    async def instruments(self, client: Client) -> Mapping[Symbol, Instrument]:
        told = (await client.publicMixGetV2MixMarketContracts(PRODUCT))["data"]
        linear = [one for one in told if one["symbolType"] == "perpetual" and one["quoteCoin"] == "USDT"]
        return {Symbol(one["symbol"]): instrument_of(one) for one in linear}

    async def brackets(self, client: Client, symbol: Symbol) -> Mapping[Symbol, tuple[Bracket, ...]]:
        told = (await client.publicMixGetV2MixMarketQueryPositionLever({**PRODUCT, "symbol": symbol}))["data"]
        return {symbol: tuple(bracket_of(one) for one in told)}

    async def quote(self, client: Client, symbol: Symbol) -> Quote:
        told = (await client.publicMixGetV2MixMarketTicker({**PRODUCT, "symbol": symbol}))["data"][0]
        return quote_of(symbol, told["markPrice"], told["ts"], told["bidPr"], told["askPr"])

    async def prepare(self, client: Client, instrument: Instrument, side: Side, leverage: int, *, hedge: bool) -> None:
        """Change only what is otherwise: with a position open even the mode that is set already is refused.

        In hedge mode both sides get the leverage, so that the later entry of the other side finds it as well. A mode that the
        member changed is told by its name: Bitget itself complains of the parameter that only the other mode has.
        """
        asked = {**IN_USDT, "symbol": instrument.symbol}
        now = (await client.privateMixGetV2MixAccountAccount(asked))["data"]
        if (now["posMode"] == "hedge_mode") is not hedge:
            raise VenueRefused(Fault.POSITION_MODE, f"bitget: expected hedge mode to be {hedge}, was {now['posMode']}")
        if now["marginMode"] != "isolated":
            await client.privateMixPostV2MixAccountSetMarginMode({**asked, "marginMode": "isolated"})
        set_so = {Side.LONG: now["isolatedLongLever"], Side.SHORT: now["isolatedShortLever"]}
        wrong = [one for one in Side if number(set_so[one]) != leverage]
        for one in wrong if hedge else wrong[:1]:
            only = {"holdSide": hold_side(one)} if hedge else {}
            await client.privateMixPostV2MixAccountSetLeverage({**asked, "leverage": str(leverage), **only})

    async def place(self, client: Client, placing: Placing) -> Booked | None:
        return await orders.place(client, placing)

    async def find(self, client: Client, sought: Sought) -> Booked | None:
        return await orders.find(client, sought)

    async def cancel(self, client: Client, sought: Sought) -> bool:
        return await orders.cancel(client, sought)

    async def holdings(self, client: Client, instrument: Instrument | None) -> Sequence[Holding]:
        if instrument is None:
            told = await client.privateMixGetV2MixPositionAllPosition(IN_USDT)
        else:
            told = await client.privateMixGetV2MixPositionSinglePosition({**IN_USDT, "symbol": instrument.symbol})
        return [held for one in told["data"] or () if (held := holding_of(one)).quantity]

    async def balance(self, client: Client) -> Balance:
        accounts = (await client.privateMixGetV2MixAccountAccounts(PRODUCT))["data"]
        told = next(one for one in accounts if one["marginCoin"] == "USDT")
        positions = (await client.privateMixGetV2MixPositionAllPosition(IN_USDT))["data"] or ()
        return Balance(
            number(told["accountEquity"]),
            number(told["isolatedMaxAvailable"]),
            sum((number(one["marginSize"]) for one in positions), start=Decimal(0)),
            held=frozenset(Symbol(one["symbol"]) for one in positions if number(one["total"])),
        )

    async def transfers(self, client: Client, since_ms: int) -> Sequence[Moved]:
        told: list[Moved] = []
        for start, end in windows(since_ms, milliseconds(await self.time(client)), LONGEST_MS):
            for kind, sign in TRANSFERS.items():
                asked = {**PRODUCT, "coin": "USDT", "businessType": kind, "startTime": start, "endTime": end}
                bills = await pages(client.privateMixGetV2MixAccountBill, asked, "bills")
                told += [Moved(one["billId"], sign * abs(number(one["amount"])), instant(one["cTime"])) for one in bills]
        return told

    async def closings(
        self, client: Client, instrument: Instrument, side: Side, since: datetime, until: datetime | None, *, funded: bool
    ) -> Sequence[Closed]:
        asked: dict[str, object] = {**PRODUCT, "symbol": instrument.symbol, "startTime": milliseconds(since)}
        if until is not None:
            asked["endTime"] = milliseconds(until) + 1
        trades = await pages(client.privateMixGetV2MixOrderFills, asked, "fillList")
        if not trades:
            return []
        funding = {**PRODUCT, "businessType": "contract_settle_fee"}
        bills: list[Vendor] = []
        last = max(int(one["cTime"]) for one in trades) + 1
        for start, end in windows(milliseconds(since), last, LONGEST_MS) if funded else ():
            window = funding | {"startTime": start, "endTime": end}
            bills += await pages(client.privateMixGetV2MixAccountBill, window, "bills")
        return closings_of(trades, [one for one in bills if one["symbol"] == instrument.symbol], side)

    async def open_orders(self, client: Client) -> Sequence[OpenOrder]:
        plain = await pages(client.privateMixGetV2MixOrderOrdersPending, PRODUCT, "entrustedList")
        plans = await pages(client.privateMixGetV2MixOrderOrdersPlanPending, PRODUCT | orders.PROTECTION, "entrustedList")
        return [OpenOrder(Symbol(one["symbol"]), one["clientOid"]) for one in (*plain, *plans)]

    async def examine(self, client: Client) -> KeyFindings:
        account = (await client.privateMixGetV2MixAccountAccount({**IN_USDT, "symbol": "BTCUSDT"}))["data"]
        if client.options.get("sandboxMode"):
            return findings_of(account, None)
        return findings_of(account, (await client.privateSpotGetV2SpotAccountInfo())["data"])

    async def listen(self, client: Client, tell: Callable[[Symbol, str], None]) -> None:
        await listen(client, tell)
