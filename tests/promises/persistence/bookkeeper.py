"""Somebody who does what a list of flows says to the books of a store, and knows what must come of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from cbc_domain.kernel.ids import DebtId, LotId, MemberId, PositionId
from cbc_domain.kernel.money import LEDGER_CURRENCIES, Money
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import Debt, InsufficientFunds, Journal, Lot, Posting
from cbc_domain.ledger.postings import (
    clawback_repayment,
    commission,
    conversion,
    correction,
    forgiveness,
    lot_expiry,
    manual_credit,
    new_lot,
    recharge,
)
from cbc_domain.ledger.reversal import reversal
from cbc_domain.ledger.rules import after
from cbc_domain.ledger.spending import Spent, compensate, spend
from cbc_domain.ports.persistence.books import Books
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.samples import NOW, Samples, committed
from tests.strategies.flows import Charge, Convert, Correct, Forgive, Grant, Recharge, Repeat, Reverse, Step, Wait

ADMIN: Final = "admin"
Held = Mapping[MemberId, Holdings]


class Bookkeeper:
    """Posts flows for a member and who referred him; mutable because time passes and postings are remembered."""

    def __init__(self, store: Store, samples: Samples, member: MemberId, affiliate: MemberId) -> None:
        self.members = (member, affiliate)
        self.posted: list[Posting] = []
        self._store, self._samples, self._now = store, samples, NOW
        self._charges: list[Posting] = []

    async def do(self, step: Step) -> None:
        """Post what a step asks for, and check that the members hold afterwards what the rules say."""
        async with committed(self._store) as work:
            before = await work.books.hold(self.members)
            journals = await self._journals(work.books, step, before)
            known = await self._with_used_lots(work.books, before, journals)
            expected = before if isinstance(step, Repeat) else _after(known, journals)
            postings = await _posted(work.books, journals, self._now)
            found = await work.books.hold(self.members)
        assert (postings is None) == (expected is None)
        assert _shown(found) == _shown(before if expected is None else expected)
        self._remember(step, postings or ())

    def _remember(self, step: Step, postings: Sequence[Posting]) -> None:
        self.posted += [posting for posting in postings if not posting.replay]
        if isinstance(step, Charge):
            self._charges += postings[:1]

    async def _journals(self, books: Books, step: Step, held: Held) -> list[Journal]:
        match step:
            case Repeat(number=number):
                return [self.posted[number].journal] if number < len(self.posted) else []
            case Reverse(number=number):
                return await self._reversal(books, number, held)
            case Wait(time=time):
                self._now += time
                due = await books.expired_lots(self._now, 1000)
                return [lot_expiry(lot, self._now) for lot in due if lot.member in self.members]
            case Charge():
                return list(self._charge(step, held))
            case _:
                return list(self._credit(step, held))

    def _credit(self, step: Recharge | Grant | Correct | Convert | Forgive, held: Held) -> Iterator[Journal]:
        first = self._first(step, held)
        if first is not None:
            yield first
            for member in self.members:
                changed = _after_one(held[member], first)
                rate = self._samples.rate("5.123456", self._now)
                paid = compensate(first, changed, rate, self._now) if changed else None
                if paid is not None:
                    yield paid

    def _first(self, step: Recharge | Grant | Correct | Convert | Forgive, held: Held) -> Journal | None:
        name = str(self._samples.ids.new())
        match step:
            case Recharge(who=who, amount=amount):
                return recharge(name, self.members[who], amount, self._now)
            case Grant(who=who, amount=amount, lives=lives):
                lot = attrs.evolve(self._lot(self.members[who], amount), expires_at=self._now + lives)
                return manual_credit(name, lot, self._now, ADMIN)
            case Correct(who=who, amount=amount):
                return correction(name, self.members[who], amount, self._now, ADMIN)
            case Convert(part=part, currency=currency):
                bonus = Money(part // 10, currency)
                lot = self._lot(self.members[1], Money(part, currency) + bonus)
                return conversion(name, Money(part, currency), bonus, lot, self._now, ADMIN)
            case Forgive(hundredths=hundredths):
                debt = next(iter(held[self.members[0]].debts), None)
                part_of = Money(debt.remaining.minor * hundredths // 100, debt.remaining.currency) if debt else None
                return forgiveness(name, debt, part_of, self._now, ADMIN) if debt and part_of else None

    def _charge(self, step: Charge, held: Held) -> Iterator[Journal]:
        member, affiliate = self.members
        rate = self._samples.rate("5.123456", self._now)
        spent = spend(step.fee, held[member], rate, self._now, real_first=step.real_first)
        assert isinstance(spent, Spent)
        position = PositionId(self._samples.ids.new())
        share = (affiliate, step.share) if step.share else None
        debt = self._debt(member, spent.debt, position) if spent.debt else None
        booked = commission(position, member, spent, step.fee - step.share, share, debt, self._now)
        yield booked
        owed = held[affiliate].clawback_in(step.fee.currency)
        repaid = clawback_repayment(booked.key, affiliate, step.share, owed, self._now) if share else None
        if repaid is not None:
            yield repaid

    async def _reversal(self, books: Books, number: int, held: Held) -> list[Journal]:
        if number >= len(self._charges):
            return []
        charge = self._charges[number]
        if await books.posting(f"reversal:{charge.journal.key}") is not None:
            return []
        found = [await books.lot(use.lot) for use in charge.journal.lot_uses]
        lots = {lot.id: lot for lot in found if lot is not None}
        member, affiliate = self.members
        forgiven = await books.forgiven({debt.id for debt in charge.journal.debts_opened})
        back = reversal(charge, held[member], held[affiliate], lots, self._now, ADMIN, forgiven)
        known = await self._with_used_lots(books, held, [back])
        changed = _after_one(known[member], back)
        rate = self._samples.rate("5.123456", self._now)
        paid = compensate(back, changed, rate, self._now) if changed else None
        return [back, paid] if paid else [back]

    async def _with_used_lots(self, books: Books, held: Held, journals: Iterable[Journal]) -> Held:
        """Lots that are used up are not held, but a reversal gives back to them."""
        member = held[self.members[0]]
        present = {lot.id for lot in member.lots}
        back = {use.lot for journal in journals for use in journal.lot_uses if use.amount.minor < 0} - present
        found = [await books.lot(lot) for lot in back]
        return {**held, member.member: attrs.evolve(member, lots=(*member.lots, *(lot for lot in found if lot)))}

    def _lot(self, member: MemberId, amount: Money) -> Lot:
        return new_lot(LotId(self._samples.ids.new()), member, amount, "sample", self._now)

    def _debt(self, member: MemberId, amount: Money, position: PositionId) -> Debt:
        return Debt(DebtId(self._samples.ids.new()), member, amount, amount, "commission", str(position), self._now)


async def _posted(books: Books, journals: Sequence[Journal], at: datetime) -> Sequence[Posting] | None:
    try:
        return await books.post(journals, at)
    except InsufficientFunds:
        return None


def _after(held: Held, journals: Iterable[Journal]) -> Held | None:
    """What the rules say that everybody holds after the journals; None when they refuse one of them."""
    found = dict(held)
    for journal in journals:
        for member, holdings in found.items():
            changed = _after_one(holdings, journal)
            if changed is None:
                return None
            found[member] = changed
    return found


def _after_one(held: Holdings, journal: Journal) -> Holdings | None:
    try:
        return after(held, journal)
    except InsufficientFunds:
        return None


def _shown(held: Held) -> Mapping[MemberId, object]:
    return {member: shown(holdings) for member, holdings in held.items()}


def shown(held: Holdings) -> tuple[object, ...]:
    """Holdings without the order in which equal things happen to stand."""
    money = [
        (held.real_in(one), held.commission_in(one), held.clawback_in(one), held.on_hold_in(one)) for one in LEDGER_CURRENCIES
    ]
    return (
        *money,
        {lot.id: lot for lot in held.lots},
        [debt.id for debt in held.debts],
        {debt.id: debt for debt in held.debts},
    )
