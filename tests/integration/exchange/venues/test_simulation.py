"""The simulated venues as one world: who is in it, what goes wrong where, and how a test drives it."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from cbc_adapters.exchange.simulated.faults import (
    Break,
    Call,
    Delay,
    Disorder,
    DropBefore,
    FillPart,
    Harm,
    LoseAnswer,
    Refuse,
)
from cbc_adapters.exchange.simulated.venues.fault_file import FaultFile, read_fault_file
from cbc_adapters.exchange.simulated.venues.simulation import Simulation
from cbc_adapters.exchange.simulated.venues.wires import WIRES
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.exchange import ReportState
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import Leg
from tests.documents.source import ROOT
from tests.strategies.exchange import BTC, START, entry

LIVE, TESTNET = Environment.LIVE, Environment.TESTNET
MINUTE: Final = timedelta(minutes=1)


def world(*, accounts: int = 2, seed: int = 7, faults: FaultFile | None = None) -> Simulation:
    return Simulation(SteppedClock(START), accounts=accounts, seed=seed, faults=faults or FaultFile())


def written(folder: Path, **document: object) -> FaultFile:
    """Write a fault file and read it back."""
    file = folder / "faults.json"
    file.write_text(json.dumps(document))
    return read_fault_file(file)


def test_the_same_seed_gives_the_same_keys_and_prices() -> None:
    """rules: EXC-01"""
    first, again, other = world(seed=7), world(seed=7), world(seed=8)

    for simulation in (first, again, other):
        simulation.step()

    assert first.opened == again.opened
    assert {one.key.key for one in first.opened}.isdisjoint(one.key.key for one in other.opened)
    assert len({one.key.key for one in first.opened}) == len(WIRES) * 2 * 2
    prices = [simulation.houses[Venue.BINANCE, LIVE].engine.marks[BTC].price for simulation in (first, again, other)]
    assert prices[0] == prices[1] != prices[2]


def test_a_price_that_is_set_is_set_at_every_venue() -> None:
    """rules: EXC-01"""
    simulation = world()

    simulation.move(BTC, Decimal(50_000))

    assert {house.engine.marks[BTC].price for house in simulation.houses.values()} == {Decimal(50_000)}


def test_the_rest_of_a_partial_fill_is_filled_when_told() -> None:
    """rules: ORD-08"""
    simulation = world()
    house, key = simulation.houses[Venue.BINANCE, LIVE], simulation.of(Venue.BINANCE, LIVE, 2)
    house.engine.place(key.account, entry(), START, fraction=Decimal("0.4"))

    simulation.fill_rest(Venue.BINANCE, LIVE, 2, "e1")

    assert house.account(key.account).orders["e1"].state is ReportState.FILLED


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ({"kind": "refuse", "fault": "RATE_LIMIT", "retry_after_s": 3}, Refuse(Fault.RATE_LIMIT, 3)),
        ({"kind": "drop_before"}, DropBefore()),
        ({"kind": "lose_answer"}, LoseAnswer()),
        ({"kind": "delay", "by_ms": 1500}, Delay(timedelta(seconds=1.5))),
        ({"kind": "break", "status": 502, "done": True}, Break(502, done=True)),
        ({"kind": "fill_part", "fraction": "0.4"}, FillPart(Decimal("0.4"))),
        ({"kind": "fill_part", "fraction": 0.4, "rest_after_ms": 2000}, FillPart(Decimal("0.4"), timedelta(seconds=2))),
    ],
)
def test_every_harm_can_be_written_in_a_file(tmp_path: Path, told: dict[str, object], meant: Harm) -> None:
    """rules: EXC-01, EXC-09"""
    simulation = world(faults=written(tmp_path, failures=[{"harm": told, "leg": "stop", "when": {"kind": "always"}}]))
    house, key = simulation.houses[Venue.BINANCE, LIVE], simulation.of(Venue.BINANCE, LIVE)

    struck = house.plan.harms(Call.PLACE, key.account, 1, Leg.STOP)
    spared = house.plan.harms(Call.PLACE, key.account, 1, Leg.ENTRY)

    assert struck == (meant,)
    assert spared == ()


@pytest.mark.parametrize(
    ("when", "struck"),
    [
        (None, [True, False, False, False]),
        ({"kind": "nth", "numbers": [2, 4]}, [False, True, False, True]),
        ({"kind": "always"}, [True, True, True, True]),
        ({"kind": "one_in", "calls": 1, "seed": 5}, [True, True, True, True]),
    ],
    ids=str,
)
def test_a_line_strikes_when_it_says(tmp_path: Path, when: dict[str, object] | None, struck: list[bool]) -> None:
    """rules: EXC-01"""
    line = {"harm": {"kind": "lose_answer"}, "call": "cancel"} | ({"when": when} if when else {})
    simulation = world(faults=written(tmp_path, failures=[line]))
    house, key = simulation.houses[Venue.BINANCE, LIVE], simulation.of(Venue.BINANCE, LIVE)

    happened = [bool(house.plan.harms(Call.CANCEL, key.account, 1)) for _ in range(4)]

    assert happened == struck


def test_the_file_that_the_documentation_shows_can_be_read(tmp_path: Path) -> None:
    shown = (ROOT / "docs" / "venue-sim.md").read_text().partition("```json\n")[2].partition("```")[0]

    simulation = world(faults=written(tmp_path, **json.loads(shown)))

    assert simulation.houses[Venue.BINANCE, LIVE].plan.disorder == Disorder(7, 5, 11, 50)


def test_a_line_strikes_only_where_it_says(tmp_path: Path) -> None:
    """rules: EXC-01"""
    simulation = world(
        faults=written(
            tmp_path,
            failures=[{"venue": "binance", "environment": "live", "account": 2, "harm": {"kind": "lose_answer"}}],
            streams=[{"repeat_every": 2}, {"environment": "live", "swap_every": 3, "lose_every": 4, "cut_every": 5}],
            skews=[{"venue": "binance", "environment": "testnet", "by_ms": -2500}],
            maintenance=[{"environment": "live", "from_s": 60, "until_s": 120}],
        )
    )
    live, testnet = simulation.houses[Venue.BINANCE, LIVE], simulation.houses[Venue.BINANCE, TESTNET]

    struck = [
        (number, bool(house.plan.harms(Call.PLACE, simulation.of(Venue.BINANCE, house.environment, number).account, number)))
        for house in (live, testnet)
        for number in (1, 2)
    ]

    assert struck == [(1, False), (2, True), (1, False), (2, False)]
    assert live.plan.disorder == Disorder(0, 3, 4, 5)
    assert testnet.plan.disorder == Disorder(repeat_every=2)
    assert (live.now(), testnet.now()) == (START, START - timedelta(seconds=2.5))
    assert live.maintenance == [(START + MINUTE, START + 2 * MINUTE)]
    assert testnet.maintenance == []


def test_what_goes_wrong_can_be_changed_and_ended_at_any_time(tmp_path: Path) -> None:
    """rules: EXC-01, EXC-07"""
    simulation = world()
    house, key = simulation.houses[Venue.BINANCE, LIVE], simulation.of(Venue.BINANCE, LIVE)
    storm = written(tmp_path, failures=[{"harm": {"kind": "drop_before"}, "when": {"kind": "always"}}], skews=[{"by_ms": 1}])

    simulation.suffer(storm)
    during = (house.plan.harms(Call.PLACE, key.account, 1), house.skew)
    simulation.suffer(FaultFile())
    after = (house.plan.harms(Call.PLACE, key.account, 1), house.skew)

    assert during == ((DropBefore(),), timedelta(milliseconds=1))
    assert after == ((), timedelta(0))
