"""What one member holds and owes: all that a posting rule needs to know of him."""

from datetime import datetime

import attrs

from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import Currency, Money, total
from cbc_domain.ledger.model import Debt, Lot, LotStatus


@attrs.frozen
class Holdings:
    """What one member holds and owes at one moment, read under lock: all that a posting rule needs to know.

    `lots` are those with something left, whatever their status; `debts` those with something left, oldest first.
    """

    member: MemberId
    real: tuple[Money, ...]
    commission: tuple[Money, ...]
    clawback: tuple[Money, ...]
    lots: tuple[Lot, ...] = ()
    debts: tuple[Debt, ...] = ()
    on_hold: tuple[Money, ...] = ()

    def real_in(self, currency: Currency) -> Money:
        return total((money for money in self.real if money.currency == currency), currency)

    def commission_in(self, currency: Currency) -> Money:
        return total((money for money in self.commission if money.currency == currency), currency)

    def clawback_in(self, currency: Currency) -> Money:
        return total((money for money in self.clawback if money.currency == currency), currency)

    def on_hold_in(self, currency: Currency) -> Money:
        """What withdrawals, disputes and unsettled days hold back."""
        return total((money for money in self.on_hold if money.currency == currency), currency)

    def usable_lots(self, currency: Currency, now: datetime) -> tuple[Lot, ...]:
        """Active, unexpired lots in the order of spending: earliest expiry, then earliest credit, then ID (BAL-10)."""
        usable = (
            lot
            for lot in self.lots
            if lot.status is LotStatus.ACTIVE and lot.remaining.currency == currency and now < lot.expires_at and lot.remaining
        )
        return tuple(sorted(usable, key=lambda lot: (lot.expires_at, lot.credited_at, lot.id)))

    def operating(self, currency: Currency, now: datetime) -> Money:
        """Operating balance: real plus usable admin credit (BAL-03)."""
        return self.real_in(currency) + total((lot.remaining for lot in self.usable_lots(currency, now)), currency)

    def owes(self, currency: Currency) -> Money:
        return total((debt.remaining for debt in self.debts if debt.remaining.currency == currency), currency)
