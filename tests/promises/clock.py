"""What every clock and every source of identities promises."""

from datetime import timedelta
from uuid import UUID

from cbc_domain.ports.system import Clock, Identities


class ClockPromises:
    """Inherit and give a `clock` fixture."""

    def test_time_is_utc(self, clock: Clock) -> None:
        """rules: GEN-06"""
        assert clock.now().utcoffset() == timedelta(0)

    def test_time_does_not_run_back(self, clock: Clock) -> None:
        """rules: GEN-06"""
        assert clock.now() <= clock.now()


class IdentitiesPromises:
    """Inherit and give an `identities` fixture."""

    def test_identities_are_of_version_seven(self, identities: Identities) -> None:
        """rules: GEN-15"""
        made = [identities.new() for _ in range(100)]

        assert all((each.version, each.variant) == (7, UUID(int=1 << 63).variant) for each in made)

    def test_identities_ascend_even_within_one_millisecond(self, identities: Identities) -> None:
        """rules: GEN-15"""
        made = [identities.new() for _ in range(5_000)]

        assert made == sorted(set(made))

    def test_secrets_have_their_size_and_differ(self, identities: Identities) -> None:
        """rules: GEN-15"""
        one, other = identities.secret(32), identities.secret(32)

        assert len(one) == len(other) == 32
        assert one != other
