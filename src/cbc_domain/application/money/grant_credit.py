"""Credit a member's balances by a named flow, and pay debt with it at once (LED-F01, LED-F07, DBT-03)."""

from datetime import datetime
from functools import partial

import attrs

from cbc_domain.application.money.crediting import post_credit
from cbc_domain.kernel.errors import Invalid, NotFound
from cbc_domain.kernel.ids import LotId, MemberId
from cbc_domain.kernel.money import Money, largest_amount
from cbc_domain.ledger.model import Journal, Posting
from cbc_domain.ledger.postings import manual_credit, new_lot, recharge
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities


@attrs.frozen
class GrantCredit:
    """Post once per key: `manual_credit:{request}` (LED-F07). Raises Invalid `amount_not_positive`, NotFound."""

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(self, member: MemberId, amount: Money, request: str, actor: str, reason: str) -> Posting:
        _positive(amount)
        now = self.clock.now()
        lot = new_lot(LotId(self.identities.new()), member, amount, f"manual_credit:{request}", now)
        journal = manual_credit(request, lot, now, actor)
        explained = attrs.evolve(journal, references={**journal.references, "reason": reason})
        return await credit_member(self.store, self.identities, member, explained, now)


@attrs.frozen
class RecordRecharge:
    """Credit money received by the processor once per payment intent (LED-F01, PAY-06)."""

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(self, member: MemberId, amount: Money, payment_intent: str) -> Posting:
        _positive(amount)
        now = self.clock.now()
        return await credit_member(self.store, self.identities, member, recharge(payment_intent, member, amount, now), now)


async def credit_member(store: Store, identities: Identities, member: MemberId, journal: Journal, now: datetime) -> Posting:
    """Post a credit and the compensation of debt that it pays, in one transaction (DBT-03, DBT-04)."""
    return await store.run(partial(_credit, identities, member, journal, now))


async def _credit(identities: Identities, member: MemberId, journal: Journal, now: datetime, work: UnitOfWork) -> Posting:
    if await work.people.member(member) is None:
        raise NotFound("not_found", "expected a member")
    held = (await work.books.hold([member]))[member]
    posting, _ = await post_credit(work, identities, held, journal, now, journal.actor)
    return posting


def _positive(amount: Money) -> None:
    if amount.minor <= 0:
        raise Invalid("amount_not_positive", f"expected a positive amount, was {amount}")
    if amount > largest_amount(amount.currency):
        raise Invalid("amount_out_of_range", f"expected at most {largest_amount(amount.currency)}, was {amount}")
