"""What every exchange adapter promises of money that was moved into an account and out of it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from cbc_adapters.system.real.clock import SystemClock
from tests.promises.venue_bench import VenueBench
from tests.strategies.exchange import entry

ENTRY: Final = f"cbce{9:028x}"
MANY: Final = 220
"""More movements of one direction than most venues tell on a page."""


def long_ago() -> datetime:
    """Further back than every venue tells at once, and not so far that one forgets it."""
    return SystemClock().now().replace(microsecond=0) - timedelta(days=20)


class TransferPromises:
    """Inherit and give a `bench` fixture."""

    async def test_what_was_moved_is_told_once_signed_and_in_order(self, bench: VenueBench) -> None:
        """rules: RSK-03, EXC-02"""
        began = long_ago()
        for number in range(MANY):
            bench.deposit(Decimal(number + 1) if number % 2 else Decimal(-number - 1), began + timedelta(seconds=number))
        await bench.place(entry(ENTRY))

        told = await bench.exchange.transfers(bench.account, began)

        assert [transfer.amount for transfer in told] == [Decimal((n + 1) * (1 if n % 2 else -1)) for n in range(MANY)]
        assert [transfer.at for transfer in told] == [began + timedelta(seconds=number) for number in range(MANY)]
        assert len({transfer.venue_id for transfer in told}) == MANY
        assert {transfer.account for transfer in told} == {bench.account.id}

    async def test_nothing_is_told_of_before_the_instant_that_is_asked_for(self, bench: VenueBench) -> None:
        """rules: RSK-03"""
        began = long_ago()
        for late in (0, 1, 2):
            bench.deposit(Decimal(5 + late), began + timedelta(milliseconds=late))

        told = await bench.exchange.transfers(bench.account, began + timedelta(milliseconds=1))

        assert [transfer.amount for transfer in told] == [Decimal(6), Decimal(7)]
        assert await bench.exchange.transfers(bench.account, began + timedelta(milliseconds=3)) == []

    async def test_a_transfer_is_told_again_under_the_same_id(self, bench: VenueBench) -> None:
        """rules: RSK-03"""
        began = long_ago()
        bench.deposit(Decimal("12.5"), began)
        first = await bench.exchange.transfers(bench.account, began)
        bench.deposit(Decimal(3), began + timedelta(days=9))

        again = await bench.exchange.transfers(bench.account, began)

        assert again[:1] == list(first)
        assert [transfer.amount for transfer in again] == [Decimal("12.5"), Decimal(3)]
