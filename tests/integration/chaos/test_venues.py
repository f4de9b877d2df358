"""Small seeds of `./dev chaos --venues`: real wire protocols, bad lines, workers killed, and nothing that must not be."""

import pytest

from tests.chaos.judge import UNPROTECTED
from tests.chaos.venues.campaign import venue_campaign
from tests.chaos.venues.report import NONE_OF, SHARE, VenueReport
from tests.chaos.venues.size import VenueSize

ALL_FOUR = VenueSize(signals=4, accounts=2)
ONE_EACH = VenueSize(signals=2, accounts=3, venues=1, lanes=4, trading=4)
"""They mostly wait for real seconds. All in one campaign, because a server and its imports cost as much as three seeds."""


@pytest.mark.parametrize(("size", "seeds"), [(ALL_FOUR, range(1, 2)), (ONE_EACH, range(2, 51))], ids=["at four", "at one each"])
def test_seeds_at_the_venues_leave_nothing_that_must_not_be(size: VenueSize, seeds: range) -> None:
    """rules: ORD-04, ORD-10, PRI-06, EXC-08"""
    report = VenueReport(size, list(venue_campaign(seeds, size)), 0)

    # How many real seconds something took is not asserted where other tests share the machine; the stepped campaign does.
    assert report.figures | {UNPROTECTED: 0} == dict.fromkeys(NONE_OF, 0), report.text()
    assert sorted(verdict.seed for verdict in report.verdicts) == list(seeds)
    assert report.counts["positions"] > 0
    assert report.counts["kills"] > 0
    assert report.counts[SHARE] > 0
