"""Bybit's wire: who may ask, what is asked, and the answer."""

import json
from collections.abc import Mapping
from typing import Final

import attrs

from cbc_adapters.exchange.simulated.faults import Call
from cbc_adapters.exchange.simulated.venues.bybit import account, market, orders, positions, records, stops, stream, transfers
from cbc_adapters.exchange.simulated.venues.bybit.refusals import WORDING, Wrong, body, refusal
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.routes import Public, Routes, Signed
from cbc_adapters.exchange.simulated.venues.signatures import in_hexadecimal, same
from cbc_adapters.exchange.simulated.venues.wire import Json, Purpose, Socket, WireAnswer, WireCall, milliseconds
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.exchange import Report
from cbc_domain.ports.venue_faults import Fault, VenueRefused

KEY_HEADER: Final = "x-bapi-api-key"
AHEAD_MS: Final = 1000
"""How far ahead of the venue's clock a request may be."""
LONGEST_WINDOW_MS: Final = 60_000
"""The most that the receive window may be; without one it is 5 s."""
CREATE: Final = ("POST", "/v5/order/create")
CANCEL: Final = ("POST", "/v5/order/cancel")
TRADING_STOP: Final = ("POST", "/v5/position/trading-stop")

PUBLIC: Final[Mapping[str, Public]] = {
    "/v5/market/time": market.time,
    "/v5/market/instruments-info": market.instruments_info,
    "/v5/market/tickers": market.tickers,
    "/v5/market/risk-limit": market.risk_limit,
}

SIGNED: Final[Mapping[tuple[str, str], Signed]] = {
    ("GET", "/v5/account/info"): account.info,
    ("POST", "/v5/account/set-margin-mode"): account.set_margin_mode,
    ("GET", "/v5/account/wallet-balance"): account.wallet_balance,
    ("GET", "/v5/account/transaction-log"): transfers.transaction_log,
    ("GET", "/v5/user/query-api"): lambda house, key, given: account.query_api(key),
    ("GET", "/v5/position/list"): positions.position_list,
    ("POST", "/v5/position/set-leverage"): account.set_leverage,
    ("POST", "/v5/position/switch-mode"): account.switch_mode,
    TRADING_STOP: stops.trading_stop,
    ("GET", "/v5/position/closed-pnl"): records.closed_pnl,
    ("GET", "/v5/execution/list"): records.executions,
    CREATE: orders.create,
    CANCEL: orders.cancel,
    ("GET", "/v5/order/realtime"): orders.realtime,
    ("GET", "/v5/order/history"): orders.history,
}

LOOKS: Final = frozenset({"/v5/order/realtime", "/v5/order/history", "/v5/execution/list"})


class BybitWire:
    """Stateless: what it knows is in the houses."""

    venue: Final = Venue.BYBIT
    hosts: Final[Mapping[str, Environment]] = {
        "api.bybit.com": Environment.LIVE,
        "stream.bybit.com": Environment.LIVE,
        "api-testnet.bybit.com": Environment.TESTNET,
        "stream-testnet.bybit.com": Environment.TESTNET,
    }

    def environment(self, call: WireCall) -> Environment:
        return self.hosts[call.host]

    async def answer(self, call: WireCall, house: House) -> WireAnswer:
        try:
            answer = WireAnswer(body(0, "OK", self._answered(call, house)))
        except Wrong as wrong:
            answer = wrong.answer
        except VenueRefused as refused:
            answer = refusal(refused.fault, refused.detail)
        return attrs.evolve(answer, body=answer.body | {"time": milliseconds(call.at)})

    def purpose(self, call: WireCall) -> Purpose | None:
        if (call.method, call.path) == CREATE:
            return Purpose(Call.PLACE, orders.leg_of(call.document))
        if (call.method, call.path) in {CANCEL, TRADING_STOP}:
            return Purpose(Call.CANCEL)
        given = call.parameters
        if call.path in LOOKS:
            return Purpose(Call.FIND) if given.get("orderId") or given.get("orderLinkId") else None
        if call.path == "/v5/position/list":
            return Purpose(Call.HOLDING if "symbol" in given else Call.READ)
        return Purpose(Call.READ) if call.path == "/v5/account/wallet-balance" else None

    def refusal(self, fault: Fault, detail: str, retry_after_s: int | None = None) -> WireAnswer:
        return refusal(fault, detail, retry_after_s)

    async def converse(self, socket: Socket, house: House) -> None:
        await stream.converse(socket, house)

    def told(self, report: Report, house: House) -> list[Json]:
        return stream.told(report, house)

    def account(self, call: WireCall, house: House) -> IssuedKey | None:
        return house.keys.get(call.headers.get(KEY_HEADER, ""))

    def _answered(self, call: WireCall, house: House) -> Json:
        if not call.host.startswith("api"):
            raise _unknown(call)
        return ROUTES.answer(call, house)


def _proved(call: WireCall, house: House) -> IssuedKey:
    key = house.keys.get(call.headers.get(KEY_HEADER, ""))
    if key is None:
        raise _refused(Fault.AUTH)
    if key.has_expired(call.at):
        raise Wrong(33004, "Your api key has expired.", 401)
    if not key.admits(call.address):
        raise _refused(Fault.IP_NOT_ALLOWED)
    sent, window = call.headers.get("x-bapi-timestamp", ""), call.headers.get("x-bapi-recv-window", "5000")
    payload = call.body.decode() if call.method == "POST" else call.query
    expected = in_hexadecimal(key.secret, f"{sent}{key.key}{window}{payload}")
    if not same(expected, call.headers.get("x-bapi-sign", "")):
        raise Wrong(10004, "error sign! please check your signature generation algorithm.")
    now = milliseconds(call.at)
    if not sent.isdecimal() or not window.isdecimal():
        raise _refused(Fault.CLOCK)
    if not (int(sent) - AHEAD_MS < now <= int(sent) + min(int(window), LONGEST_WINDOW_MS)):
        raise _refused(Fault.CLOCK)
    if not key.trades and call.method == "POST":
        raise _refused(Fault.PERMISSION)
    return key


def _given(call: WireCall) -> Json:
    """Parameters as they came: texts in a query, what JSON has in a body."""
    if call.method == "GET":
        return call.parameters
    try:
        given = call.document
    except json.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise Wrong(10001, "params error: expected a JSON object")
    return given


def _refused(fault: Fault) -> Wrong:
    status, code, words = WORDING[fault]
    return Wrong(code, words, status)


def _unknown(call: WireCall) -> Wrong:
    return Wrong(10017, "Route not found", 404)


ROUTES: Final = Routes(PUBLIC, SIGNED, _proved, _given, _unknown)
