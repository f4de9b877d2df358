"""Staff forgive a commission debt, whole or in part; the affiliate keeps his share (DBT-06, COM-08)."""

from functools import partial

import attrs

from cbc_domain.application.money.crediting import debt_ended
from cbc_domain.identity.reasons import checked_reason
from cbc_domain.kernel.errors import Conflict, Invalid, NotFound
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import DebtId, EventId
from cbc_domain.kernel.money import Money
from cbc_domain.ledger.model import Posting
from cbc_domain.ledger.postings import forgiveness
from cbc_domain.ledger.rules import after
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities


@attrs.frozen
class ForgiveDebt:
    """Once per request. Raises Invalid `reason_required`, `amount_not_positive` or `amount_out_of_range`, NotFound, Conflict
    `state_conflict` for a debt that is paid already or does not come from a commission.
    """

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(self, debt: DebtId, amount: Money | None, request: str, actor: str, reason: str) -> Posting:
        """`amount` None forgives all that is left."""
        return await self.store.run(partial(self._forgive, debt, amount, request, actor, checked_reason(reason)))

    async def _forgive(
        self, debt_id: DebtId, amount: Money | None, request: str, actor: str, reason: str, work: UnitOfWork
    ) -> Posting:
        now, debt = self.clock.now(), await work.books.debt(debt_id)
        if debt is None:
            raise NotFound("not_found", "expected a debt")
        held = (await work.books.hold([debt.member]))[debt.member]
        if known := await work.books.posting(f"debt_forgive:{request}"):
            return attrs.evolve(known, replay=True)
        standing = next((one for one in held.debts if one.id == debt_id), None)
        if standing is None:
            raise Conflict("state_conflict", "expected a debt with something left, was a paid one")
        part = standing.remaining if amount is None else amount
        if part.minor <= 0:
            raise Invalid("amount_not_positive", f"expected a positive amount, was {part}")
        journal = forgiveness(request, standing, part, now, actor)
        explained = attrs.evolve(journal, references={**journal.references, "reason": reason})
        (posting,) = await work.books.post([explained], now)
        told = Event(
            EventId(self.identities.new()), EventName.DEBT_FORGIVEN, debt_id, now, {"amount": str(part), "actor": actor}
        )
        await work.outbox.add([told, *debt_ended(self.identities, held, after(held, explained), now)])
        return posting
