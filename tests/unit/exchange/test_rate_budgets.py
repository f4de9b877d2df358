"""How much of a venue's limits may be used, and who goes first."""

from collections.abc import Mapping, Sequence

import ccxt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_adapters.exchange.ccxt.backoff import BANNED_S, LIMITED_S, LONGEST_S, Backoff, backoff_of
from cbc_adapters.exchange.ccxt.budgets import RECOVERY_S, RESERVED, Bucket, bucket_of
from cbc_adapters.exchange.ccxt.limits import CRITICAL, Counted, Errand, Left, Limit, Payer, Published
from cbc_adapters.exchange.ccxt.published import PUBLISHED
from cbc_adapters.exchange.ccxt.purse import Purse
from cbc_domain.kernel.venues import Venue

LIMIT = Limit(Payer.ADDRESS, Counted.WEIGHT, 2400, 60)
ORDERS = Limit(Payer.ACCOUNT, Counted.ORDERS, 300, 10)
ONE = {Counted.WEIGHT: 1}
SLACK = 1e-6

limits = st.builds(
    Limit, st.just(Payer.ADDRESS), st.just(Counted.WEIGHT), st.integers(10, 6000), st.sampled_from([1, 2, 5, 10, 60])
)
asks = st.lists(st.tuples(st.floats(0, 5), st.integers(1, 40), st.booleans()), max_size=80)


def given_out(limit: Limit, asked: Sequence[tuple[float, int, bool]]) -> list[tuple[float, int]]:
    """Ask a fresh purse again and again; what it gave, and when."""
    purse, now, gave = Purse([limit], 0.0), 0.0, []
    for later, amount, critical in asked:
        now += later
        if purse.wait(now, {limit.counted: amount}, critical=critical) == 0:
            purse.pay({limit.counted: amount})
            gave.append((now, amount))
    return gave


@given(limits, asks)
def test_no_window_ever_sees_more_than_the_published_limit(limit: Limit, asked: list[tuple[float, int, bool]]) -> None:
    """rules: EXC-08, PRI-07"""
    gave = given_out(limit, asked)

    windows = [sum(amount for at, amount in gave if start <= at <= start + limit.window_s) for start, _ in gave]
    assert all(used <= limit.amount + SLACK for used in windows)


@given(limits, asks)
def test_a_bucket_never_gives_more_than_its_burst_and_what_flowed_in(
    limit: Limit, asked: list[tuple[float, int, bool]]
) -> None:
    """rules: EXC-08, PRI-07"""
    full = bucket_of(limit, 0.0)

    gave = given_out(limit, asked)

    used = [(at, sum(amount for before, amount in gave if before <= at)) for at, _ in gave]
    assert all(total <= full.burst + full.per_second * at + SLACK for at, total in used)


@given(limits, st.lists(st.tuples(st.floats(0, 5), st.integers(1, 40)), max_size=80))
def test_what_is_not_critical_leaves_the_reserve_alone(limit: Limit, asked: list[tuple[float, int]]) -> None:
    """rules: EXC-08"""
    purse, now = Purse([limit], 0.0), 0.0
    for later, amount in asked:
        now += later
        if purse.wait(now, {Counted.WEIGHT: amount}, critical=False) == 0:
            purse.pay({Counted.WEIGHT: amount})

    kept = int(bucket_of(limit, 0.0).burst * RESERVED)
    assert purse.wait(now, {Counted.WEIGHT: kept}, critical=True) == 0


@given(limits, asks, st.integers(1, 5))
def test_who_waits_as_long_as_he_was_told_is_served(limit: Limit, asked: list[tuple[float, int, bool]], amount: int) -> None:
    """rules: PRI-07"""
    purse, now = Purse([limit], 0.0), 0.0
    for later, used, _ in asked:
        now += later
        if purse.wait(now, {Counted.WEIGHT: used}, critical=True) == 0:
            purse.pay({Counted.WEIGHT: used})

    wait = purse.wait(now, {Counted.WEIGHT: amount}, critical=True)

    assert purse.wait(now + wait, {Counted.WEIGHT: amount}, critical=True) <= SLACK


def test_a_newcomer_stands_behind_those_who_wait_and_a_close_does_not() -> None:
    """rules: EXC-08, PRI-07"""
    purse = Purse([LIMIT], 0.0)
    purse.queue({Counted.WEIGHT: 900})

    newcomer = purse.wait(0.0, ONE, critical=False)
    close = purse.wait(0.0, ONE, critical=True)

    assert newcomer > 0
    assert close == 0


def test_half_of_a_limit_may_be_used_at_once_and_a_close_may_use_the_last_of_it() -> None:
    """rules: EXC-08"""
    purse = Purse([LIMIT], 0.0)
    purse.pay({Counted.WEIGHT: 840})

    opening = purse.wait(0.0, ONE, critical=False)
    closing = purse.wait(0.0, {Counted.WEIGHT: 360}, critical=True)

    assert opening == pytest.approx(1 / 20)
    assert closing == 0


@pytest.mark.parametrize(("left", "wait"), [(1200, 0.0), (361, 0.0), (300, 61 / 20), (-5, 361 / 20)])
def test_the_venue_is_believed_when_it_says_that_less_is_left(left: int, wait: float) -> None:
    """rules: EXC-08"""
    purse = Purse([LIMIT, ORDERS], 0.0)

    purse.correct(0.0, [Left(LIMIT, left)])

    assert purse.wait(0.0, ONE, critical=False) == pytest.approx(wait)
    assert purse.wait(0.0, {Counted.ORDERS: 1}, critical=False) == 0


def test_a_refusal_for_too_much_stops_everything_for_as_long_as_the_venue_says() -> None:
    """rules: EXC-08"""
    purse = Purse([LIMIT], 0.0)

    purse.slow_down(10.0, 30.0)

    assert purse.wait(10.0, ONE, critical=True) == 30
    assert purse.wait(40.0, ONE, critical=True) == 0


def test_the_rate_is_halved_once_for_refusals_that_come_together_and_comes_back_slowly() -> None:
    """rules: EXC-08"""
    purse = Purse([LIMIT], 0.0)
    purse.slow_down(10.0, 0.5)
    purse.slow_down(10.1, 0.5)

    soon = purse.wait(11.0, {Counted.WEIGHT: 100}, critical=True)
    purse.wait(11.0 + RECOVERY_S, ONE, critical=True)
    purse.pay({Counted.WEIGHT: 1200})
    later = purse.wait(11.0 + RECOVERY_S, {Counted.WEIGHT: 100}, critical=True)

    assert soon == pytest.approx(90 / 10, rel=0.02)
    assert later == pytest.approx(100 / 20)


@given(st.floats(0, 1200), st.floats(0.01, 1), st.floats(0, 2000), st.floats(0, 2000))
def test_a_slowed_bucket_fills_the_same_however_often_it_is_looked_at(
    left: float, share: float, one: float, two: float
) -> None:
    """rules: EXC-08"""
    slowed = Bucket(1200, 20, left, 0.0, share)

    at_once, in_steps = slowed.filled(one + two), slowed.filled(one).filled(one + two)

    assert at_once.left <= in_steps.left + SLACK
    assert in_steps.left <= min(left + 20 * (one + two), 1200) + SLACK
    assert at_once.share == pytest.approx(in_steps.share)


@pytest.mark.parametrize("venue", PUBLISHED)
def test_every_errand_has_a_price_that_can_be_paid_from_a_full_purse(venue: Venue) -> None:
    """rules: EXC-08"""
    published = PUBLISHED[venue]
    purse = Purse(published.limits, 0.0)

    waits = {errand: purse.wait(0.0, published.costs[errand], critical=errand in CRITICAL) for errand in Errand}

    assert set(waits.values()) == {0.0}


def left_of(venue: Venue, headers: Mapping[str, str]) -> list[tuple[int, int]]:
    return [(one.limit.amount, one.amount) for one in PUBLISHED[venue].left(headers)]


def test_headers_of_the_venues_tell_what_is_left() -> None:
    """rules: EXC-08"""
    binance = {"x-mbx-used-weight-1m": "400", "x-mbx-order-count-10s": "3", "x-mbx-order-count-1m": "?"}
    orders = {"x-bapi-limit": "10", "x-bapi-limit-status": "4", "x-bapi-limit-reset-timestamp": "1672738134824"}
    reads = {"x-bapi-limit": "50", "x-bapi-limit-status": "0"}

    assert left_of(Venue.BINANCE, binance) == [(2400, 2000), (300, 297)]
    assert left_of(Venue.BYBIT, orders) == [(10, 4)]
    assert left_of(Venue.BYBIT, reads) == [(50, 0)]
    assert left_of(Venue.BYBIT, {}) == left_of(Venue.OKX, binance) == left_of(Venue.BITGET, binance) == []


TOO_MANY = '{"code":-1003,"msg":"Too many requests"}'


@pytest.mark.parametrize(
    ("venue", "error", "headers", "backoff"),
    [
        ("binance", ccxt.DDoSProtection(f"b 429 Too {TOO_MANY}"), {"retry-after": "7"}, Backoff(Payer.ADDRESS, 7)),
        ("binance", ccxt.DDoSProtection(f"b 429 Too {TOO_MANY}"), {}, Backoff(Payer.ADDRESS, LIMITED_S)),
        ("binance", ccxt.DDoSProtection(f"b 418 I'm {TOO_MANY}"), {}, Backoff(Payer.ADDRESS, BANNED_S["418"])),
        ("binance", ccxt.DDoSProtection('b 418 I {"code":-1003}'), {"retry-after": "9" * 9}, Backoff(Payer.ADDRESS, LONGEST_S)),
        ("binance", ccxt.DDoSProtection('b 429 Too {"code":-1015}'), {}, Backoff(Payer.ACCOUNT, LIMITED_S)),
        ("binance", ccxt.DDoSProtection('b {"code":-2015,"msg":"Invalid API-key"}'), {}, None),
        ("bybit", ccxt.RateLimitExceeded('bybit {"retCode":10006}'), {}, Backoff(Payer.ACCOUNT, LIMITED_S)),
        ("bybit", ccxt.RateLimitExceeded("bybit GET https://x 403 Forbidden "), {}, Backoff(Payer.ADDRESS, BANNED_S["403"])),
        ("okx", ccxt.RateLimitExceeded('okx {"code":"50011"}'), {"retry-after": "soon"}, Backoff(Payer.ACCOUNT, LIMITED_S)),
        ("okx", ccxt.RequestTimeout("okx"), {"retry-after": "5"}, None),
    ],
)
def test_only_a_limit_is_backed_off_from_and_only_by_whom_it_means(
    venue: str, error: Exception, headers: Mapping[str, str], backoff: Backoff | None
) -> None:
    """rules: EXC-08"""
    published: Published = PUBLISHED[Venue(venue)]

    assert backoff_of(error, headers, published.account_codes) == backoff
