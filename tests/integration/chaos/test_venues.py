"""A small seed of `./dev chaos --venues`: real wire protocols, bad lines, workers killed, and nothing that must not be."""

from tests.chaos.judge import UNPROTECTED
from tests.chaos.venues.campaign import venue_campaign
from tests.chaos.venues.report import NONE_OF, SHARE, VenueReport
from tests.chaos.venues.size import VenueSize

SMALL = VenueSize(signals=4, accounts=2, workers=2)
SEED = 1


def test_a_seed_at_four_venues_leaves_nothing_that_must_not_be() -> None:
    """rules: ORD-04, ORD-10, PRI-06, EXC-08"""
    report = VenueReport(SMALL, list(venue_campaign([SEED], SMALL)), 0)

    # How many real seconds something took is not asserted where other tests share the machine; the stepped campaign does.
    assert report.figures | {UNPROTECTED: 0} == dict.fromkeys(NONE_OF, 0), report.text()
    assert report.counts["positions"] > 0
    assert report.counts["kills"] > 0
    assert report.counts[SHARE] > 0
