"""How much of a venue's limits may be used, and who goes first."""

from collections.abc import Mapping, Sequence

import ccxt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_adapters.exchange.ccxt.backoff import BANNED_S, LIMITED_S, LONGEST_S, Backoff, backoff_of
from cbc_adapters.exchange.ccxt.budgets import AFTER_REFUSAL_S, RECOVERY_S, RESERVED, Bucket, bucket_of
from cbc_adapters.exchange.ccxt.limits import Counted, Errand, Left, Limit, Payer, Published, Rank, rank_of
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
asks = st.lists(st.tuples(st.floats(0, 5), st.integers(1, 40), st.sampled_from(Rank)), max_size=80)
refusals = st.lists(st.tuples(st.integers(0, 80), st.floats(0, 200)), max_size=4)
"""After how many asks the venue refuses, and its Retry-After in seconds."""


def given_out(
    limit: Limit, asked: Sequence[tuple[float, int, Rank]], refused: Sequence[tuple[int, float]] = ()
) -> list[tuple[float, int]]:
    """Ask a fresh purse again and again; what it gave, and when."""
    purse, now, gave = Purse([limit], 0.0), 0.0, []
    for number, (later, amount, rank) in enumerate(asked):
        now += later
        for wait_s in (wait_s for after, wait_s in refused if after == number):
            purse.slow_down(now, wait_s)
        if purse.wait(now, {limit.counted: amount}, rank) == 0:
            purse.pay({limit.counted: amount})
            gave.append((now, amount))
    return gave


@given(limits, asks, refusals)
def test_no_window_ever_sees_more_than_the_published_limit(
    limit: Limit, asked: list[tuple[float, int, Rank]], refused: list[tuple[int, float]]
) -> None:
    """rules: EXC-08, PRI-07"""
    gave = given_out(limit, asked, refused)

    windows = [sum(amount for at, amount in gave if start <= at <= start + limit.window_s) for start, _ in gave]
    assert all(used <= limit.amount + SLACK for used in windows)


@given(limits, asks, refusals, st.integers(1, 40))
def test_nobody_waits_longer_than_those_who_come_after_him(
    limit: Limit, asked: list[tuple[float, int, Rank]], refused: list[tuple[int, float]], amount: int
) -> None:
    """rules: EXC-08, PRI-07"""
    purse, now = Purse([limit], 0.0), 0.0
    for number, (later, used, rank) in enumerate(asked):
        now += later
        for wait_s in (wait_s for after, wait_s in refused if after == number):
            purse.slow_down(now, wait_s)
        if rank is not Rank.CRITICAL:
            purse.queue({Counted.WEIGHT: used}, rank)
        elif purse.wait(now, {Counted.WEIGHT: used}, Rank.CRITICAL) == 0:
            purse.pay({Counted.WEIGHT: used})

    waits = [purse.wait(now, {Counted.WEIGHT: amount}, rank) for rank in sorted(Rank)]

    assert waits == sorted(waits)


@given(limits, asks)
def test_a_bucket_never_gives_more_than_its_burst_and_what_flowed_in(
    limit: Limit, asked: list[tuple[float, int, Rank]]
) -> None:
    """rules: EXC-08, PRI-07"""
    full = bucket_of(limit, 0.0)

    gave = given_out(limit, asked)
    patient = given_out(limit, [(later, amount, Rank.USUAL) for later, amount, _ in asked])

    for given_, credit in ((gave, full.credit), (patient, 0.0)):
        used = [(at, sum(amount for before, amount in given_ if before <= at)) for at, _ in given_]
        assert all(total <= full.burst + credit + full.per_second * at + SLACK for at, total in used)


@pytest.mark.parametrize("rank", [Rank.USUAL, Rank.BACKGROUND])
@given(limits, st.lists(st.tuples(st.floats(0, 5), st.integers(1, 40)), max_size=80))
def test_everybody_leaves_alone_what_is_kept_for_those_before_him(
    rank: Rank, limit: Limit, asked: list[tuple[float, int]]
) -> None:
    """rules: EXC-08"""
    purse, now = Purse([limit], 0.0), 0.0
    for later, amount in asked:
        now += later
        if purse.wait(now, {Counted.WEIGHT: amount}, rank) == 0:
            purse.pay({Counted.WEIGHT: amount})

    before, burst = Rank(rank - 1), bucket_of(limit, 0.0).burst
    kept = int(burst * (RESERVED[rank] - RESERVED[before]))
    assert purse.wait(now, {Counted.WEIGHT: kept}, before) == pytest.approx(0)


@given(limits, asks, st.integers(1, 5), st.none() | st.floats(0, 200))
def test_who_waits_as_long_as_he_was_told_is_served(
    limit: Limit, asked: list[tuple[float, int, Rank]], amount: int, retry_after: float | None
) -> None:
    """rules: PRI-07"""
    purse, now = Purse([limit], 0.0), 0.0
    for later, used, _ in asked:
        now += later
        if purse.wait(now, {Counted.WEIGHT: used}, Rank.CRITICAL) == 0:
            purse.pay({Counted.WEIGHT: used})
    if retry_after is not None:
        purse.slow_down(now, retry_after)

    wait = purse.wait(now, {Counted.WEIGHT: amount}, Rank.CRITICAL)

    assert purse.wait(now + wait, {Counted.WEIGHT: amount}, Rank.CRITICAL) <= SLACK


def test_a_newcomer_stands_behind_those_who_wait_and_a_close_does_not() -> None:
    """rules: EXC-08, PRI-07"""
    purse = Purse([LIMIT], 0.0)
    purse.queue({Counted.WEIGHT: 900}, Rank.USUAL)
    purse.queue({Counted.WEIGHT: 900}, Rank.BACKGROUND)

    newcomer = purse.wait(0.0, ONE, Rank.USUAL)
    close = purse.wait(0.0, ONE, Rank.CRITICAL)

    assert newcomer == pytest.approx((900 + 1 + 324 - 1080) / 20)
    assert close == 0


def test_how_something_ended_is_asked_before_results() -> None:
    """rules: EXC-08, POS-10

    In seed 366 of the campaign at the venues a close waited for 150 s to hear what had taken its position, behind results.
    """
    published = PUBLISHED[Venue.BINANCE]
    purse, asked = Purse(published.of(Payer.ADDRESS), 0.0), published.costs
    purse.slow_down(0.0, 1.0)
    for _ in range(20):
        purse.queue(asked[Errand.BRIEF_CLOSINGS], rank_of(Errand.BRIEF_CLOSINGS))

    assert purse.wait(1.0, asked[Errand.BRIEF_ENDING], rank_of(Errand.BRIEF_ENDING)) == 0
    assert purse.wait(1.0, asked[Errand.BRIEF_CLOSINGS], rank_of(Errand.BRIEF_CLOSINGS)) > 4


def test_not_half_of_a_limit_may_be_used_at_once_and_a_close_may_use_the_last_of_it_and_borrow() -> None:
    """rules: EXC-08"""
    purse = Purse([LIMIT], 0.0)
    purse.pay({Counted.WEIGHT: 756})

    opening = purse.wait(0.0, ONE, Rank.USUAL)
    closing = purse.wait(0.0, {Counted.WEIGHT: 324 + 120}, Rank.CRITICAL)
    purse.pay({Counted.WEIGHT: 324 + 120})

    assert opening == pytest.approx(1 / 20)
    assert closing == 0
    assert purse.wait(0.0, ONE, Rank.CRITICAL) == pytest.approx(1 / 20)
    assert purse.wait(0.0, ONE, Rank.USUAL) == pytest.approx((120 + 324 + 1) / 20)


@pytest.mark.parametrize(("left", "wait"), [(1080, 0.0), (325, 0.0), (300, 25 / 20), (-5, 325 / 20)])
def test_the_venue_is_believed_when_it_says_that_less_is_left(left: int, wait: float) -> None:
    """rules: EXC-08"""
    purse = Purse([LIMIT, ORDERS], 0.0)

    purse.correct(0.0, [Left(LIMIT, left)])

    assert purse.wait(0.0, ONE, Rank.USUAL) == pytest.approx(wait)
    assert purse.wait(0.0, {Counted.ORDERS: 1}, Rank.USUAL) == 0


def test_a_refusal_for_too_much_stops_everything_for_as_long_as_the_venue_says() -> None:
    """rules: EXC-08"""
    purse = Purse([LIMIT], 0.0)

    purse.slow_down(10.0, 30.0)

    assert purse.wait(10.0, ONE, Rank.CRITICAL) == 30
    assert purse.wait(40.0, ONE, Rank.CRITICAL) == 0


def test_the_rate_is_halved_once_for_refusals_that_come_together_and_comes_back_slowly() -> None:
    """rules: EXC-08"""
    purse = Purse([LIMIT], 0.0)
    purse.pay({Counted.WEIGHT: 1200})
    purse.slow_down(10.0, 0.5)
    purse.slow_down(10.1, 0.4)

    soon = purse.wait(10.5, {Counted.WEIGHT: 20}, Rank.CRITICAL)
    purse.wait(10.5 + RECOVERY_S, ONE, Rank.CRITICAL)
    purse.pay({Counted.WEIGHT: 1200})
    later = purse.wait(10.5 + RECOVERY_S, {Counted.WEIGHT: 100}, Rank.CRITICAL)

    assert soon == 0
    assert later == pytest.approx(100 / 20)


def test_what_was_used_up_when_the_refusal_came_flows_in_at_half_the_rate() -> None:
    """rules: EXC-08"""
    purse = Purse([LIMIT], 0.0)
    purse.pay({Counted.WEIGHT: 1200})
    purse.slow_down(0.0, 0.5)
    purse.slow_down(0.1, 0.4)

    wait = purse.wait(0.5, {Counted.WEIGHT: 20}, Rank.CRITICAL)

    assert wait == pytest.approx((20 - 0.5 * 10) / 10)


def test_a_refusal_that_asks_for_longer_is_waited_for_and_halves_nothing_again() -> None:
    """rules: EXC-08"""
    purse = Purse([LIMIT], 0.0)
    purse.pay({Counted.WEIGHT: 1200})
    purse.slow_down(0.0, 1.0)
    purse.slow_down(0.1, 2.0)

    held = purse.wait(0.5, ONE, Rank.CRITICAL)
    then = purse.wait(2.1, {Counted.WEIGHT: 20}, Rank.CRITICAL)

    assert held == pytest.approx(1.6)
    assert then == 0


@given(limits, st.floats(0, 100_000))
def test_however_long_a_ban_lasts_no_burst_leaves_when_it_is_over(limit: Limit, retry_after: float) -> None:
    """rules: EXC-08"""
    purse, first_s = Purse([limit], 0.0), [retry_after + tenth / 10 for tenth in range(11)]
    purse.slow_down(0.0, retry_after)

    gave = 0
    for now in first_s:
        while purse.wait(now, ONE, Rank.CRITICAL) == 0:
            purse.pay(ONE)
            gave += 1

    full = bucket_of(limit, 0.0)
    assert gave <= full.credit + full.per_second * (AFTER_REFUSAL_S + 0.51)


OPENING = (Errand.QUOTE, Errand.PREPARE, Errand.ENTER)
CLOSING = tuple(errand for errand in Errand if rank_of(errand) is Rank.CRITICAL)
LONGEST_OPENING_S = {Venue.BINANCE: 1.7, Venue.BYBIT: 0.94, Venue.OKX: 1.8, Venue.BITGET: 1.34}
"""Nothing left, and refused with a Retry-After of nothing: reserve and the costs of all three, at half the published rate."""


def opening_s(venue: Venue, purse: Purse, now: float) -> float:
    """Seconds until all errands of an open have gone, one after the other."""
    began = now
    for errand in OPENING:
        cost = PUBLISHED[venue].costs[errand]
        while wait := purse.wait(now, cost, Rank.USUAL):
            now += max(wait, 0.001)
        purse.pay(cost)
    return now - began


@pytest.mark.parametrize("venue", PUBLISHED)
@given(used=st.floats(0, 1), retry_after=st.floats(0, 100_000))
def test_when_retry_after_is_over_an_open_goes_within_seconds(venue: Venue, used: float, retry_after: float) -> None:
    """rules: EXC-08"""
    purse = Purse(PUBLISHED[venue].limits, 0.0)
    for limit in PUBLISHED[venue].limits:
        purse.correct(0.0, [Left(limit, int(bucket_of(limit, 0.0).burst * (1 - used)))])

    purse.slow_down(0.0, retry_after)

    assert opening_s(venue, purse, retry_after) <= LONGEST_OPENING_S[venue] + 0.01


@pytest.mark.parametrize("venue", PUBLISHED)
def test_an_open_waits_for_the_halved_rate_and_for_nothing_else(venue: Venue) -> None:
    """rules: EXC-08"""
    purse = Purse(PUBLISHED[venue].limits, 0.0)
    purse.correct(0.0, [Left(limit, 0) for limit in PUBLISHED[venue].limits])

    purse.slow_down(0.0, 0.0)

    assert opening_s(venue, purse, 0.0) == pytest.approx(LONGEST_OPENING_S[venue], abs=0.02)


@pytest.mark.parametrize("venue", PUBLISHED)
@pytest.mark.parametrize(
    "errand",
    [*OPENING, *sorted(errand for errand in Errand if rank_of(errand) is Rank.CRITICAL)],
    ids=lambda errand: errand.name,
)
def test_an_open_and_what_is_critical_need_no_more_room_than_a_refusal_leaves(venue: Venue, errand: Errand) -> None:
    """rules: EXC-08"""
    purse = Purse(PUBLISHED[venue].limits, 0.0)

    purse.slow_down(0.0, 10.0)

    assert purse.wait(10.0, PUBLISHED[venue].costs[errand], rank_of(errand)) == 0


@given(st.floats(0, 1200), st.floats(0.01, 1), st.floats(20, 1200), st.floats(0, 2000), st.floats(0, 2000))
def test_a_slowed_bucket_fills_the_same_however_often_it_is_looked_at(
    left: float, share: float, room: float, one: float, two: float
) -> None:
    """rules: EXC-08"""
    slowed = Bucket(1200, 0, 20, min(left, room), 0.0, share, room)

    at_once, in_steps = slowed.filled(one + two), slowed.filled(one).filled(one + two)

    assert at_once.left <= in_steps.left + SLACK
    assert in_steps.left <= min(left + 20 * (one + two), 1200) + SLACK
    assert (at_once.share, at_once.room) == pytest.approx((in_steps.share, in_steps.room))


@pytest.mark.parametrize("venue", PUBLISHED)
def test_every_errand_has_a_price_that_can_be_paid_from_a_full_purse(venue: Venue) -> None:
    """rules: EXC-08"""
    published = PUBLISHED[venue]
    purse = Purse(published.limits, 0.0)

    waits = {errand: purse.wait(0.0, published.costs[errand], rank_of(errand)) for errand in Errand}

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


@given(limits, asks, st.integers(1, 40), st.integers(0, 40))
def test_what_is_given_back_was_paid_and_fills_no_bucket_beyond_its_room(
    limit: Limit, asked: list[tuple[float, int, Rank]], paid: int, used: int
) -> None:
    """rules: EXC-08"""
    purse, now = Purse([limit], 0.0), 0.0
    for later, amount, rank in asked:
        now += later
        if purse.wait(now, {Counted.WEIGHT: amount}, rank) == 0:
            purse.pay({Counted.WEIGHT: amount})
    cost, dearer = {Counted.WEIGHT: paid}, Purse([limit], 0.0)
    before = purse.wait(now, ONE, Rank.USUAL)

    purse.pay(cost)
    purse.give_back(cost, {Counted.WEIGHT: used})
    dearer.give_back(cost, {})

    back = max(paid - used, 0)
    rate = bucket_of(limit, 0.0).per_second
    assert purse.wait(now, ONE, Rank.USUAL) <= before + (paid - back) / rate + SLACK
    assert dearer.wait(0.0, {Counted.WEIGHT: 1 + int(bucket_of(limit, 0.0).burst)}, Rank.USUAL) > 0
