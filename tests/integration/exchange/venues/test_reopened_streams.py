"""Private streams that end and are opened anew: what they hear, and what is left of the one before."""

import asyncio
import gc
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from weakref import ref

import pytest

from cbc_adapters.exchange.ccxt import streams
from cbc_adapters.exchange.ccxt.dialect import Client
from cbc_adapters.exchange.simulated.venues.wires import WIRES
from cbc_domain.kernel.venues import Environment
from tests.integration.exchange.venues.bench import PATIENCE_S
from tests.integration.exchange.venues.troubled import E1, E2, Troubled, troubled
from tests.strategies.exchange import entry


@pytest.fixture(params=list(WIRES), ids=str)
async def venue(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Troubled]:
    async with troubled(request.param, tmp_path) as venue:
        yield venue


def clients(venue: Troubled) -> Sequence[Client]:
    """All clients of the account's market that are alive, and what they are copied from."""
    pool, market = venue.exchange._pool, (venue.account.venue, Environment.LIVE)
    return [*pool._made_for[market], pool._patterns[market]]


def streaming(venue: Troubled) -> Client:
    (one,) = (client for client in clients(venue) if client.clients)
    return one


async def over(client: Client, venue: Troubled) -> None:
    """Wait until a stream has ended here and there."""
    async with asyncio.timeout(PATIENCE_S):
        while client.clients or client.apiKey or venue.house.is_listened_to(venue.account.id):
            await asyncio.sleep(0.01)


async def cut(venue: Troubled) -> None:
    """Have the venue cut the stream."""
    streamed = streaming(venue)
    venue.house.cut_streams(venue.account.id)
    await over(streamed, venue)


async def test_between_two_streams_no_client_holds_a_key(venue: Troubled) -> None:
    """rules: KEY-08"""
    await venue.listen()
    held = [client for client in clients(venue) if client.apiKey]

    await cut(venue)

    assert len(held) == 1
    assert not [client for client in clients(venue) if client.apiKey or client.secret or client.password]


async def test_a_reopened_stream_hears_what_comes_after(venue: Troubled) -> None:
    """rules: POS-10"""
    await venue.listen()
    venue.sent_elsewhere(entry(E1))
    await venue.told(E1)

    await cut(venue)
    await venue.desk.heard_by_venue()
    fresh = streaming(venue)
    empty = not fresh.orders
    venue.sent_elsewhere(entry(E2))
    told = await venue.told(E2)

    assert empty
    assert {report.client_id for report in told} == {E2}


async def test_a_silent_stream_is_opened_anew(venue: Troubled, monkeypatch: pytest.MonkeyPatch) -> None:
    """rules: POS-10"""
    monkeypatch.setattr(streams, "SILENT_S", 0.5)
    await venue.listen()

    await over(streaming(venue), venue)
    monkeypatch.undo()
    await venue.desk.heard_by_venue()
    venue.sent_elsewhere(entry(E1))

    assert {report.client_id for report in await venue.told(E1)} == {E1}


async def test_no_client_outlives_its_stream(venue: Troubled) -> None:
    """rules: KEY-08"""
    await venue.listen()
    streamed = ref(streaming(venue))

    await venue.exchange.follow([])

    async with asyncio.timeout(PATIENCE_S):
        while streamed() is not None:
            await asyncio.sleep(0.05)
            gc.collect()


async def test_a_stream_that_ends_while_it_connects_leaves_no_connection(venue: Troubled) -> None:
    """rules: KEY-08"""
    await venue.exchange.follow([venue.account])
    async with asyncio.timeout(PATIENCE_S):
        while not (connecting := [one for client in clients(venue) for one in client.clients.values() if one.connecting]):
            await asyncio.sleep(0)

    await venue.exchange.follow([])

    async with asyncio.timeout(PATIENCE_S):
        while any(one.connecting for one in connecting):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
    assert all(one.closed() for one in connecting)


async def test_clients_leave_what_they_are_copied_from_as_it_was(venue: Troubled) -> None:
    """rules: EXC-10"""
    before = state(clients(venue)[-1])

    await venue.listen()
    venue.sent_elsewhere(entry(E1))
    await venue.told(E1)

    assert state(clients(venue)[-1]) == before


def state(client: Client) -> Mapping[str, str]:
    return {name: repr(value) for name, value in vars(client).items()}
