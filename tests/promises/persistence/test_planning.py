"""What stores promise of planning: pages of members, candidates with their places held, one decision each."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from cbc_domain.identity.model import AffiliateTier, Role
from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.ids import DebtId, MemberId, PositionId, SignalId
from cbc_domain.kernel.money import BRL, USD, Currency, Money, total
from cbc_domain.kernel.venues import Environment, Symbol
from cbc_domain.ledger.model import Debt
from cbc_domain.ledger.postings import commission, manual_credit, recharge
from cbc_domain.ledger.spending import Spent, spend
from cbc_domain.plans.model import Membership, PlanCode
from cbc_domain.ports.persistence.people import Wishes
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.persistence.views import MemberDecision, SignalTally
from cbc_domain.risk.model import Activity, LiveGate, Reason, TradingSettings
from cbc_domain.trading.model import Ordered
from tests.promises.persistence.trade_acts import candidate, ended
from tests.promises.samples import BTC, DAY, ETH, MINUTE, NOW, SECOND, Place, Samples, brl, committed, usd

pytestmark = pytest.mark.asyncio(loop_scope="session")


HOUR = timedelta(hours=1)


async def test_members_are_planned_for_in_ascending_id(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-01"""
    members = [place.member, *[await samples.joined(store) for _ in range(4)]]

    async with store() as work:
        first = await work.planning.page(place.signal.id, None, 3)
        second = await work.planning.page(place.signal.id, first[-1], 3)

    assert [*first, *second] == [member.id for member in members]


async def test_staff_are_not_planned_for(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-01, ROL-01"""
    staff = attrs.evolve(samples.credential(), member=attrs.evolve(samples.member(), role=Role.OPERADOR))
    async with committed(store) as work:
        await work.people.add(staff, Membership(staff.member.id, PlanCode.NONE, NOW))

    async with store() as work:
        assert await work.planning.page(place.signal.id, None, 10) == [place.member.id]


async def test_who_has_a_decision_is_not_planned_for_again(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-01"""
    skipped, left = await samples.neighbour(store, place), await samples.joined(store)
    async with committed(store) as work:
        await work.planning.record(
            [samples.ordered(samples.position(place))], [samples.skipped(skipped.member, place.signal)], NOW
        )
    other = await samples.heard(store, place)

    async with store() as work:
        assert await work.planning.page(place.signal.id, None, 10) == [left.id]
        assert len(await work.planning.page(other.id, None, 10)) == 3


async def test_a_recorded_intent_is_a_position_with_orders_and_a_task(store: Store, samples: Samples, place: Place) -> None:
    """rules: ORD-02, PRI-01"""
    part = attrs.evolve(samples.ordered(samples.position(place)), failing_gates=(LiveGate.LIVE_FLAG_OFF,))
    async with committed(store) as work:
        await work.planning.record([part], [], NOW)

    async with committed(store) as work:
        [trade] = await work.trades.trades([part.position.id], lock=False)
        [decision] = await work.signals.decisions(place.member.id, [place.signal.id])
        [claim] = await work.lane.claim(NOW, MINUTE, 10, rehearsal_first=False)

    assert trade == Trade(part.position, part.orders)
    assert claim.task.id == part.task.id
    assert decision == MemberDecision(
        place.signal.id,
        place.member.id,
        Environment.LIVE,
        "ordered",
        (),
        (LiveGate.LIVE_FLAG_OFF,),
        tuple(order.id for order in part.orders),
    )


async def test_a_refusal_keeps_every_reason_in_its_order(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-04, SIG-32"""
    reasons = (Reason.TRADING_DISABLED, Reason.COIN_BLOCKED, Reason.POSITION_LIMIT)
    gates = (LiveGate.DEBT_OUTSTANDING, LiveGate.BALANCE_BELOW_MINIMUM)
    skipped = attrs.evolve(samples.skipped(place.member, place.signal, *reasons), failing_gates=gates)

    async with committed(store) as work:
        await work.planning.record([], [skipped], NOW)

    async with store() as work:
        found = await work.signals.decisions(place.member.id, [SignalId(samples.ids.new()), place.signal.id])
        nobody = await work.signals.decisions(MemberId(samples.ids.new()), [place.signal.id])
        nothing = await work.signals.decisions(place.member.id, [])
    assert found == [MemberDecision(place.signal.id, place.member.id, Environment.LIVE, "skipped", reasons, gates, ())]
    assert nobody == nothing == []


async def test_a_member_keeps_his_first_decision(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-01"""
    neighbour = await samples.neighbour(store, place)
    first, second = samples.ordered(samples.position(place)), samples.ordered(samples.position(place, ETH))
    refused = samples.skipped(neighbour.member, place.signal, Reason.AI_VETO)
    async with committed(store) as work:
        await work.planning.record([first], [refused], NOW)

    async with committed(store) as work:
        await work.planning.record(
            [second, samples.ordered(samples.position(neighbour))], [samples.skipped(place.member, place.signal)], NOW
        )
        await work.planning.record([], [], NOW)

    async with store() as work:
        assert await work.trades.of_signal(place.signal.id, None) == [first.position.id]
        [mine] = await work.signals.decisions(place.member.id, [place.signal.id])
        [his] = await work.signals.decisions(neighbour.member.id, [place.signal.id])
        assert await work.trades.positions_of_orders([order.client_id for order in second.orders]) == {}
    assert (mine.outcome, his.outcome, his.reasons) == ("ordered", "skipped", (Reason.AI_VETO,))


async def test_planning_twice_at_once_makes_one_intent(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-01, ELG-05"""
    parts = [samples.ordered(samples.position(place)) for _ in range(4)]

    async def plan(part: Ordered) -> None:
        async with committed(store) as work:
            await work.planning.candidates([place.member.id], place.strategy.id, NOW, lock=True)
            await work.planning.record([part], [], NOW)

    await asyncio.gather(*(plan(part) for part in parts))

    async with store() as work:
        assert len(await work.trades.of_signal(place.signal.id, place.member.id)) == 1


async def test_two_signals_cannot_both_take_the_last_place(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-05"""
    symbols = [Symbol(f"{letter}USDT") for letter in "ABCDEF"]
    signals = [await samples.heard(store, place, symbol) for symbol in symbols]

    async def plan(symbol: Symbol, number: int) -> None:
        async with committed(store) as work:
            [found] = await work.planning.candidates([place.member.id], place.strategy.id, NOW, lock=True)
            live = next(one for one in found.activities if one.environment is Environment.LIVE)
            if live.open_count < 2:
                position = samples.position(place, symbol, signal=signals[number])
                await work.planning.record([samples.ordered(position)], [], NOW)

    await asyncio.gather(*(plan(symbol, number) for number, symbol in enumerate(symbols)))

    async with store() as work:
        assert len(await work.trades.open_of(place.member.id)) == 2


async def test_tallies_count_orders_and_headline_reasons(store: Store, samples: Samples, place: Place) -> None:
    """rules: SIG-31"""
    others = [await samples.joined(store) for _ in range(3)]
    headlines = (Reason.COIN_BLOCKED, Reason.COIN_BLOCKED, Reason.AI_VETO)
    skipped = [
        samples.skipped(member, place.signal, reason, Reason.POSITION_LIMIT)
        for member, reason in zip(others, headlines, strict=True)
    ]
    silent = await samples.heard(store, place)
    async with committed(store) as work:
        await work.planning.record([samples.ordered(samples.position(place))], skipped, NOW)

    async with store() as work:
        found = await work.signals.tallies([silent.id, place.signal.id])

    assert found == [
        SignalTally(silent.id, 0, {}),
        SignalTally(place.signal.id, 1, {"coin_blocked": 2, "ai_veto": 1}),
    ]


async def test_candidates_stand_in_the_order_asked(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-05"""
    others = [await samples.joined(store) for _ in range(3)]
    asked = [others[2].id, place.member.id, others[0].id]

    async with store() as work:
        found = await work.planning.candidates(asked, place.strategy.id, NOW, lock=True)
        none = await work.planning.candidates([], place.strategy.id, NOW, lock=True)

    assert [one.member.id for one in found] == asked
    assert list(none) == []


async def test_nobody_is_no_candidate(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-06"""
    nobody = MemberId(samples.ids.new())

    async with store() as work:
        with pytest.raises(NotFound):
            await work.planning.candidates([place.member.id, nobody], place.strategy.id, NOW, lock=True)


async def test_a_new_member_is_a_candidate_with_the_defaults(store: Store, place: Place) -> None:
    """rules: CFG-01, CFG-05"""
    found = await candidate(store, place)

    assert found.member == place.member
    assert (found.plan, found.settings, found.settings_version) == (PlanCode.FLEX_BR, TradingSettings(), 0)
    assert (found.subscribed, found.paused, found.rehearsal_trades, found.live_since) == (False, False, 0, None)
    assert (found.affiliate, found.affiliate_tier, found.recent_orders) == (None, AffiliateTier.NONE, 0)
    assert found.accounts == (place.account,)
    assert {one.environment: one for one in found.activities} == {one: Activity(one) for one in Environment}
    assert not any(money.minor for money in (*found.real, *found.admin, *found.owes))


async def test_a_candidate_has_his_wishes_unclamped(store: Store, place: Place) -> None:
    """rules: CFG-01, CFG-04"""
    wishes = {"default_leverage": 40, "max_leverage": 50, "position_size_percentage": "25", "theme": "light"}
    async with committed(store) as work:
        await work.people.save_wishes(place.member.id, Wishes(0, {}), Wishes(1, wishes), "member", NOW)
        await work.people.pause(place.member.id, True, None, NOW)
        await work.people.subscribe(place.member.id, place.strategy.id)
        await work.people.save_membership(Membership(place.member.id, PlanCode.PRO_BR, NOW))

    found = await candidate(store, place)

    assert found.settings == TradingSettings(default_leverage=40, max_leverage=50, position_size_percentage=Decimal(25))
    assert (found.settings_version, found.paused, found.subscribed, found.plan) == (1, True, True, PlanCode.PRO_BR)


async def test_without_a_strategy_nobody_is_subscribed(store: Store, place: Place) -> None:
    """rules: SIG-04"""
    async with committed(store) as work:
        await work.people.subscribe(place.member.id, place.strategy.id)

    async with store() as work:
        [found] = await work.planning.candidates([place.member.id], None, NOW, lock=False)

    assert not found.subscribed


async def test_a_candidate_knows_who_referred_him(store: Store, samples: Samples, place: Place) -> None:
    """rules: COM-04"""
    referrer = await samples.joined(store)
    async with committed(store) as work:
        await work.people.save(attrs.evolve(referrer, tier=AffiliateTier.VIP))
        await work.people.save(attrs.evolve(place.member, referred_by=referrer.id))

    found = await candidate(store, place)

    assert (found.affiliate, found.affiliate_tier) == (referrer.id, AffiliateTier.VIP)


def sums(money: tuple[Money, ...]) -> dict[Currency, Money]:
    return {
        currency: total((one for one in money if one.currency == currency), currency)
        for currency in {one.currency for one in money} | {BRL, USD}
    }


async def test_a_candidate_has_his_balances_and_debts(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-03, BAL-03, DBT-02"""
    member = place.member.id
    usable, frozen = samples.lot(place.member, usd("7.00")), samples.lot(place.member, brl("3.00"), NOW - 31 * DAY)
    fee = brl("60.00")
    async with committed(store) as work:
        await work.books.post([recharge("pi_1", member, brl("50.00"), NOW)], NOW)
        held = await work.books.holdings(member)
        spent = spend(fee, held, None, NOW)
        assert isinstance(spent, Spent)
        debt = Debt(DebtId(samples.ids.new()), member, spent.debt, spent.debt, "commission", "position", NOW)
        position = PositionId(samples.ids.new())
        await work.books.post(
            [
                commission(position, member, spent, fee, None, debt, NOW),
                recharge("pi_2", member, usd("5.00"), NOW),
                manual_credit("r-1", usable, NOW, "admin"),
                manual_credit("r-2", frozen, NOW, "admin"),
            ],
            NOW,
        )

    found = await candidate(store, place)

    assert sums(found.real) == {BRL: brl("0.00"), USD: usd("5.00")}
    assert sums(found.admin) == {BRL: brl("0.00"), USD: usd("7.00")}
    assert sums(found.owes) == {BRL: brl("10.00"), USD: usd("0.00")}


async def test_finished_rehearsals_are_counted_and_live_trades_are_not(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-02"""
    rehearsing = {
        environment: samples.account(place.member, environment) for environment in (Environment.TESTNET, Environment.PAPER)
    }
    for account in rehearsing.values():
        async with committed(store) as work:
            await work.people.add_account(account)
        await ended(store, samples, attrs.evolve(place, account=account), NOW, "59000")
    live = await ended(store, samples, place, NOW, "61000")
    running = await samples.opened(store, attrs.evolve(place, account=rehearsing[Environment.TESTNET]), ETH)
    assert running.position.environment is Environment.TESTNET

    found = await candidate(store, place, NOW + HOUR)

    assert (found.rehearsal_trades, found.live_since) == (2, live.opened_at)


async def test_entry_orders_of_the_last_minute_are_counted(store: Store, samples: Samples, place: Place) -> None:
    """rules: ORD-15"""
    for number, symbol in enumerate((BTC, ETH, Symbol("SOLUSDT"))):
        await samples.opened(store, place, symbol, created_at=NOW - number * 30 * SECOND)

    found = await candidate(store, place)

    assert found.recent_orders == 2
