"""`cbc venue-sim`: exchanges as a process of their own, which the real adapter takes for the real ones."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from cbc_adapters.exchange.ccxt.adapter import CcxtExchange
from cbc_adapters.exchange.ccxt.clients import ClientPool
from cbc_adapters.exchange.ccxt.dialects import DIALECTS
from cbc_adapters.exchange.ccxt.wiring import Gateway
from cbc_adapters.exchange.simulated.keys import GivenKeys
from cbc_adapters.exchange.simulated.venues.wires import WIRES
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.venues import Environment, Side, Venue
from cbc_domain.ports.exchange import ReportState
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.ports.venue_keys import Credentials
from tests.integration.cli.conftest import Here
from tests.integration.cli.program import Serving, serving
from tests.strategies.exchange import BTC, FIRST, entry, exchange_account

E1: Final = f"cbce{1:028x}"
READY: Final = "}\n"


def told(running: Serving) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(running.said)
    return document


def credentials(running: Serving, venue: Venue) -> Credentials:
    """The first live account that the process printed."""
    row = next(one for one in told(running)["accounts"] if (one["venue"], one["environment"]) == (venue, Environment.LIVE))
    return Credentials(row["key"], row["secret"], row["passphrase"])


@asynccontextmanager
async def adapter(running: Serving, key: Credentials) -> AsyncIterator[CcxtExchange]:
    host, _, port = told(running)["gateway"].partition(":")
    gateway = Gateway(host, int(port), Path(told(running)["ca_file"]))
    exchange = CcxtExchange(ClientPool(DIALECTS, GivenKeys({FIRST: key}), gateway), SystemClock(), allow_live=True)
    try:
        yield exchange
    finally:
        await exchange.close()


@pytest.mark.parametrize("venue", WIRES, ids=str)
async def test_a_lost_answer_of_another_process_is_found(data: Path, venue: Venue) -> None:
    """rules: ORD-04, EXC-01"""
    account, faults = exchange_account(venue=venue), data.parent / "faults.json"
    faults.write_text('{"failures": [{"leg": "entry", "account": 1, "harm": {"kind": "lose_answer"}}]}')

    with serving(data, "venue-sim", "--port", "0", "--json", "--faults", str(faults), until=READY) as running:
        async with adapter(running, credentials(running, venue)) as exchange:
            with pytest.raises(OutcomeUnknown):
                await exchange.place(account, entry(E1, "0.01"))
            found = await exchange.find(account, BTC, E1)
            held = await exchange.holding(account, BTC, Side.LONG)
        code, _ = running.stop()

    assert found is not None
    assert found.state is ReportState.FILLED
    assert held is not None
    assert held.quantity == Decimal("0.01")
    assert code == 0


@pytest.mark.parametrize("venue", WIRES, ids=str)
async def test_a_key_that_was_never_given_out_is_refused_as_the_venue_does(data: Path, venue: Venue) -> None:
    """rules: EXC-01, EXC-04"""
    with serving(data, "venue-sim", "--port", "0", "--json", "--seed", "8", until=READY) as running:
        key = credentials(running, venue)
    with serving(data, "venue-sim", "--port", "0", "--json", "--seed", "9", until=READY) as running:
        async with adapter(running, key) as exchange:
            with pytest.raises(VenueRefused) as refusal:
                await exchange.holding(exchange_account(venue=venue), BTC, Side.LONG)

    assert refusal.value.fault is Fault.AUTH


async def test_prices_move_and_are_the_same_for_everybody(data: Path) -> None:
    """rules: EXC-01, GEN-13"""
    with serving(data, "venue-sim", "--port", "0", "--json", "--accounts", "0", until=READY) as running:
        async with adapter(running, Credentials("none", "none", None)) as exchange:
            prices: set[Decimal] = set()
            async with asyncio.timeout(20):
                while len(prices) < 2:
                    quote = await exchange.quote(Venue.BINANCE, Environment.TESTNET, BTC)
                    prices |= {quote.price} if quote else set()
                    await asyncio.sleep(0.2)

    assert told(running)["label"] == "SIMULATED"
    assert told(running)["accounts"] == []


@pytest.mark.parametrize("told_by", [signal.SIGTERM, signal.SIGINT], ids=str)
def test_it_says_how_to_reach_it_and_leaves_nothing_behind(data: Path, told_by: signal.Signals) -> None:
    with serving(data, "venue-sim", "--port", "0", "--accounts", "2") as running:
        settings = dict(line.split("=") for line in running.said.splitlines() if line.startswith("CBC_"))
        there = Path(settings["CBC_EXCHANGE_CA_FILE"]).read_text()
        code, _ = running.stop(told_by)

    assert code == 0
    assert settings["CBC_EXCHANGE_GATEWAY"].startswith("127.0.0.1:")
    assert "BEGIN CERTIFICATE" in there
    assert "PRIVATE KEY" not in there
    assert "SIMULATED" in running.said
    assert sorted(data.parent.iterdir()) == sorted([running.out, running.err])
    assert running.err.read_text() == ""


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"failures": [{"harm": {"kind": "lose_answer"}, "lge": "entry"}]}', "lge"),
        ('{"failures": [{"harm": {"kind": "fill_part", "fraction": "1.5"}}]}', "harm"),
        ('{"failures": [{"harm": {"kind": "explode"}}]}', "explode"),
        ('{"failures": [{"venue": "paper", "harm": {"kind": "lose_answer"}}]}', "venue"),
        ('{"storms": []}', "storms"),
        ("{", "truncated"),
    ],
)
def test_a_file_of_faults_that_cannot_be_is_refused_with_the_field(data: Path, here: Here, text: str, named: str) -> None:
    faults = data.parent / "faults.json"
    faults.write_text(text)

    ended = here("venue-sim", "--port", "0", "--faults", str(faults))

    assert (ended.code, ended.in_one_line, ended.out) == (2, True, "")
    assert named in ended.err


def test_a_missing_file_of_faults_is_named(data: Path, here: Here) -> None:
    ended = here("venue-sim", "--port", "0", "--faults", str(data / "nowhere.json"))

    assert (ended.code, ended.in_one_line) == (2, True)
    assert "nowhere.json" in ended.err


def test_a_busy_port_is_named(data: Path, here: Here) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        ended = here("venue-sim", "--port", str(port))

    assert (ended.code, ended.in_one_line) == (3, True), ended
    assert str(port) in ended.err
