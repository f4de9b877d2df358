"""What `post_journals` takes: journals with all their parts and the events beside them, as arrays of rows."""

from collections.abc import Sequence
from typing import Any, Final

import attrs

from cbc_adapters.persistence.postgres.documents import dump_json
from cbc_domain.kernel.events import Event
from cbc_domain.kernel.ids import JournalId
from cbc_domain.ledger.chart import CHART
from cbc_domain.ledger.model import Account, Conversion, Debt, Journal, Lot, LotUse, Posting

Rows = list[tuple[Any, ...]]
"""Rows of one argument, columns in the order of `ROWS`."""

_GROWS_ON: Final = {kind: row.normal for kind, row in CHART.items()}


@attrs.define
class Movement:
    """What the journals do to one account, in minor units on its normal side; mutable because it is added up.

    `lowest` is the least that it has changed by after any of the journals, and at most zero: what the balance must cover.
    """

    place: int
    change: int = 0
    lowest: int = 0


Movements = dict[Account, Movement]


def arguments(postings: Sequence[tuple[Posting, str]], events: Sequence[Event]) -> tuple[Rows, ...]:
    """All arguments of `post_journals` for postings with their fingerprints.

    Every account is named once, because in a batch most entries share a few of them.
    """
    movements: Movements = {}
    journals: Rows = []
    entries: Rows = []
    lots: Rows = []
    uses: Rows = []
    debts: Rows = []
    payments: Rows = []
    conversions: Rows = []
    for posting, print_ in postings:
        id_, journal = posting.id, posting.journal
        journals.append(_journal_row(posting, print_))
        entries += _entry_rows(id_, journal, movements)
        lots += [_lot_row(id_, lot) for lot in journal.lots_opened]
        uses += [_lot_use_row(id_, line, use, journal.flow) for line, use in enumerate(journal.lot_uses, start=1)]
        debts += [_debt_row(id_, debt) for debt in journal.debts_opened]
        paid = enumerate(journal.debt_payments, start=1)
        payments += [(id_, line, payment.debt, payment.amount.minor) for line, payment in paid]
        if journal.conversion is not None:
            conversions.append(_conversion_row(id_, journal.conversion))
    told = [_event_row(event) for event in events]
    return _account_rows(movements), journals, entries, lots, uses, debts, payments, conversions, told


def _account_rows(movements: Movements) -> Rows:
    return [
        (account.kind.value, account.owner, account.currency.code, *_kept(account, movement))
        for account, movement in movements.items()
    ]


def _kept(account: Account, movement: Movement) -> tuple[int | None, int | None]:
    return (movement.change, movement.lowest) if CHART[account.kind].floor else (None, None)


def _journal_row(posting: Posting, print_: str) -> tuple[Any, ...]:
    journal = posting.journal
    return (
        posting.id,
        journal.flow,
        journal.kind,
        journal.key,
        print_,
        journal.occurred_at,
        posting.posted_at,
        journal.actor,
        dump_json(dict(journal.references)),
        journal.reverses,
    )


def _entry_rows(id_: JournalId, journal: Journal, movements: Movements) -> Rows:
    rows: Rows = []
    touched: list[Movement] = []
    for line, entry in enumerate(journal.entries, start=1):
        side, minor = entry.direction, entry.amount.minor
        movement = movements.get(entry.account)
        if movement is None:
            movement = movements[entry.account] = Movement(len(movements) + 1)
        movement.change += minor if side is _GROWS_ON[entry.account.kind] else -minor
        touched.append(movement)
        rows.append((id_, line, movement.place, side.value, minor))
    # After the whole journal: within it an account may be taken from before it is given to.
    for movement in touched:
        movement.lowest = min(movement.lowest, movement.change)
    return rows


def _lot_row(id_: JournalId, lot: Lot) -> tuple[Any, ...]:
    return (
        lot.id,
        lot.member,
        lot.amount.currency.code,
        lot.amount.minor,
        lot.remaining.minor,
        lot.origin,
        lot.credited_at,
        lot.expires_at,
        lot.status.value,
        id_,
    )


def _lot_use_row(id_: JournalId, line: int, use: LotUse, flow: str) -> tuple[Any, ...]:
    return id_, line, use.lot, use.amount.minor, use.extends_to, flow == "LED-F08"


def _debt_row(id_: JournalId, debt: Debt) -> tuple[Any, ...]:
    return (
        debt.id,
        debt.member,
        debt.amount.currency.code,
        debt.amount.minor,
        debt.remaining.minor,
        debt.cause,
        debt.origin,
        debt.created_at,
        id_,
    )


def _conversion_row(id_: JournalId, conversion: Conversion) -> tuple[Any, ...]:
    rate = conversion.rate
    return (
        id_,
        conversion.paid.minor,
        conversion.paid.currency.code,
        conversion.covered.minor,
        conversion.covered.currency.code,
        rate.brl_per_usd,
        rate.provider,
        rate.provider_at,
        rate.accepted_at,
    )


def _event_row(event: Event) -> tuple[Any, ...]:
    return (
        event.id,
        event.name.value,
        event.subject,
        event.occurred_at,
        dump_json(dict(event.data)),
        event.causation_id,
        event.hops,
    )
