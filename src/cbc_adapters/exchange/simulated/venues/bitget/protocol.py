"""Bitget's wire: who may ask, what is asked, and the answer."""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from cbc_adapters.exchange.simulated.faults import Call
from cbc_adapters.exchange.simulated.venues.bitget import account, market, orders, plans, stream
from cbc_adapters.exchange.simulated.venues.bitget.refusals import Wrong, enveloped, refusal
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.routes import Public, Routes, Signed
from cbc_adapters.exchange.simulated.venues.signatures import in_base64, same
from cbc_adapters.exchange.simulated.venues.wire import Json, Purpose, Socket, WireAnswer, WireCall, milliseconds
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.exchange import Report
from cbc_domain.ports.venue_faults import Fault, VenueRefused

KEY_HEADER: Final = "access-key"
LONGEST_MS: Final = 30_000
"""How old or how far ahead a request may be."""

MIX: Final = "/api/v2/mix"
PUBLIC: Final[Mapping[str, Public]] = {
    "/api/v2/public/time": lambda house, given: {"serverTime": str(milliseconds(house.now()))},
    f"{MIX}/market/contracts": market.contracts,
    f"{MIX}/market/ticker": market.ticker,
    f"{MIX}/market/symbol-price": market.symbol_price,
    f"{MIX}/market/query-position-lever": market.position_tiers,
}

SIGNED: Final[Mapping[tuple[str, str], Signed]] = {
    ("GET", "/api/v2/spot/account/info"): lambda house, key, given: account.information(key),
    ("GET", f"{MIX}/account/accounts"): account.accounts,
    ("GET", f"{MIX}/account/account"): account.account,
    ("GET", f"{MIX}/account/bill"): account.bills,
    ("POST", f"{MIX}/account/set-leverage"): account.set_leverage,
    ("POST", f"{MIX}/account/set-margin-mode"): account.set_margin_mode,
    ("POST", f"{MIX}/account/set-position-mode"): account.set_position_mode,
    ("GET", f"{MIX}/position/all-position"): account.positions,
    ("GET", f"{MIX}/position/single-position"): account.positions,
    ("POST", f"{MIX}/order/place-order"): orders.place,
    ("POST", f"{MIX}/order/cancel-order"): orders.cancel,
    ("GET", f"{MIX}/order/detail"): orders.detail,
    ("GET", f"{MIX}/order/fills"): orders.fills,
    ("GET", f"{MIX}/order/orders-pending"): orders.pending,
    ("POST", f"{MIX}/order/place-tpsl-order"): plans.place,
    ("POST", f"{MIX}/order/cancel-plan-order"): plans.cancel,
    ("GET", f"{MIX}/order/orders-plan-pending"): plans.pending,
    ("GET", f"{MIX}/order/orders-plan-history"): plans.history,
}

PURPOSES: Final = {
    ("GET", f"{MIX}/order/detail"): Call.FIND,
    ("GET", f"{MIX}/order/orders-plan-pending"): Call.FIND,
    ("GET", f"{MIX}/order/orders-plan-history"): Call.FIND,
    ("POST", f"{MIX}/order/cancel-order"): Call.CANCEL,
    ("POST", f"{MIX}/order/cancel-plan-order"): Call.CANCEL,
    ("GET", f"{MIX}/position/single-position"): Call.HOLDING,
    ("GET", f"{MIX}/account/accounts"): Call.READ,
}


class BitgetWire:
    """It keeps nothing: keys and accounts are the house's."""

    venue: Final = Venue.BITGET
    hosts: Final[Mapping[str, Environment]] = {
        "api.bitget.com": Environment.LIVE,
        "ws.bitget.com": Environment.LIVE,
        "wspap.bitget.com": Environment.TESTNET,
    }

    def environment(self, call: WireCall) -> Environment:
        """One host serves both: demo trading is told by a header."""
        return Environment.TESTNET if call.headers.get("paptrading") == "1" else self.hosts[call.host]

    async def answer(self, call: WireCall, house: House) -> WireAnswer:
        now = milliseconds(call.at)
        try:
            return WireAnswer(enveloped(ROUTES.answer(call, house), now))
        except Wrong as wrong:
            return wrong.answer(now)
        except VenueRefused as refused:
            return refusal(refused.fault, refused.detail, now_ms=now)

    def purpose(self, call: WireCall) -> Purpose | None:
        if call.path == f"{MIX}/order/place-order":
            return Purpose(Call.PLACE, orders.leg_of(call.document))
        if call.path == f"{MIX}/order/place-tpsl-order":
            return Purpose(Call.PLACE, plans.leg_of(call.document))
        if call.path == f"{MIX}/order/fills":
            return Purpose(Call.FIND if "orderId" in call.parameters else Call.ENDING)
        known = PURPOSES.get((call.method, call.path))
        return Purpose(known) if known else None

    def refusal(self, fault: Fault, detail: str, retry_after_s: int | None = None) -> WireAnswer:
        return refusal(fault, detail, retry_after_s)

    async def converse(self, socket: Socket, house: House) -> None:
        await stream.converse(socket, house)

    def told(self, report: Report, house: House) -> list[Json]:
        return stream.told(report, house)

    def account(self, call: WireCall, house: House) -> IssuedKey | None:
        return house.keys.get(call.headers.get(KEY_HEADER, ""))


def _proved(call: WireCall, house: House) -> IssuedKey:
    key, sent = house.keys.get(call.headers.get(KEY_HEADER, "")), call.headers.get("access-timestamp", "")
    if not call.headers.get(KEY_HEADER):
        raise Wrong("40006", "Invalid ACCESS_KEY")
    if key is None or key.has_expired(call.at):
        raise Wrong("40037", "Apikey does not exist")
    if not key.admits(call.address):
        raise Wrong("40018", "Invalid IP")
    if not sent.isdigit():
        raise Wrong("40005", "Invalid ACCESS_TIMESTAMP")
    if abs(milliseconds(call.at) - int(sent)) > LONGEST_MS:
        raise Wrong("40008", "Request timestamp expired")
    if call.headers.get("access-passphrase") != key.passphrase:
        raise Wrong("40012", "apikey/password is incorrect")
    # What is signed is the query as it reads, not as it is escaped.
    query = f"?{unquote(call.query)}" if call.query else ""
    expected = in_base64(key.secret, f"{sent}{call.method}{call.path}{query}{call.body.decode()}")
    if not same(expected, call.headers.get("access-sign", "")):
        raise Wrong("40009", "sign signature error")
    if not key.trades and call.method != "GET":
        raise Wrong("40014", "Incorrect permissions, need future order write permissions")
    return key


def _given(call: WireCall) -> Json:
    if call.method == "GET":
        return call.parameters
    try:
        given = call.document
    except json.JSONDecodeError:
        raise Wrong("40017", "Parameter verification failed") from None
    if not isinstance(given, dict):
        raise Wrong("40017", "Parameter verification failed")
    return given


def _unknown(call: WireCall) -> Wrong:
    return Wrong("40404", "Request URL NOT FOUND", 404)


ROUTES: Final = Routes(PUBLIC, SIGNED, _proved, _given, _unknown)
