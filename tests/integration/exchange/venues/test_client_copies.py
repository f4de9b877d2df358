"""A copied ccxt client is as good as a built one, and nothing that it does reaches another."""

from collections.abc import AsyncIterator, Iterator
from types import FunctionType, MethodType, ModuleType
from typing import Any, Final

import pytest

from cbc_adapters.exchange.ccxt.clients import ClientPool, Market
from cbc_adapters.exchange.ccxt.copies import copied
from cbc_adapters.exchange.ccxt.dialect import Client
from cbc_adapters.exchange.ccxt.dialects import DIALECTS
from cbc_adapters.exchange.simulated.keys import GivenKeys
from cbc_domain.kernel.venues import Environment

MARKETS: Final = [(venue, environment) for venue in DIALECTS for environment in Environment]
ITS_OWN: Final = {"origin", "throttler", "streaming"}
"""A random name that an instance gives itself, what would slow it down if it were asked to, and its own methods."""

in_every_market = pytest.mark.parametrize("market", MARKETS, ids=lambda market: f"{market[0].value}-{market[1].value}")


@pytest.fixture
async def pool() -> AsyncIterator[ClientPool]:
    pool = ClientPool(DIALECTS, GivenKeys({}))
    yield pool
    await pool.close()


@in_every_market
async def test_a_copy_is_what_ccxt_would_have_built(pool: ClientPool, market: Market) -> None:
    """rules: EXC-01"""
    built = pool._built(market)

    copy = copied(pool._built(market))

    differing = {name for name, value in vars(built).items() if vars(copy)[name] != value}
    assert type(copy) is type(built)
    assert vars(copy).keys() == vars(built).keys()
    assert differing <= ITS_OWN
    built.session = copy.session = None


@in_every_market
async def test_nothing_of_a_copy_leads_back_to_its_pattern(pool: ClientPool, market: Market) -> None:
    """rules: KEY-08"""
    pattern = pool._built(market)

    copy = copied(pattern)

    assert pattern not in list(reached(vars(copy)))
    pattern.session = copy.session = None


@in_every_market
async def test_what_one_client_writes_no_other_reads(pool: ClientPool, market: Market) -> None:
    """rules: EXC-10"""
    one, other = pool._made(market), pool._made(market)

    for written in [*tops(one), *containers(one.options)]:
        written["written"] = True

    assert not any("written" in read for read in [*tops(other), *containers(other.options)])
    one.session = other.session = None


def tops(client: Client) -> Iterator[dict[str, Any]]:
    return (value for value in vars(client).values() if isinstance(value, dict))


def containers(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        inner = list(value.values())
        yield value
        for one in inner:
            yield from containers(one)


def reached(value: object) -> Iterator[object]:
    """Everything that a client's attributes lead to, as far as it could be written or called on."""
    waiting, seen = [value], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, (str, int, float, ModuleType, FunctionType, type)):
            continue
        seen.add(id(one))
        yield one
        match one:
            case dict():
                waiting += one.values()
            case list() | tuple() | set():
                waiting += one
            case MethodType():
                waiting.append(one.__self__)
            case _:
                waiting += getattr(one, "__dict__", {}).values()
