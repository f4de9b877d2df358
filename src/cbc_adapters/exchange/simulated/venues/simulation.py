"""All venues in both environments at once: accounts with keys, prices that move, faults, and how a test drives them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final

import attrs

from cbc_adapters.exchange.simulated.adapter import Sleep, sleep_for
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.faults import FaultPlan
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION, START_PRICES
from cbc_adapters.exchange.simulated.model import Bar
from cbc_adapters.exchange.simulated.prices import SimulatedPrices
from cbc_adapters.exchange.simulated.venues.fault_file import NO_FAULTS, FaultFile
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.issued import NumberedAccount, issued_key
from cbc_adapters.exchange.simulated.venues.server import Serving, VenueServer, serving
from cbc_adapters.exchange.simulated.venues.wires import WIRES
from cbc_domain.kernel.venues import Environment, Symbol, Venue
from cbc_domain.ports.system import Clock

BALANCE: Final = Decimal(10_000)
"""USDT of each account at the start."""
PRICE_EVERY_S: Final = 1.0
"""Between two candles of the made-up path."""

TAKE_STOPS_FIRST: Final = frozenset({Venue.BINANCE})
"""Where a reduce-only trigger may stand before there is a position: observed there, and documented nowhere."""

Market = tuple[Venue, Environment]


@attrs.frozen
class Opened:
    """An account and the key to it."""

    numbered: NumberedAccount
    key: IssuedKey


class Simulation:
    """Mutable because it stands for the outside world. Prices are the same everywhere and move only when told to.

    Same seed, same keys and same path of prices. Accounts of a venue and an environment know nothing of any other.
    """

    def __init__(
        self, clock: Clock, *, accounts: int = 0, seed: int = 0, faults: FaultFile = NO_FAULTS, sleep: Sleep = sleep_for
    ) -> None:
        """`accounts` are opened in each venue and environment; `sleep` is how a delayed call waits."""
        self._clock, self._seed = clock, seed
        self.houses: Mapping[Market, House] = {
            (venue, environment): House(venue, environment, engine_of(venue), clock)
            for venue in WIRES
            for environment in (Environment.LIVE, Environment.TESTNET)
        }
        listed = {instrument.symbol: instrument for instrument in DEMONSTRATION}
        self._walks = {symbol: SimulatedPrices(listed[symbol], price, seed) for symbol, price in START_PRICES.items()}
        self.opened: Sequence[Opened] = [
            self._open(NumberedAccount(*market, number, seed)) for market in self.houses for number in range(1, accounts + 1)
        ]
        self.suffer(faults)
        self.server = VenueServer([make() for make in WIRES.values()], self.houses, clock, sleep)
        self.step()

    def of(self, venue: Venue, environment: Environment, number: int = 1) -> IssuedKey:
        """The key of an account by its number."""
        return self.houses[venue, environment].keys[issued_key(NumberedAccount(venue, environment, number, self._seed)).key]

    def suffer(self, faults: FaultFile) -> None:
        """From now on this goes wrong and nothing else; calls are counted anew, and maintenance from now."""
        for house in self.houses.values():
            faults.trouble(house, self._clock.now(), self._seed)

    def plan(self, venue: Venue, environment: Environment, plan: FaultPlan) -> None:
        """Give one venue a plan of its own."""
        self.houses[venue, environment].plan = plan

    def step(self) -> None:
        """Move all prices by one candle of their made-up path."""
        for symbol, walk in self._walks.items():
            self._live_through(symbol, walk.next_bar())

    def move(self, symbol: Symbol, price: Decimal) -> None:
        """Set a mark price everywhere; the made-up path goes on where it was."""
        self._live_through(symbol, Bar(price, price, price, price))

    def fill_rest(self, venue: Venue, environment: Environment, number: int, client_id: str) -> None:
        """Fill what a partial fill left open."""
        self.houses[venue, environment].fill_rest(self.of(venue, environment, number).account, client_id)

    def cut_streams(self, venue: Venue, environment: Environment, number: int | None = None) -> None:
        """Let the private streams of one account die, or those of all."""
        account = None if number is None else self.of(venue, environment, number).account
        self.houses[venue, environment].cut_streams(account)

    def _open(self, numbered: NumberedAccount) -> Opened:
        house, key = self.houses[numbered.venue, numbered.environment], issued_key(numbered)
        house.engine.open_account(key.account, BALANCE, self._clock.now())
        house.issue(key)
        return Opened(numbered, key)

    def _live_through(self, symbol: Symbol, bar: Bar) -> None:
        for house in self.houses.values():
            house.engine.apply_candle(symbol, bar.open, bar.high, bar.low, bar.close, house.now())
            house.tell()


def engine_of(venue: Venue) -> SimulatedVenue:
    """The matching of one venue, which takes what that venue takes."""
    return SimulatedVenue(DEMONSTRATION, takes_stop_first=venue in TAKE_STOPS_FIRST)


@asynccontextmanager
async def moving(simulation: Simulation, folder: Path, port: int = 0) -> AsyncIterator[Serving]:
    """Serve a simulation and move its prices every second while the context is open. Raises Unavailable `port_busy`."""
    async with serving(simulation.server, folder, port) as served, asyncio.TaskGroup() as group:
        walking = group.create_task(_walk(simulation))
        try:
            yield served
        finally:
            walking.cancel()


async def _walk(simulation: Simulation) -> None:
    while True:
        await asyncio.sleep(PRICE_EVERY_S)
        simulation.step()
