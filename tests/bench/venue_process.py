"""The simulated venues alone, as `cbc venue-sim` serves them, with prices that stand still: no stop is struck in the middle.

It writes down each second how many accounts have a private stream open, and how many calls about balances, positions and
orders came so far.
"""

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cbc_adapters.exchange.simulated.faults import Call, FaultPlan, Harm
from cbc_adapters.exchange.simulated.listing import START_PRICES
from cbc_adapters.exchange.simulated.venues.server import serving
from cbc_adapters.exchange.simulated.venues.simulation import PRICE_EVERY_S, Simulation
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.ids import AccountId
from cbc_domain.trading.model import Leg
from cbc_entrypoints import logs
from cbc_entrypoints.cli.stopping import told_to_stop

SEED: Final = 7
READY: Final = "venues "
NOT_COUNTED: Final = frozenset({Call.PUBLIC, Call.OTHER})


class Counting(FaultPlan):
    """Nothing goes wrong; mutable because it counts."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def harms(self, call: Call, account: AccountId, ordinal: int, leg: Leg | None = None) -> tuple[Harm, ...]:
        self.calls += call not in NOT_COUNTED
        return ()


async def main(accounts: int) -> None:
    logs.configure("console", "warning")
    simulation = Simulation(SystemClock(), accounts=accounts, seed=SEED)
    _stand_still(simulation)
    counting = Counting()
    for house in simulation.houses.values():
        house.plan = counting
    with TemporaryDirectory() as folder:
        seen = Path(folder) / "seen"
        _write_down(seen, simulation, counting)
        async with told_to_stop() as stop, serving(simulation.server, Path(folder)) as served:
            told = json.dumps({"gateway": served.gateway, "ca_file": str(served.ca_file), "seen": str(seen)})
            sys.stdout.write(f"{READY}{told}\n")
            sys.stdout.flush()
            while not stop.is_set():
                await asyncio.sleep(PRICE_EVERY_S)
                _stand_still(simulation)
                _write_down(seen, simulation, counting)


def _stand_still(simulation: Simulation) -> None:
    for symbol, price in START_PRICES.items():
        simulation.move(symbol, price)


def _write_down(seen: Path, simulation: Simulation, counting: Counting) -> None:
    # A reader never finds half of it.
    new = seen.with_suffix(".new")
    new.write_text(json.dumps({"streams": _streams(simulation), "calls": counting.calls}))
    new.rename(seen)


def _streams(simulation: Simulation) -> int:
    houses = simulation.houses
    return sum(
        houses[one.numbered.venue, one.numbered.environment].is_listened_to(one.key.account) for one in simulation.opened
    )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
