"""What can be taken from a member in one currency, and in which order: lots first, then real (BAL-10)."""

from datetime import datetime

import attrs

from cbc_domain.kernel.money import Currency, Money, total
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import LotUse


@attrs.frozen
class Purse:
    """Parts of lots in the order of spending, and real; all of one currency, none negative."""

    lots: tuple[LotUse, ...]
    real: Money

    @property
    def admin(self) -> Money:
        return total((use.amount for use in self.lots), self.real.currency)

    @property
    def available(self) -> Money:
        return self.admin + self.real

    def take(self, amount: Money, *, real_first: bool = False) -> tuple["Purse", "Purse"]:
        """Divide into what `amount` takes, or everything when it is less, and what is left."""
        real = min(self.real, amount if real_first else amount - min(amount, self.admin))
        rest = amount - real
        taken: list[LotUse] = []
        left: list[LotUse] = []
        for use in self.lots:
            part = min(use.amount, rest)
            rest -= part
            taken.append(LotUse(use.lot, part))
            left.append(LotUse(use.lot, use.amount - part))
        return Purse(_filled(taken), real), Purse(_filled(left), self.real - real)


def operating_purse(holdings: Holdings, currency: Currency, now: datetime) -> Purse:
    """Everything that a fee may take in one currency: the operating balance of BAL-03."""
    lots = tuple(LotUse(lot.id, lot.remaining) for lot in holdings.usable_lots(currency, now))
    return Purse(lots, holdings.real_in(currency))


def _filled(uses: list[LotUse]) -> tuple[LotUse, ...]:
    return tuple(use for use in uses if use.amount)
