"""How every credit to a real or admin balance is written: with the debt that it pays, in one transaction (DBT-03)."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, MemberId
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import Journal, Lot, Posting
from cbc_domain.ledger.rules import after
from cbc_domain.ledger.spending import compensate
from cbc_domain.ports.persistence.unit_of_work import UnitOfWork
from cbc_domain.ports.system import Identities


async def post_credit(
    work: UnitOfWork, identities: Identities, held: Holdings, journal: Journal, now: datetime, actor: str
) -> tuple[Posting, Holdings]:
    """Post a credit of a member whose accounts are held, and the compensation that it pays; once per key (DBT-04).

    Answers the posting and what the member holds afterwards. With a key that stands already nothing is written.
    """
    if known := await work.books.posting(journal.key):
        (posting,) = await work.books.post([journal], known.posted_at)
        return posting, held
    credited = after(held, journal)
    paid = compensate(journal, credited, await work.signals.rate(now), now, actor)
    ended = after(credited, paid) if paid else credited
    postings = await work.books.post([journal, paid] if paid else [journal], now)
    told = [_credited(identities, held.member, journal, now), *debt_ended(identities, held, ended, now)]
    await work.outbox.add(told)
    return postings[0], ended


def debt_ended(identities: Identities, before: Holdings, afterwards: Holdings, now: datetime) -> Sequence[Event]:
    """Tell the member that the last of his debts is paid, and with it the block of live trading over (DBT-05)."""
    if not before.debts or afterwards.debts:
        return []
    member = before.member
    return [Event(EventId(identities.new()), EventName.DEBT_SETTLED, member, now, {"member": str(member)})]


def with_lots(held: Holdings, lots: Sequence[Lot]) -> Holdings:
    """Holdings that know used-up lots too, so that a journal may give back to them."""
    known = {lot.id for lot in held.lots}
    return attrs.evolve(held, lots=(*held.lots, *(lot for lot in lots if lot.id not in known)))


def _credited(identities: Identities, member: MemberId, journal: Journal, now: datetime) -> Event:
    return Event(EventId(identities.new()), EventName.BALANCE_CREDITED, member, now, {"key": journal.key})
