"""What a page of receipts costs: the same number of statements for any number of members."""

import pytest

from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.ports.persistence.views import Page
from cbc_domain.trading.facts import Facts
from tests.integration.postgres.counting import counted
from tests.promises.samples import NOW, Samples, committed


@pytest.mark.parametrize("members", [3, 60])
async def test_a_page_of_receipts_takes_the_same_statements_for_any_number_of_members(
    store: PostgresStore, members: int
) -> None:
    """rules: DAT-06, API-03"""
    samples = Samples()
    place = await samples.place(store)
    places = [place, *[await samples.neighbour(store, place) for _ in range(members - 1)]]
    async with committed(store) as work:
        await work.planning.record([samples.ordered(samples.position(one)) for one in places], [], NOW)

    async with store() as work:
        with counted(store.engine) as count:
            page: Page[Facts] = await work.receipts.page(place.signal, None, members)

    assert len(page.items) == members
    assert count.value == 6
