"""Binance's wire: who may ask, what is asked, and the answer."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Final

from cbc_adapters.exchange.simulated.faults import Call
from cbc_adapters.exchange.simulated.venues.binance import account, market, orders, stream
from cbc_adapters.exchange.simulated.venues.binance.refusals import Wrong, refusal
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.routes import Public, Routes, Signed
from cbc_adapters.exchange.simulated.venues.signatures import in_hexadecimal, same
from cbc_adapters.exchange.simulated.venues.wire import Json, Purpose, Socket, WireAnswer, WireCall, milliseconds
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.exchange import Report
from cbc_domain.ports.venue_faults import Fault, VenueRefused

KEY_HEADER: Final = "x-mbx-apikey"
LONGEST_WINDOW_MS: Final = 60_000
"""The most that `recvWindow` may be; without one it is 5 s."""
AHEAD_MS: Final = 1000
"""How far ahead of the venue's clock a request may be."""

PUBLIC: Final[Mapping[str, Public]] = {
    "/fapi/v1/ping": lambda house, given: {},
    "/fapi/v1/time": lambda house, given: {"serverTime": milliseconds(house.now())},
    "/fapi/v1/exchangeInfo": lambda house, given: market.exchange_info(house, milliseconds(house.now())),
    "/fapi/v1/premiumIndex": lambda house, given: market.premium_index(house, given.get("symbol")),
    "/fapi/v1/fundingRate": market.funding_rates,
    "/fapi/v1/ticker/bookTicker": lambda house, given: market.book_ticker(house, given.get("symbol")),
}

SIGNED: Final[Mapping[tuple[str, str], Signed]] = {
    ("GET", "/fapi/v1/leverageBracket"): lambda house, key, given: market.leverage_brackets(house, given.get("symbol")),
    ("GET", "/fapi/v2/account"): lambda house, key, given: account.account_body(house, key),
    ("GET", "/fapi/v3/account"): lambda house, key, given: account.account_body(house, key),
    ("GET", "/fapi/v2/positionRisk"): lambda house, key, given: account.position_risk(house, key, given.get("symbol")),
    ("GET", "/fapi/v3/positionRisk"): lambda house, key, given: account.position_risk(house, key, given.get("symbol")),
    ("GET", "/fapi/v1/positionSide/dual"): lambda house, key, given: {"dualSidePosition": house.account(key.account).hedge},
    ("POST", "/fapi/v1/positionSide/dual"): account.set_mode,
    ("POST", "/fapi/v1/leverage"): account.set_leverage,
    ("POST", "/fapi/v1/marginType"): account.set_margin_type,
    ("GET", "/fapi/v1/userTrades"): account.trades,
    ("GET", "/fapi/v1/income"): account.income,
    ("GET", "/sapi/v1/account/apiRestrictions"): lambda house, key, given: account.restrictions(key),
    ("POST", "/fapi/v1/order"): orders.place,
    ("GET", "/fapi/v1/order"): orders.show,
    ("DELETE", "/fapi/v1/order"): orders.cancel_plain,
    ("GET", "/fapi/v1/openOrders"): orders.open_plain,
    ("POST", "/fapi/v1/algoOrder"): orders.place_algo,
    ("GET", "/fapi/v1/algoOrder"): orders.show_algo,
    ("DELETE", "/fapi/v1/algoOrder"): orders.cancel_algo,
    ("GET", "/fapi/v1/openAlgoOrders"): orders.open_algo,
}

PURPOSES: Final = {
    ("GET", "/fapi/v1/order"): Call.FIND,
    ("GET", "/fapi/v1/algoOrder"): Call.FIND,
    ("GET", "/fapi/v1/userTrades"): Call.FIND,
    ("DELETE", "/fapi/v1/order"): Call.CANCEL,
    ("DELETE", "/fapi/v1/algoOrder"): Call.CANCEL,
    ("GET", "/fapi/v3/positionRisk"): Call.HOLDING,
    ("GET", "/fapi/v3/account"): Call.READ,
}


class BinanceWire:
    """Mutable because it gives out listen keys."""

    venue: Final = Venue.BINANCE
    hosts: Final[Mapping[str, Environment]] = {
        "fapi.binance.com": Environment.LIVE,
        "api.binance.com": Environment.LIVE,
        "fstream.binance.com": Environment.LIVE,
        "demo-fapi.binance.com": Environment.TESTNET,
        "demo-api.binance.com": Environment.TESTNET,
        "fstream.binancefuture.com": Environment.TESTNET,
        "demo-fstream.binance.com": Environment.TESTNET,
    }

    def __init__(self) -> None:
        self._listen_keys: dict[str, IssuedKey] = {}

    def environment(self, call: WireCall) -> Environment:
        return self.hosts[call.host]

    async def answer(self, call: WireCall, house: House) -> WireAnswer:
        try:
            return WireAnswer(self._answered(call, house), headers={"x-mbx-used-weight-1m": "1"})
        except Wrong as wrong:
            return wrong.answer
        except VenueRefused as refused:
            return refusal(refused.fault, refused.detail)

    def purpose(self, call: WireCall) -> Purpose | None:
        if call.method == "POST" and call.path in {"/fapi/v1/order", "/fapi/v1/algoOrder"}:
            return Purpose(Call.PLACE, orders.leg_of(call.parameters))
        known = PURPOSES.get((call.method, call.path))
        return Purpose(known) if known else None

    def refusal(self, fault: Fault, detail: str, retry_after_s: int | None = None) -> WireAnswer:
        return refusal(fault, detail, retry_after_s)

    async def converse(self, socket: Socket, house: House) -> None:
        await stream.converse(socket, house, self._listen_keys)

    def told(self, report: Report, house: House) -> list[Json]:
        return stream.told(report, house)

    def account(self, call: WireCall, house: House) -> IssuedKey | None:
        return house.keys.get(call.headers.get(KEY_HEADER, ""))

    def _answered(self, call: WireCall, house: House) -> Json:
        if call.path == "/fapi/v1/listenKey":
            return self._listen(call, house)
        return ROUTES.answer(call, house)

    def _listen(self, call: WireCall, house: House) -> Json:
        key = _known(call, house)
        name = next((name for name, known in self._listen_keys.items() if known == key), None)
        if call.method == "DELETE":
            self._listen_keys.pop(name or "", None)
            return {}
        if name is None:
            name = token_hex(32)
            self._listen_keys[name] = key
        return {"listenKey": name}


def _known(call: WireCall, house: House) -> IssuedKey:
    key = house.keys.get(call.headers.get(KEY_HEADER, ""))
    if key is None:
        raise Wrong(-2014, "API-key format invalid.", 401)
    if key.has_expired(call.at) or not key.admits(call.address):
        raise Wrong(-2015, "Invalid API-key, IP, or permissions for action", 401)
    return key


def _proved(call: WireCall, house: House) -> IssuedKey:
    key = _known(call, house)
    payload, _, signature = (call.query or call.body.decode()).rpartition("&signature=")
    if not same(in_hexadecimal(key.secret, payload), signature):
        raise Wrong(-1022, "Signature for this request is not valid.")
    given = call.parameters
    sent, now = int(given.get("timestamp") or 0), milliseconds(call.at)
    window = min(int(given.get("recvWindow") or 5000), LONGEST_WINDOW_MS)
    if not (sent - AHEAD_MS <= now <= sent + window):
        raise Wrong(-1021, "Timestamp for this request is outside of the recvWindow.")
    if not key.trades and call.method != "GET":
        raise Wrong(-2015, "Invalid API-key, IP, or permissions for action", 401)
    return key


def _unknown(call: WireCall) -> Wrong:
    return Wrong(-5000, f"Path {call.path}, Method {call.method} is invalid", 404)


ROUTES: Final = Routes(PUBLIC, SIGNED, _proved, lambda call: call.parameters, _unknown)
