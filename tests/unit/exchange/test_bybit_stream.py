"""Bybit's private stream speaks to the owner of an account and to nobody else."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from cbc_adapters.exchange.simulated.venues.wire import Json, milliseconds
from tests.strategies.exchange import PRICE, START, entry, stop
from tests.unit.exchange.bybit_venue import Bench, bybit_bench

LATER = str(milliseconds(START) + 10_000)
SUBSCRIBE = {"op": "subscribe", "args": ["order"], "req_id": "2"}


class Line:
    """A connection on which a client says what it was given and goes; mutable because it keeps what it heard."""

    def __init__(self, said: Sequence[Mapping[str, object]], path: str = "/v5/private") -> None:
        self.path, self._said = path, said
        self.heard: list[Json] = []

    async def send(self, text: str) -> None:
        self.heard.append(json.loads(text))

    async def messages(self) -> AsyncIterator[str]:
        for each in self._said:
            yield json.dumps(each)


def log_in(secret: str = "secret", until: str = LATER) -> Mapping[str, object]:
    sign = hmac.new(secret.encode(), f"GET/realtime{until}".encode(), hashlib.sha256).hexdigest()
    return {"op": "auth", "args": ["key", until, sign], "req_id": "1"}


async def heard(bench: Bench, *said: Mapping[str, object]) -> list[tuple[str, bool]]:
    line = Line(said)
    await bench.client.wire.converse(line, bench.house)
    return [(each["op"], each["success"]) for each in line.heard]


async def test_the_owner_is_let_in() -> None:
    """rules: EXC-02"""
    assert await heard(bybit_bench(), log_in(), SUBSCRIBE) == [("auth", True), ("subscribe", True)]


@pytest.mark.parametrize("wrong", [log_in(secret="another"), log_in(until=str(milliseconds(START))), {"op": "auth"}])
async def test_who_proves_nothing_is_sent_away(wrong: Mapping[str, object]) -> None:
    """rules: EXC-02"""
    assert await heard(bybit_bench(), wrong, SUBSCRIBE) == [("auth", False)]


async def test_nothing_is_told_before_the_log_in() -> None:
    """rules: EXC-02"""
    assert await heard(bybit_bench(), SUBSCRIBE) == [("subscribe", False)]


async def test_a_ping_is_answered() -> None:
    """rules: POS-10"""
    line, bench = Line([{"op": "ping", "req_id": "7"}]), bybit_bench()

    await bench.client.wire.converse(line, bench.house)

    assert [(each["op"], each["req_id"]) for each in line.heard] == [("pong", "7")]


async def test_a_struck_stop_is_told_as_triggered_and_then_as_filled_under_our_id() -> None:
    """rules: POS-10, ORD-09"""
    bench = bybit_bench()
    await bench.place(entry("e1"))
    await bench.place(stop("46000", "s1"))
    bench.house.engine.unread.clear()
    bench.house.engine.set_price(entry().symbol, PRICE - 1500, START)

    told = [
        (message["topic"], order["orderLinkId"], order["orderStatus"])
        for report in bench.house.engine.unread
        for message in bench.client.wire.told(report, bench.house)
        for order in message["data"]
    ]

    assert told == [("order", "s1", "Triggered"), ("order", "s1", "Filled")]
