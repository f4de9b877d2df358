"""Who hears of an account's orders, and what happens to the news on the way."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import attrs

from cbc_adapters.exchange.simulated.faults import Disorder, falls
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.exchange import Report

HELD_S: Final = 0.5
"""A report that waits for the next one to overtake it waits no longer than this."""

CUT: Final[ContextVar[Callable[[], None]]] = ContextVar("cut", default=lambda: None)
"""How the connection that is being served dies; the server sets it, so that no wire has to hand it through."""


@attrs.frozen(eq=False)
class _Listener:
    reports: asyncio.Queue[Report]
    cut: Callable[[], None]


class Listeners:
    """Mutable: connections come and go, and reports are counted for each account."""

    def __init__(self) -> None:
        self._there: defaultdict[AccountId, list[_Listener]] = defaultdict(list)
        self._counts: Counter[AccountId] = Counter()
        self._held: dict[AccountId, Report] = {}

    @contextmanager
    def listening(self, account: AccountId) -> Iterator[asyncio.Queue[Report]]:
        listener = _Listener(asyncio.Queue(), CUT.get())
        self._there[account].append(listener)
        try:
            yield listener.reports
        finally:
            if listener in self._there[account]:
                self._there[account].remove(listener)

    def hear_of(self, account: AccountId) -> int:
        """How many listen."""
        return len(self._there.get(account, ()))

    def cut(self, account: AccountId | None) -> None:
        for one in [account] if account is not None else list(self._there):
            for listener in self._there.pop(one, []):
                listener.cut()

    def tell(self, report: Report, disorder: Disorder) -> None:
        """Tell a report to the listeners of its account, in whatever disorder; nothing depends on whether they are there."""
        account = report.account
        self._counts[account] += 1
        number = self._counts[account]
        if falls(disorder.cut_every, number):
            self.cut(account)
        if falls(disorder.cut_every, number) or falls(disorder.lose_every, number):
            return
        if falls(disorder.swap_every, number + 1) and account not in self._held:
            self._held[account] = report
            asyncio.get_running_loop().call_later(HELD_S, self._release, account, report)
            return
        self._hand_out(report)
        if falls(disorder.repeat_every, number):
            self._hand_out(report)
        self._release(account)

    def _release(self, account: AccountId, only: Report | None = None) -> None:
        held = self._held.get(account)
        if held is not None and (only is None or only is held):
            del self._held[account]
            self._hand_out(held)

    def _hand_out(self, report: Report) -> None:
        for listener in self._there.get(report.account, ()):
            listener.reports.put_nowait(report)
