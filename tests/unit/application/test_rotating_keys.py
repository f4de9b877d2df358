"""A new master key for everything that is sealed, also when it is broken off on the way (KEY-09)."""

from datetime import timedelta

import pytest

from cbc_domain.application.people.rotate_keys import Rotated, RotateKeys
from cbc_domain.kernel.errors import Conflict
from cbc_domain.ports.persistence.keys import KeyDeed
from tests.unit.application.key_acts import KeyClub, open_keys


def rotation(keys: KeyClub, page_size: int = 2) -> RotateKeys:
    platform = keys.club.platform
    return RotateKeys(platform.store(), platform.clock(), platform.identities(), platform.sealer(), page_size)


async def rotated(keys: KeyClub) -> Rotated:
    return sum([page async for page in rotation(keys)()], Rotated())


async def masters(keys: KeyClub) -> list[str]:
    """The master keys that wrap each stored key, the pepper last."""
    async with keys.club.store() as work:
        sealed = [key.sealed for key in await work.keys.page(None, 100)]
        return [text.partition(".")[0] for text in (*sealed, await work.keys.pepper() or "")]


async def five_keys() -> KeyClub:
    """Five members with keys wrapped by k1; what is sealed from now on is wrapped by k2."""
    keys = await open_keys()
    for number in range(5):
        await keys.add(await keys.join(), f"public-key-{number}")
    await keys.club.platform.create_strategy()("A sender who signs", timedelta(minutes=30), signs=True)
    keys.use_masters("k2")
    return keys


async def test_everything_sealed_moves_to_the_current_master_key() -> None:
    """rules: KEY-09"""
    keys = await five_keys()

    done = await rotated(keys)

    async with keys.club.store() as work:
        (webhook,) = await work.signals.hmac_secrets(keys.club.clock.now())
    assert done == Rotated(seen=7, rewrapped=7)
    assert set(await masters(keys)) == {"k2"}
    assert webhook.sealed is not None
    assert webhook.sealed.startswith(b"k2.")


async def test_a_rotation_that_was_broken_off_is_taken_up_by_the_next_one() -> None:
    """rules: KEY-09"""
    keys = await five_keys()
    pages = rotation(keys)()
    for _ in range(3):
        await anext(pages)
    await pages.aclose()
    half = await masters(keys)

    rest, again = await rotated(keys), await rotated(keys)

    assert sorted(half) == ["k1", "k1", "k1", "k2", "k2", "k2"]
    assert (rest.seen, rest.rewrapped) == (7, 3)
    assert (again.seen, again.rewrapped) == (7, 0)
    assert set(await masters(keys)) == {"k2"}


async def test_rotated_keys_open_and_are_still_known_at_another_member() -> None:
    """rules: KEY-09, KEY-04"""
    keys = await five_keys()
    await rotated(keys)
    keys.club.clock.advance(by=timedelta(days=1))

    asked = await keys.club.platform.verify_due_keys()()
    with pytest.raises(Conflict) as refused:
        await keys.add(await keys.join(), "public-key-3")

    assert asked == 5
    assert refused.value.code == "key_in_use"


async def test_each_rewrapped_key_is_noted_for_its_member() -> None:
    """rules: KEY-12, KEY-09"""
    keys = await five_keys()

    await rotated(keys)
    await rotated(keys)

    told = [[act.deed for act in await keys.acts(member)] for member in keys.club.members]
    assert told == [[KeyDeed.ADDED, KeyDeed.CHANGED]] * 5
    last = (await keys.acts(keys.club.members[0]))[-1]
    assert (last.purpose, last.outcome, last.actor) == ("rotate", "wrapped by k2", "cbc keys rotate")


async def test_what_no_master_key_opens_is_named_and_holds_up_nothing() -> None:
    """rules: KEY-09"""
    keys = await five_keys()
    async with keys.club.store() as work:
        (first, *_) = await work.keys.page(None, 1)
        await work.keys.rewrap([first], {first.account: "lost.a.b"})
        await work.commit()

    done = await rotated(keys)

    assert done == Rotated(seen=7, rewrapped=6, stuck=(f"account {first.account}",))


async def test_without_any_key_there_is_nothing_to_rotate() -> None:
    """rules: KEY-09"""
    assert await rotated(await open_keys()) == Rotated()
