"""From where alerts may come, what they may leave unsaid, and how long what was refused is kept."""

import json
from datetime import timedelta

import pytest

from cbc_domain.kernel.errors import Denied, Invalid
from cbc_domain.kernel.events import EventName
from cbc_domain.signals.model import Signal, SignalKind, SignalStatus
from cbc_domain.signals.webhook import TRADINGVIEW_ADDRESSES
from tests.club import Club, open_club

WORDLESS = {"ticker": "BTCUSDT", "cruzou_acima_ema9": "1", "rsi_4h": "60", "momentum_15": "0.5", "rsi_15": "55"}


@pytest.fixture
async def club() -> Club:
    return await open_club()


async def signals(club: Club) -> list[Signal]:
    async with club.store() as work:
        return list((await work.signals.page(None, 10, None, None)).items)


@pytest.mark.parametrize("address", [*sorted(TRADINGVIEW_ADDRESSES)])
async def test_a_listed_address_may_send_with_the_secret(club: Club, address: str) -> None:
    """rules: SIG-44"""
    _, secret = await club.platform.create_strategy()("Listed", timedelta(minutes=30), source_addresses=TRADINGVIEW_ADDRESSES)

    receipt = await club.platform.receive_signal()(b'{"signal":"FECHE TUDO"}', secret, address=address)

    assert receipt.status == "accepted"


@pytest.mark.parametrize("address", ["52.89.214.239", "::1", "52.89.214.238.evil.invalid", "", None])
async def test_another_address_is_refused_like_a_wrong_secret_also_with_the_right_one(club: Club, address: str | None) -> None:
    """rules: SIG-43, SIG-44"""
    _, secret = await club.platform.create_strategy()("Listed", timedelta(minutes=30), source_addresses=TRADINGVIEW_ADDRESSES)

    with pytest.raises(Denied) as refused:
        await club.platform.receive_signal()(b'{"signal":"FECHE TUDO"}', secret, address=address)
    with pytest.raises(Denied) as unknown:
        await club.platform.receive_signal()(b'{"signal":"FECHE TUDO"}', "wrong", address="52.89.214.238")

    assert (refused.value.code, refused.value.detail) == (unknown.value.code, unknown.value.detail)
    assert await signals(club) == []


async def test_a_strategy_without_a_list_is_heard_from_anywhere(club: Club) -> None:
    """rules: SIG-44"""
    receipt = await club.platform.receive_signal()(b'{"signal":"FECHE TUDO"}', club.secret, address="203.0.113.9")

    assert receipt.status == "accepted"


async def test_indicators_speak_only_while_the_switch_is_on(club: Club) -> None:
    """rules: SIG-14, GEN-16"""
    body = json.dumps(WORDLESS).encode()
    with pytest.raises(Invalid) as refused:
        await club.platform.receive_signal()(body, club.secret)
    async with club.store() as work:
        await work.configuration.set_switch("infer_kind_from_indicators", True, "test", "tests infer", club.clock.now())
        await work.commit()

    await club.platform.receive_signal()(body, club.secret)

    (signal,) = await signals(club)
    assert refused.value.code == "signal_kind_missing"
    assert (signal.kind, signal.warnings) == (SignalKind.OPEN_LONG_WEAK, ("signal: inferred from indicators",))


async def test_an_open_of_a_trusted_strategy_that_has_expired_is_not_taken(club: Club) -> None:
    """rules: SIG-15, SIG-20, GEN-07"""
    _, secret = await club.platform.create_strategy()("Trusted", timedelta(minutes=30), trusted=True)
    now = f"{club.clock.now():%Y-%m-%d %H:%M:%S}"

    open_ = await club.alert("SINAL LONG FORTE", secret=secret, expires_at=now)
    close = await club.alert("FECHE LONG", secret=secret, expires_at=now)
    stranger = await club.alert("SINAL LONG FORTE", expires_at=now)

    assert (open_.status, close.status, stranger.status) == ("expired", "accepted", "accepted")


async def test_an_open_that_expires_while_it_waits_is_not_decided(club: Club) -> None:
    """rules: SIG-15, SIG-21"""
    _, secret = await club.platform.create_strategy()("Trusted", timedelta(minutes=30), trusted=True)
    await club.market()
    receipt = await club.alert(
        "SINAL LONG FORTE", secret=secret, expires_at=f"{club.clock.now() + timedelta(seconds=10):%Y-%m-%d %H:%M:%S}"
    )
    club.clock.advance(by=timedelta(seconds=10))

    decided = await club.platform.decide_signal()(receipt.signal)

    assert decided is not None
    assert (decided.status, decided.reason) == (SignalStatus.EXPIRED, "window_expired")


async def test_the_body_of_a_rejected_alert_is_forgotten_after_a_week(club: Club) -> None:
    """rules: SIG-33"""
    _, secret = await club.platform.create_strategy()("Few", timedelta(minutes=30), allowed_symbols=["ETHUSDT"])
    await club.alert("SINAL LONG FORTE", secret=secret)
    with pytest.raises(Invalid):
        await club.platform.receive_signal()(b'{"signal":"NONSENSE"}', secret)
    club.clock.advance(by=timedelta(days=7))
    kept = await club.platform.forget_bodies()()

    club.clock.advance(by=timedelta(microseconds=1))
    forgotten = await club.platform.forget_bodies()()

    (signal,) = await signals(club)
    assert (kept, forgotten) == (0, 2)
    assert (signal.status, signal.reason, signal.raw) == (SignalStatus.REJECTED, "symbol_not_tradable", "")


async def test_a_repeat_is_told_of_the_first_signal_and_does_nothing_else(club: Club) -> None:
    """rules: SIG-30, ARC-07"""
    first = await club.alert("SINAL LONG FORTE")
    again = await club.alert("SINAL LONG FORTE")

    told = [event.name for event in await club.events(first.signal)]
    assert (again.signal, again.duplicate) == (first.signal, True)
    assert told == [EventName.SIGNAL_RECEIVED, EventName.SIGNAL_ACCEPTED, EventName.SIGNAL_DUPLICATE]


async def test_only_a_limited_strategy_is_held_to_so_many_a_minute(club: Club) -> None:
    """rules: SIG-36"""
    _, secret = await club.platform.create_strategy()("Busy", timedelta(minutes=30), limited=False)

    answers = [
        await club.alert("SINAL LONG FORTE", secret=secret, time=f"{club.clock.now() - timedelta(seconds=n):%Y-%m-%d %H:%M:%S}")
        for n in range(25)
    ]

    assert {answer.status for answer in answers} == {"accepted"}
