"""Bitget in process: the simulated venue's wire, and calls to it as a client with a key makes them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.exchange.simulated.venues.bitget import BitgetWire
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.wire import WireCall, milliseconds
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_domain.kernel.venues import Environment, Venue
from tests.strategies.exchange import BTC, FIRST, PRICE, START

MIX: Final = "/api/v2/mix"
ORDER: Final = {
    "symbol": "BTCUSDT",
    "productType": "USDT-FUTURES",
    "marginMode": "isolated",
    "marginCoin": "USDT",
    "orderType": "market",
    "size": "0.1",
    "clientOid": "ours",
    "side": "buy",
    "reduceOnly": "NO",
}
STOP: Final = {
    "symbol": "BTCUSDT",
    "productType": "USDT-FUTURES",
    "marginCoin": "USDT",
    "planType": "loss_plan",
    "triggerPrice": "46000",
    "triggerType": "mark_price",
    "holdSide": "buy",
    "size": "0.1",
    "clientOid": "stop",
}
KEY: Final = IssuedKey("key", "secret", "passphrase", FIRST)


def house(key: IssuedKey = KEY, *, hedge: bool = False) -> House:
    venue = SimulatedVenue(DEMONSTRATION)
    venue.open_account(FIRST, Decimal(10_000), START, hedge=hedge)
    venue.set_price(BTC, PRICE, START)
    made = House(Venue.BITGET, Environment.LIVE, venue, SteppedClock(START))
    made.issue(key)
    return made


def call(
    path: str, document: dict[str, Any] | None = None, query: str = "", headers: Mapping[str, str] | None = None
) -> WireCall:
    """A call as a client with the key makes it at the venue's time; headers by name replace the right ones."""
    method, body = ("GET", b"") if document is None else ("POST", json.dumps(document).encode())
    given = headers or {}
    sent = given.get("timestamp", str(milliseconds(START)))
    signed = f"{sent}{method}{path}{'?' + query if query else ''}{body.decode()}"
    sign = base64.b64encode(hmac.new(b"secret", signed.encode(), hashlib.sha256).digest()).decode()
    right = {"key": "key", "sign": sign, "timestamp": sent, "passphrase": "passphrase"}
    named = {f"access-{name}": value for name, value in (right | dict(given)).items()}
    return WireCall(method, "api.bitget.com", path, query, body, named, "127.0.0.1", START)


async def code(asked: WireCall, of: House) -> str:
    answer = await BitgetWire().answer(asked, of)
    return str(answer.body["code"])
