"""Exchange keys from the first examination to their removal (KEY)."""

from datetime import timedelta

import attrs
import pytest

from cbc_domain.application.people.add_key import KeyForm
from cbc_domain.kernel.errors import Conflict, DomainError, FieldFaults, Invalid, NotFound, Unavailable
from cbc_domain.kernel.events import EventName
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.ports.venue_keys import Credentials, KeyFindings
from cbc_domain.risk.model import KeyStatus
from tests.unit.application.key_acts import DAY, GOOD, KEY, SECRET, open_keys

AWAY = [
    VenueRefused(Fault.MAINTENANCE, "down"),
    VenueRefused(Fault.RATE_LIMIT, "slow"),
    VenueRefused(Fault.CLOCK, "late"),
    VenueRefused(Fault.REGION_BLOCKED, "not there"),
    VenueRefused(Fault.UNKNOWN, "what"),
    OutcomeUnknown("no answer"),
]
OF_THE_KEY = {
    Fault.AUTH: "key_invalid",
    Fault.PERMISSION: "key_cannot_trade",
    Fault.IP_NOT_ALLOWED: "key_ip_blocked",
    Fault.POSITION_MODE: "key_position_mode",
}
HOUR = timedelta(hours=1)


async def test_a_good_key_is_kept_sealed_and_shown_by_its_end() -> None:
    """rules: KEY-01, KEY-03, KEY-06, KEY-12"""
    keys = await open_keys()
    ana = await keys.join()

    added = await keys.add(ana, findings=attrs.evolve(GOOD, hedge=True))

    account = added.shown.account
    stored = await keys.stored(account.id)
    assert (account.last4, account.hedge, account.usable) == ("-ana", True, True)
    assert stored is not None
    assert KEY not in repr(stored)
    assert SECRET not in repr(stored)
    assert stored.health.restricted is True
    assert added.warnings == ("key_length_unusual", "key_characters_unusual")
    assert [(act.deed, act.account, act.outcome) for act in await keys.acts(ana)] == [("added", account.id, "passed")]


@pytest.mark.parametrize(("fault", "code"), OF_THE_KEY.items())
async def test_a_key_that_its_venue_refuses_is_not_kept(fault: Fault, code: str) -> None:
    """rules: KEY-03, KEY-04, EXC-04, KEY-12"""
    keys = await open_keys()
    ana = await keys.join()

    with pytest.raises(Invalid) as refused:
        await keys.add(ana, findings=VenueRefused(fault, "no"))

    assert refused.value.code == code
    assert len(await keys.club.platform.show_keys()(ana.id)) == 1
    assert [(act.deed, act.account, act.outcome) for act in await keys.acts(ana)] == [("added", None, code)]


@pytest.mark.parametrize(("asked", "known"), [(Environment.LIVE, Environment.TESTNET), (Environment.TESTNET, Environment.LIVE)])
@pytest.mark.parametrize("found", [GOOD, attrs.evolve(GOOD, withdraws=True), VenueRefused(Fault.IP_NOT_ALLOWED, "no")], ids=str)
async def test_a_key_of_the_other_environment_is_called_so(
    asked: Environment, known: Environment, found: KeyFindings | Exception
) -> None:
    """rules: KEY-04, EXC-10"""
    keys = await open_keys()
    ana = await keys.join()
    keys.venues.only_in[KEY] = known

    with pytest.raises(Invalid, match=f"expected a {asked} key of binance, was a {known} one") as refused:
        await keys.add(ana, environment=asked, findings=found)

    assert refused.value.code == "key_wrong_environment"
    assert [(act.deed, act.account, act.outcome) for act in await keys.acts(ana)] == [("added", None, "key_wrong_environment")]


@pytest.mark.parametrize("away", AWAY, ids=str)
async def test_an_unknown_key_is_invalid_while_the_other_environment_is_away(away: DomainError) -> None:
    """rules: KEY-04"""
    keys = await open_keys()
    ana = await keys.join()
    keys.venues.only_in[KEY] = Environment.TESTNET

    with pytest.raises(Invalid) as refused:
        await keys.add(ana, findings=away)

    assert refused.value.code == "key_invalid"


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (attrs.evolve(GOOD, withdraws=True), "key_can_withdraw"),
        (attrs.evolve(GOOD, withdraws=None), "key_permissions_unknown"),
        (attrs.evolve(GOOD, trades=False), "key_cannot_trade"),
        (attrs.evolve(GOOD, hedge=None), "key_position_mode"),
    ],
)
async def test_a_key_with_the_wrong_rights_is_not_kept(found: KeyFindings, code: str) -> None:
    """rules: KEY-03, KEY-04"""
    keys = await open_keys()
    ana = await keys.join()

    with pytest.raises(Invalid) as refused:
        await keys.add(ana, findings=found)

    assert refused.value.code == code
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("away", AWAY, ids=str)
async def test_a_venue_that_is_away_says_nothing_of_a_key(away: DomainError) -> None:
    """rules: KEY-03, KEY-10"""
    keys = await open_keys()
    ana, bea = await keys.join(), await keys.join()
    stored = (await keys.add(bea, "public-key-of-bea")).shown.account
    before = await keys.stored(stored.id)
    keys.venues.says["public-key-of-bea"] = away
    verify = keys.club.platform.verify_key()

    for _ in range(3):
        with pytest.raises(type(away), match="exchange_error"):
            await verify(bea.id, stored.id)
    with pytest.raises(type(away), match="exchange_error"):
        await keys.add(ana, findings=away)

    assert (await keys.account(stored.id)).usable
    assert await keys.stored(stored.id) == before
    assert [act.outcome for act in await keys.acts(bea)] == ["passed", *["exchange_error"] * 3]


async def test_one_active_key_for_each_exchange_and_environment_is_asked_about() -> None:
    """rules: KEY-01"""
    keys = await open_keys()
    ana = await keys.join()
    await keys.add(ana)
    await keys.add(ana, "another", environment=Environment.TESTNET)

    with pytest.raises(Conflict) as refused:
        await keys.add(ana, "a third")

    assert refused.value.code == "already_exists"
    assert "a third" not in keys.venues.asked


async def test_the_key_of_another_member_is_refused_and_free_again_when_he_removed_it() -> None:
    """rules: KEY-04, KEY-11"""
    keys = await open_keys()
    ana, bea = await keys.join(), await keys.join()
    first = (await keys.add(ana)).shown.account

    with pytest.raises(Conflict) as refused:
        await keys.add(bea)
    await keys.club.platform.remove_key()(ana.id, first.id)
    second = (await keys.add(bea)).shown.account

    assert refused.value.code == "key_in_use"
    assert (await keys.account(second.id)).usable
    assert [act.outcome for act in await keys.acts(bea)] == ["key_in_use", "passed"]


@pytest.mark.parametrize(
    ("venue", "environment", "credentials", "faulty"),
    [
        (Venue.OKX, Environment.LIVE, Credentials("key", "secret"), ["passphrase"]),
        (Venue.BITGET, Environment.TESTNET, Credentials("key", "secret", ""), ["passphrase"]),
        (Venue.BYBIT, Environment.LIVE, Credentials("key", "secret", "phrase"), ["passphrase"]),
        (Venue.BYBIT, Environment.LIVE, Credentials("", ""), ["api_key", "api_secret"]),
        (Venue.BINANCE, Environment.LIVE, None, ["api_key", "api_secret"]),
        (Venue.PAPER, Environment.PAPER, Credentials("key", "secret"), ["api_key", "api_secret"]),
    ],
)
async def test_each_exchange_wants_the_parts_of_its_own_keys(
    venue: Venue, environment: Environment, credentials: Credentials | None, faulty: list[str]
) -> None:
    """rules: KEY-01"""
    keys = await open_keys()
    ana = await keys.join()

    with pytest.raises(FieldFaults) as refused:
        await keys.club.platform.add_key()(ana.id, KeyForm(venue, environment, "main", credentials))

    assert [fault.field for fault in refused.value.faults] == faulty


@pytest.mark.parametrize(("venue", "environment"), [(Venue.PAPER, Environment.LIVE), (Venue.BYBIT, Environment.PAPER)])
async def test_paper_is_no_environment_of_a_real_exchange(venue: Venue, environment: Environment) -> None:
    """rules: KEY-04, KEY-01"""
    keys = await open_keys()
    ana = await keys.join()

    with pytest.raises(Invalid) as refused:
        await keys.club.platform.add_key()(ana.id, KeyForm(venue, environment, "main", Credentials("key", "secret")))

    assert refused.value.code == "key_wrong_environment"


async def test_a_paper_account_has_no_secrets_and_nobody_is_asked() -> None:
    """rules: KEY-01"""
    keys = await open_keys()
    ana = await keys.join()

    added = await keys.club.platform.add_key()(ana.id, KeyForm(Venue.PAPER, Environment.PAPER, "practice"))
    shown, refused = await keys.club.platform.verify_key()(ana.id, added.shown.account.id)

    assert (shown.account.usable, shown.health, shown.account.last4, refused) == (True, None, "", ())
    assert await keys.stored(added.shown.account.id) is None
    assert keys.venues.asked == []


async def test_two_failures_in_a_row_make_a_key_invalid_and_its_member_is_told_once() -> None:
    """rules: KEY-10, KEY-12"""
    keys = await open_keys()
    ana = await keys.join()
    account = (await keys.add(ana)).shown.account
    keys.venues.says[KEY] = VenueRefused(Fault.AUTH, "no")
    verify, seen = keys.club.platform.verify_key(), []

    for _ in range(3):
        shown, refused = await verify(ana.id, account.id)
        seen.append((shown.account.status, refused))

    told = [event.name for event in await keys.club.events(account.id)]
    assert seen == [(status, ("key_invalid",)) for status in (KeyStatus.VALID, KeyStatus.INVALID, KeyStatus.INVALID)]
    assert told == [EventName.KEY_INVALID]
    assert keys.mailbox.letters == [(ana.id, "key_invalid")]
    assert [act.outcome for act in await keys.acts(ana)] == ["passed", *["key_invalid"] * 3]


async def test_a_key_that_was_mended_is_valid_again() -> None:
    """rules: KEY-10"""
    keys = await open_keys()
    ana = await keys.join()
    account = (await keys.add(ana)).shown.account
    verify = keys.club.platform.verify_key()
    keys.venues.says[KEY] = VenueRefused(Fault.IP_NOT_ALLOWED, "no")
    await verify(ana.id, account.id)
    await verify(ana.id, account.id)

    keys.venues.says[KEY] = GOOD
    shown, refused = await verify(ana.id, account.id)

    assert (shown.account.usable, refused) == (True, ())
    assert shown.health is not None
    assert shown.health.failures == 0


async def test_the_sweep_asks_about_every_key_once_a_day_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """rules: KEY-03"""
    monkeypatch.setattr("cbc_domain.application.people.verify_keys.AT_ONCE", 2)
    keys = await open_keys()
    for number in range(5):
        await keys.add(await keys.join(), f"public-key-{number}")
    sweep, counts = keys.club.platform.verify_due_keys(), []

    for pause in (timedelta(0), DAY, HOUR, DAY):
        keys.club.clock.advance(by=pause)
        counts.append(await sweep())

    assert counts == [0, 5, 0, 5]
    assert len(keys.venues.asked) == 5 + 10


async def test_the_sweep_goes_on_after_a_venue_that_is_away_and_a_key_that_fails() -> None:
    """rules: KEY-03, KEY-10"""
    keys = await open_keys()
    names = ["away", "failing", "good"]
    accounts = [(await keys.add(await keys.join(), f"key-{name}")).shown.account for name in names]
    keys.venues.says |= {"key-away": OutcomeUnknown("no answer"), "key-failing": VenueRefused(Fault.AUTH, "no")}
    sweep = keys.club.platform.verify_due_keys()

    keys.club.clock.advance(by=DAY)
    first = await sweep()
    keys.club.clock.advance(by=HOUR)
    second = await sweep()

    statuses = [(await keys.account(account.id)).status for account in accounts]
    assert (first, second) == (3, 2)
    assert statuses == [KeyStatus.VALID, KeyStatus.INVALID, KeyStatus.VALID]
    assert keys.mailbox.letters == [(accounts[1].member, "key_invalid")]


async def test_a_key_that_no_master_key_opens_holds_up_no_other() -> None:
    """rules: KEY-03, KEY-06"""
    keys = await open_keys()
    ana, bea = await keys.join(), await keys.join()
    first, second = (await keys.add(ana, "first")).shown.account, (await keys.add(bea, "second")).shown.account
    stored = await keys.stored(first.id)
    assert stored is not None
    async with keys.club.store() as work:
        await work.keys.rewrap([stored], {first.id: "gone.a.b"})
        await work.commit()

    keys.club.clock.advance(by=DAY)
    asked = await keys.club.platform.verify_due_keys()()

    assert asked == 2
    assert (await keys.account(first.id)).usable
    assert [act.outcome for act in await keys.acts(ana)][-1] == "unavailable"
    assert [act.outcome for act in await keys.acts(bea)][-1] == "passed"
    with pytest.raises(Unavailable):
        await keys.club.platform.verify_key()(ana.id, first.id)
    assert (await keys.account(second.id)).usable


async def test_a_fault_of_the_examiner_is_raised_after_the_others_were_judged() -> None:
    """rules: KEY-03"""
    keys = await open_keys()
    bad = (await keys.add(await keys.join(), "bad")).shown.account
    good = (await keys.add(await keys.join(), "good")).shown.account
    keys.venues.says["bad"] = ZeroDivisionError()
    keys.club.clock.advance(by=DAY)

    with pytest.raises(ZeroDivisionError):
        await keys.club.platform.verify_due_keys()()

    kept, broken = await keys.stored(good.id), await keys.stored(bad.id)
    assert kept is not None
    assert broken is not None
    assert kept.health.verified_at == keys.club.clock.now()
    assert broken.health.failures == 0


async def test_the_last_week_of_a_key_is_told_of_daily() -> None:
    """rules: KEY-10"""
    keys = await open_keys()
    ana = await keys.join()
    ends = keys.club.clock.now() + 9 * DAY
    await keys.add(ana, findings=attrs.evolve(GOOD, expires_at=ends))
    sweep, letters = keys.club.platform.verify_due_keys(), []

    for _ in range(4):
        keys.club.clock.advance(by=DAY)
        await sweep()
        letters.append(len(keys.mailbox.letters))

    assert letters == [0, 1, 2, 3]
    assert set(keys.mailbox.letters) == {(ana.id, "key_expires_soon")}


async def test_a_removed_key_is_erased_at_once_and_removing_it_again_changes_nothing() -> None:
    """rules: KEY-11, KEY-12"""
    keys = await open_keys()
    ana = await keys.join()
    account = (await keys.add(ana)).shown.account
    remove = keys.club.platform.remove_key()

    for _ in range(2):
        removed = await remove(ana.id, account.id)
        assert (removed.account.status, removed.left_open) == (KeyStatus.REMOVED, ())

    assert await keys.stored(account.id) is None
    assert [one.account.venue for one in await keys.club.platform.show_keys()(ana.id)] == [Venue.BYBIT]
    assert [(act.deed, act.outcome) for act in await keys.acts(ana)] == [("added", "passed"), ("removed", "left_open:0")]
    assert keys.mailbox.letters == [(ana.id, "key_removed")]
    with pytest.raises(NotFound):
        await keys.club.platform.verify_key()(ana.id, account.id)


async def test_removing_a_key_with_open_positions_wants_the_exchange_typed() -> None:
    """rules: KEY-11"""
    keys = await open_keys()
    ana = await keys.club.join()
    await keys.club.market()
    await keys.club.alert("SINAL LONG FORTE")
    await keys.club.work()
    trade, remove = await keys.club.trade(ana), keys.club.platform.remove_key()

    for typed in (None, "", "Bybit", "okx"):
        with pytest.raises(Conflict, match="1 open positions yourself") as refused:
            await remove(ana.id, trade.position.account, typed)
        assert refused.value.code == "state_conflict"
    removed = await remove(ana.id, trade.position.account, "bybit")

    assert removed.left_open == (trade.position.id,)
    assert keys.mailbox.words[-1]["left_open"] == "1"
    assert (await keys.account(trade.position.account)).status is KeyStatus.REMOVED


async def test_nobody_touches_the_key_of_another() -> None:
    """rules: KEY-11, ROL-05"""
    keys = await open_keys()
    ana, bea = await keys.join(), await keys.join()
    account = (await keys.add(ana)).shown.account
    platform = keys.club.platform

    for stranger, asked in ((bea, account.id), (ana, AccountId(bea.id))):
        with pytest.raises(NotFound):
            await platform.verify_key()(stranger.id, asked)
        with pytest.raises(NotFound):
            await platform.remove_key()(stranger.id, asked)

    assert account.id not in {one.account.id for one in await platform.show_keys()(bea.id)}
    assert (await keys.account(account.id)).usable


async def test_an_account_without_a_key_cannot_be_verified() -> None:
    """rules: KEY-03"""
    keys = await open_keys()
    ana = await keys.join()
    (shown,) = await keys.club.platform.show_keys()(ana.id)

    with pytest.raises(Conflict) as refused:
        await keys.club.platform.verify_key()(ana.id, shown.account.id)

    assert refused.value.code == "state_conflict"


async def test_a_testnet_that_does_not_tell_withdrawals_is_believed() -> None:
    """rules: KEY-03"""
    keys = await open_keys()
    ana = await keys.join()
    silent = KeyFindings(reads=True, trades=True, withdraws=None, hedge=False)

    added = await keys.add(ana, environment=Environment.TESTNET, findings=silent)

    assert added.shown.account.usable
