"""What stores promise of strategies and their secrets."""

from datetime import datetime, timedelta

import attrs
import pytest
import pytest_asyncio

from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import StrategyId
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.signals.model import (
    SourceKind,
    Strategy,
    StrategySecret,
    StrategyState,
    TimeMeaning,
)
from tests.promises.samples import BTC, DAY, ETH, NOW, SECOND, Samples, committed, digest

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def strategy(store: Store, samples: Samples) -> Strategy:
    made = samples.strategy("house")
    async with committed(store) as work:
        await work.signals.add_strategy(made, samples.secret(made))
    return made


async def test_a_strategy_comes_back_as_it_was_added(store: Store, samples: Samples) -> None:
    """rules: SIG-02, SIG-36, SIG-44"""
    strategy = attrs.evolve(
        samples.strategy("night-owl"),
        bar_length=timedelta(minutes=15),
        time_meaning=TimeMeaning.FIRED,
        trusted=True,
        allowed_symbols=frozenset({BTC, ETH}),
        state=StrategyState.PAUSED,
        source=SourceKind.JSON,
        source_addresses=frozenset({"52.89.214.238", "2001:db8::1"}),
        limited=False,
    )

    async with committed(store) as work:
        await work.signals.add_strategy(strategy, samples.secret(strategy))

    async with store() as work:
        assert await work.signals.strategy(strategy.id) == strategy
        assert await work.signals.strategy(StrategyId(samples.ids.new())) is None


async def test_a_used_slug_is_refused(store: Store, samples: Samples, strategy: Strategy) -> None:
    """rules: SIG-02"""
    again = samples.strategy("house")

    with pytest.raises(Conflict) as refused:
        async with committed(store) as work:
            await work.signals.add_strategy(again, samples.secret(again, "another secret"))

    async with store() as work:
        assert await work.signals.strategies() == [strategy]
    assert refused.value.code == "already_exists"


async def test_strategies_are_listed_by_slug(store: Store, samples: Samples) -> None:
    made = [samples.strategy(slug) for slug in ("c", "a", "b")]
    async with committed(store) as work:
        for strategy in made:
            await work.signals.add_strategy(strategy, samples.secret(strategy))

    async with store() as work:
        assert [strategy.slug for strategy in await work.signals.strategies()] == ["a", "b", "c"]


@pytest.mark.parametrize(("valid_until", "valid"), [(None, True), (NOW + SECOND, True), (NOW, False), (NOW - SECOND, False)])
async def test_a_secret_names_its_strategy_until_its_end(
    store: Store, samples: Samples, valid_until: datetime | None, valid: bool
) -> None:
    """rules: SIG-41, SIG-43"""
    strategy = samples.strategy()
    secret = StrategySecret(strategy.id, digest("s3cret"), NOW - DAY, valid_until, sealed=b"\x00sealed")
    async with committed(store) as work:
        await work.signals.add_strategy(strategy, secret)

    async with store() as work:
        assert await work.signals.strategy_of_secret(digest("s3cret"), NOW) == ((strategy, secret) if valid else None)
        assert await work.signals.hmac_secrets(NOW) == ([secret] if valid else [])
        assert await work.signals.strategy_of_secret(digest("other"), NOW) is None


async def test_secrets_kept_as_hash_only_are_not_for_the_hmac_mode(store: Store, strategy: Strategy) -> None:
    """rules: SIG-42"""
    async with store() as work:
        assert await work.signals.hmac_secrets(NOW) == []
