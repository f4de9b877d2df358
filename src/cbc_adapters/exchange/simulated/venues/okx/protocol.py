"""OKX's wire: who may ask, what is asked, and the answer."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from cbc_adapters.exchange.simulated.faults import Call
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.okx import account, history, market, orders, stream
from cbc_adapters.exchange.simulated.venues.okx.refusals import Wrong, refusal
from cbc_adapters.exchange.simulated.venues.routes import Public, Routes, Signed
from cbc_adapters.exchange.simulated.venues.signatures import in_base64, same
from cbc_adapters.exchange.simulated.venues.wire import Json, Purpose, Socket, WireAnswer, WireCall
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.exchange import Report
from cbc_domain.ports.venue_faults import Fault, VenueRefused

KEY_HEADER: Final = "ok-access-key"
WINDOW: Final = timedelta(seconds=30)
"""How far a request's time may lie from the venue's."""

PUBLIC: Final[Mapping[str, Public]] = {
    "/api/v5/public/time": market.time,
    "/api/v5/public/instruments": market.instruments,
    "/api/v5/public/mark-price": market.mark_price,
    "/api/v5/public/position-tiers": market.position_tiers,
    "/api/v5/market/ticker": market.ticker,
}

SIGNED: Final[Mapping[tuple[str, str], Signed]] = {
    ("GET", "/api/v5/account/balance"): account.balance,
    ("GET", "/api/v5/account/positions"): account.positions,
    ("GET", "/api/v5/account/positions-history"): history.positions_history,
    ("GET", "/api/v5/account/bills"): account.bills,
    ("GET", "/api/v5/account/bills-archive"): account.bills,
    ("GET", "/api/v5/account/config"): account.config,
    ("POST", "/api/v5/account/set-leverage"): account.set_leverage,
    ("POST", "/api/v5/account/set-position-mode"): account.set_mode,
    ("POST", "/api/v5/trade/order"): orders.place,
    ("GET", "/api/v5/trade/order"): orders.show,
    ("POST", "/api/v5/trade/cancel-order"): orders.cancel,
    ("GET", "/api/v5/trade/orders-pending"): orders.pending,
    ("POST", "/api/v5/trade/order-algo"): orders.place_algo,
    ("GET", "/api/v5/trade/order-algo"): orders.show_algo,
    ("POST", "/api/v5/trade/cancel-algos"): orders.cancel_algos,
    ("GET", "/api/v5/trade/orders-algo-pending"): orders.pending_algos,
    ("GET", "/api/v5/trade/fills"): history.fills,
    ("GET", "/api/v5/trade/fills-history"): history.fills,
}

PURPOSES: Final = {
    ("POST", "/api/v5/trade/cancel-order"): Call.CANCEL,
    ("POST", "/api/v5/trade/cancel-algos"): Call.CANCEL,
    ("GET", "/api/v5/account/positions-history"): Call.ENDING,
    ("GET", "/api/v5/account/balance"): Call.READ,
}
"""Beside these an order is looked for by our id, and a holding by its instrument; whatever follows from them is no purpose."""


class OkxWire:
    """Stateless: connections keep what they need themselves."""

    venue: Final = Venue.OKX
    hosts: Final[Mapping[str, Environment]] = {
        "www.okx.com": Environment.LIVE,
        "aws.okx.com": Environment.LIVE,
        "ws.okx.com": Environment.LIVE,
        "wspap.okx.com": Environment.TESTNET,
    }

    def environment(self, call: WireCall) -> Environment:
        """Demo trading has stream hosts of its own, and on REST a header."""
        demo = call.headers.get("x-simulated-trading") == "1"
        return Environment.TESTNET if demo else self.hosts[call.host]

    async def answer(self, call: WireCall, house: House) -> WireAnswer:
        try:
            return WireAnswer({"code": "0", "data": ROUTES.answer(call, house), "msg": ""})
        except Wrong as wrong:
            return wrong.answer
        except VenueRefused as refused:
            return refusal(refused.fault, refused.detail)

    def purpose(self, call: WireCall) -> Purpose | None:
        asked = (call.method, call.path)
        if asked in {("POST", "/api/v5/trade/order"), ("POST", "/api/v5/trade/order-algo")}:
            return Purpose(Call.PLACE, orders.leg_of(call.document))
        if asked in {("GET", "/api/v5/trade/order"), ("GET", "/api/v5/trade/order-algo")}:
            return Purpose(Call.FIND) if call.parameters.keys() & {"clOrdId", "algoClOrdId"} else None
        if asked == ("GET", "/api/v5/account/positions"):
            return Purpose(Call.HOLDING) if "instId" in call.parameters else None
        known = PURPOSES.get(asked)
        return Purpose(known) if known else None

    def refusal(self, fault: Fault, detail: str, retry_after_s: int | None = None) -> WireAnswer:
        return refusal(fault, detail, retry_after_s)

    async def converse(self, socket: Socket, house: House) -> None:
        await stream.converse(socket, house)

    def told(self, report: Report, house: House) -> list[Json]:
        return stream.told(report, house)

    def account(self, call: WireCall, house: House) -> IssuedKey | None:
        return house.keys.get(call.headers.get(KEY_HEADER, ""))


def _unknown(call: WireCall) -> Wrong:
    if any(path == call.path for _, path in SIGNED):
        return Wrong("50115", "Invalid request method.", 405)
    return Wrong("404", "Not Found", 404)


def _given(call: WireCall) -> Json:
    if call.method == "GET":
        return call.parameters
    try:
        return call.document
    except json.JSONDecodeError:
        raise Wrong("50002", "JSON syntax error", 400) from None


def _proved(call: WireCall, house: House) -> IssuedKey:
    """The key of a call that may be answered. Raises Wrong for each thing that OKX looks at, in its order."""
    for header, code in (("key", "50103"), ("passphrase", "50104"), ("sign", "50106"), ("timestamp", "50107")):
        if not call.headers.get(f"ok-access-{header}"):
            raise Wrong(code, f'Request header "OK-ACCESS-{header.upper()}" can\'t be empty.', 401)
    sent = call.headers["ok-access-timestamp"]
    if abs(_instant(sent) - call.at) > WINDOW:
        raise Wrong("50102", "Timestamp request expired", 401)
    key = house.keys.get(call.headers[KEY_HEADER])
    if key is None or key.has_expired(call.at):
        raise Wrong("50111", "Invalid OK-ACCESS-KEY", 401)
    if not key.admits(call.address):
        raise Wrong("50110", f"Your IP {call.address} is not included in your API key's IP whitelist.", 401)
    if key.passphrase != call.headers["ok-access-passphrase"]:
        raise Wrong("50105", 'Request header "OK-ACCESS-PASSPHRASE" incorrect.', 401)
    query = f"?{call.query}" if call.query else ""
    payload = f"{sent}{call.method}{call.path}{query}{call.body.decode()}"
    if not same(in_base64(key.secret, payload), call.headers["ok-access-sign"]):
        raise Wrong("50113", "Invalid Sign", 401)
    if call.method != "GET" and not key.trades:
        raise Wrong("50120", "This API key doesn't have permission to use this function", 401)
    return key


def _instant(sent: str) -> datetime:
    try:
        at = datetime.fromisoformat(sent)
    except ValueError:
        raise Wrong("50112", "Invalid OK-ACCESS-TIMESTAMP", 401) from None
    if at.tzinfo is None:
        raise Wrong("50112", "Invalid OK-ACCESS-TIMESTAMP", 401)
    return at


ROUTES: Final = Routes(PUBLIC, SIGNED, _proved, _given, _unknown)
