"""Bybit in process: unmodified ccxt signs and understands, and the simulated venue's wire answers it without a socket."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import attrs
from ccxt.async_support import bybit

from cbc_adapters.exchange.ccxt.dialect import Placing, Sought
from cbc_adapters.exchange.ccxt.dialects.bybit.dialect import BybitDialect
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.exchange.simulated.venues.bybit import BybitWire
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.wire import Json, WireCall, milliseconds
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.exchange import Ticket
from tests.strategies.exchange import BTC, FIRST, PRICE, START, instrument

ADDRESS = "203.0.113.7"


class WiredBybit(bybit):  # type: ignore[misc]  # ccxt ships no type information
    """A ccxt client whose requests go to a wire; mutable because it is ccxt's, and it keeps the calls that it sent."""

    def connect(self, wire: BybitWire, house: House, key: IssuedKey) -> None:
        self.wire, self.house = wire, house
        self.apiKey, self.secret = key.key, key.secret
        self.late = timedelta(0)
        self.sent: list[WireCall] = []

    def nonce(self) -> int:
        return milliseconds(self.house.now() - self.late)

    async def fetch(self, url: str, method: str = "GET", headers: Json = None, body: Json = None) -> Json:
        call = wire_call(url, method, headers or {}, body or "", self.house.now())
        self.sent.append(call)
        answer = await self.wire.answer(call, self.house)
        text = json.dumps(answer.body)
        self.handle_errors(answer.status, "", url, method, {}, text, answer.body, headers, body)
        return json.loads(text)


def wire_call(url: str, method: str, headers: dict[str, str], body: str, at: datetime) -> WireCall:
    parts, names = urlsplit(url), {name.lower(): value for name, value in headers.items()}
    return WireCall(method, parts.netloc, parts.path, parts.query, body.encode(), names, ADDRESS, at)


@attrs.frozen
class Bench:
    """One account of 10,000 USDT at Bybit, Bitcoin at 47,000, and what speaks to it."""

    clock: SteppedClock
    house: House
    client: Json
    dialect: BybitDialect

    async def place(self, ticket: Ticket) -> None:
        await self.dialect.place(self.client, Placing(ticket, instrument(), self.house.account(FIRST).hedge))

    def sought(self, client_id: str) -> Sought:
        return Sought(client_id, instrument(), None)


def bybit_bench(*, hedge: bool = False, key: IssuedKey | None = None) -> Bench:
    clock = SteppedClock(START)
    engine = SimulatedVenue(DEMONSTRATION)
    house = House(Venue.BYBIT, Environment.LIVE, engine, clock)
    engine.open_account(FIRST, Decimal(10_000), START, hedge=hedge)
    engine.set_price(BTC, PRICE, START)
    issued = key or IssuedKey("key", "secret", None, FIRST)
    house.issue(issued)
    dialect = BybitDialect()
    client = WiredBybit({"enableRateLimit": False, **dialect.settings(Environment.LIVE)})
    client.connect(BybitWire(), house, issued)
    return Bench(clock, house, client, dialect)
