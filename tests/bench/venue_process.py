"""The simulated venues alone, as `cbc venue-sim` serves them, with prices that stand still: no stop is struck in the middle.

It writes down each second how many accounts have a private stream open.
"""

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cbc_adapters.exchange.simulated.listing import START_PRICES
from cbc_adapters.exchange.simulated.venues.server import serving
from cbc_adapters.exchange.simulated.venues.simulation import PRICE_EVERY_S, Simulation
from cbc_adapters.system.real.clock import SystemClock
from cbc_entrypoints import logs
from cbc_entrypoints.cli.stopping import told_to_stop

SEED: Final = 7
READY: Final = "venues "


async def main(accounts: int) -> None:
    logs.configure("console", "warning")
    simulation = Simulation(SystemClock(), accounts=accounts, seed=SEED)
    _stand_still(simulation)
    with TemporaryDirectory() as folder:
        heard = Path(folder) / "streams"
        heard.write_text("0")
        async with told_to_stop() as stop, serving(simulation.server, Path(folder)) as served:
            told = json.dumps({"gateway": served.gateway, "ca_file": str(served.ca_file), "streams": str(heard)})
            sys.stdout.write(f"{READY}{told}\n")
            sys.stdout.flush()
            while not stop.is_set():
                await asyncio.sleep(PRICE_EVERY_S)
                _stand_still(simulation)
                heard.write_text(str(_streams(simulation)))


def _stand_still(simulation: Simulation) -> None:
    for symbol, price in START_PRICES.items():
        simulation.move(symbol, price)


def _streams(simulation: Simulation) -> int:
    houses = simulation.houses
    return sum(
        houses[one.numbered.venue, one.numbered.environment].is_listened_to(one.key.account) for one in simulation.opened
    )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
