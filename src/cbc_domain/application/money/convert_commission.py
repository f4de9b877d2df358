"""An affiliate turns commission balance into admin credit with a bonus (AFF-30, LED-F13)."""

from functools import partial

import attrs

from cbc_domain.affiliates.rules import Converted, converted
from cbc_domain.application.money.crediting import post_credit
from cbc_domain.identity.model import AccountStatus
from cbc_domain.kernel.errors import Denied, NotFound
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, LotId, MemberId
from cbc_domain.kernel.money import Money
from cbc_domain.ledger.model import Lot
from cbc_domain.ledger.postings import conversion, new_lot
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities


@attrs.frozen
class Conversion:
    """What was turned into what, and the lot that holds it."""

    turned: Converted
    lot: Lot


@attrs.frozen
class ConvertCommission:
    """Once per member and key; the credit pays debt first, which is why a debt does not forbid it (DBT-02, DBT-03).

    Raises Invalid `amount_not_positive`, Conflict `insufficient_funds` above the balance and `idempotency_key_reused`,
    Denied `account_not_active` (ROL-12), NotFound.
    """

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(self, member: MemberId, amount: Money, key: str) -> Conversion:
        return await self.store.run(partial(self._convert, member, amount, f"{member}:{key}"))

    async def _convert(self, member: MemberId, amount: Money, key: str, work: UnitOfWork) -> Conversion:
        now, asker = self.clock.now(), await work.people.member(member)
        if asker is None:
            raise NotFound("not_found", "expected a member")
        if asker.status is not AccountStatus.ACTIVE:
            raise Denied("account_not_active", f"expected an active account, was {asker.status}")
        held = (await work.books.hold([member]))[member]
        first = await work.books.posting(f"conversion:{key}")
        turned = converted(amount, amount if first else held.commission_in(amount.currency))
        lot = new_lot(LotId(self.identities.new()), member, turned.credited, f"conversion:{key}", now)
        journal = conversion(key, turned.amount, turned.bonus, lot, now, str(member))
        posting, _ = await post_credit(work, self.identities, held, journal, now, str(member))
        if first is None:
            data = {"amount": str(turned.amount), "credited": str(turned.credited)}
            await work.outbox.add([Event(EventId(self.identities.new()), EventName.SHARE_CONVERTED, member, now, data)])
        return Conversion(turned, posting.journal.lots_opened[0])
