"""What stores promise of switches and emergency acts."""

import pytest

from cbc_domain.kernel.errors import Invalid
from cbc_domain.market.model import NeutralPolicy
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.risk.defaults import Switches
from cbc_domain.risk.model import Stop, StopLevel, StopScope
from tests.promises.samples import NOW, SECOND, committed

pytestmark = pytest.mark.asyncio(loop_scope="session")


ACTOR = "admin"


WHY = "a reason of ten"


async def test_switches_start_with_the_defaults_of_the_rule_book(store: Store) -> None:
    """rules: GEN-16"""
    async with store() as work:
        assert await work.configuration.switches() == Switches()


async def test_the_newest_version_of_each_switch_is_in_force(store: Store) -> None:
    """rules: GEN-16"""
    for name, value in (("live_trading_enabled", True), ("coin_block_minutes", 30), ("coin_block_minutes", 45)):
        async with committed(store) as work:
            await work.configuration.set_switch(name, value, ACTOR, WHY, NOW)
    async with store() as work:
        await work.configuration.set_switch("ai_enabled", False, ACTOR, WHY, NOW)

    async with store() as work:
        assert await work.configuration.switches() == Switches(live_trading_enabled=True, coin_block_minutes=45)


async def test_switches_take_their_wire_form(store: Store) -> None:
    """rules: GEN-16"""
    async with committed(store) as work:
        for name, value in (("affiliate_share_vip", "0.06"), ("neutral_market_policy", "ai_direction_only")):
            await work.configuration.set_switch(name, value, ACTOR, WHY, NOW)

    async with store() as work:
        switches = await work.configuration.switches()
    assert (str(switches.affiliate_share_vip), switches.neutral_market_policy) == (
        "0.06",
        NeutralPolicy.AI_DIRECTION_ONLY,
    )


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("no_such_switch", True, "setting_unknown"),
        ("ai_enabled", "yes", "setting_invalid"),
        ("ai_enabled", 1, "setting_invalid"),
        ("coin_block_minutes", 29, "setting_out_of_range"),
        ("coin_block_minutes", 481, "setting_out_of_range"),
        ("affiliate_share_vip", "0.500001", "setting_out_of_range"),
        ("affiliate_share_normal", "-0.000001", "setting_out_of_range"),
        ("rehearsal_trades_required", -1, "setting_out_of_range"),
        ("rehearsal_trades_required", 51, "setting_out_of_range"),
        ("coin_block_minutes", True, "setting_invalid"),
        ("coin_block_minutes", "90", "setting_invalid"),
        ("affiliate_share_vip", "much", "setting_invalid"),
        ("affiliate_share_vip", "NaN", "setting_invalid"),
        ("neutral_market_policy", "whatever", "setting_invalid"),
    ],
)
async def test_a_switch_that_is_none_or_cannot_be_read_is_refused(store: Store, name: str, value: object, code: str) -> None:
    """rules: GEN-16"""
    async with committed(store) as work:
        with pytest.raises(Invalid) as refused:
            await work.configuration.set_switch(name, value, ACTOR, WHY, NOW)

    async with store() as work:
        assert await work.configuration.switches() == Switches()
    assert refused.value.code == code


def stop(scope: StopScope = StopScope.GLOBAL, target: str | None = None, level: StopLevel = StopLevel.PAUSE) -> Stop:
    return Stop(scope, target, level, WHY, ACTOR, NOW)


async def test_emergency_acts_are_in_force_until_they_are_lifted(store: Store) -> None:
    """rules: RSK-20, RSK-21, RSK-24"""
    acts = [stop(), stop(StopScope.SYMBOL, "BTCUSDT"), stop(StopScope.EXCHANGE, "bybit", StopLevel.FLATTEN)]
    async with committed(store) as work:
        for act in acts:
            await work.configuration.set_stop(act)

    async with committed(store) as work:
        assert await work.configuration.stops() == acts
        await work.configuration.lift_stop("global", None, ACTOR, WHY, NOW + SECOND)

    async with store() as work:
        assert await work.configuration.stops() == acts[1:]


async def test_an_emergency_act_replaces_the_one_of_its_scope(store: Store) -> None:
    """rules: RSK-20"""
    harder = stop(level=StopLevel.REDUCE_ONLY)
    async with committed(store) as work:
        await work.configuration.set_stop(stop())
        await work.configuration.set_stop(harder)

    async with store() as work:
        assert await work.configuration.stops() == [harder]


async def test_an_emergency_act_that_was_set_again_is_the_newest(store: Store) -> None:
    """rules: RSK-20"""
    first, second = stop(), stop(StopScope.SYMBOL, "BTCUSDT")
    harder = stop(level=StopLevel.FLATTEN)
    async with committed(store) as work:
        for act in (first, second, harder):
            await work.configuration.set_stop(act)

    async with store() as work:
        assert await work.configuration.stops() == [second, harder]


async def test_lifting_what_is_not_in_force_changes_nothing(store: Store) -> None:
    """rules: RSK-24"""
    act = stop(StopScope.SYMBOL, "BTCUSDT")
    async with committed(store) as work:
        await work.configuration.set_stop(act)
        await work.configuration.lift_stop("symbol", "ETHUSDT", ACTOR, WHY, NOW)
        await work.configuration.lift_stop("global", None, ACTOR, WHY, NOW)

    async with store() as work:
        assert await work.configuration.stops() == [act]
