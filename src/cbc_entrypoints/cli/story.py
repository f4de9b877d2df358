"""An explanation as text for people: the signal, how its parts stand, and each part step by step."""

from collections.abc import Iterator, Sequence

from cbc_domain.application.health.explain import Explanation
from cbc_domain.application.trading.show_receipts import Count
from cbc_domain.kernel.money import Money
from cbc_domain.kernel.time import format_instant
from cbc_domain.ledger.model import Posting
from cbc_domain.signals.model import Signal
from cbc_domain.trading.facts import Source
from cbc_domain.trading.receipt import Receipt
from cbc_domain.trading.steps import Decided, Received, Step
from cbc_domain.trading.telling import Told, plain, step_facts, step_name


def lines_of(explained: Explanation) -> Iterator[str]:
    """Everything known of the row, a line at a time."""
    if explained.signal is not None:
        yield from _signal(explained.signal)
        for step in _shared(explained.receipts):
            yield _line(step)
    if explained.counts:
        yield from _counts(explained.counts)
    for told in explained.receipts:
        yield from _receipt(told)
    if explained.more:
        yield "\nfurther members are not shown; --first N shows more, --member MEMBER one of them"
    if explained.posting is not None:
        yield from _posting(explained.posting)


def _signal(signal: Signal) -> Iterator[str]:
    price = f" at {plain(signal.price)}" if signal.price is not None else ""
    why = f", {signal.reason}" if signal.reason else ""
    yield f"signal {signal.id}  {signal.kind} {signal.symbol or 'every symbol'}{price}  {signal.status}{why}"


def _counts(counts: Sequence[Count]) -> Iterator[str]:
    for count in counts:
        yield f"  {count.parts:>7}  {count.outcome}{f': {count.reason}' if count.reason else ''}"


def _receipt(told: Receipt) -> Iterator[str]:
    position = f"  position {told.position}" if told.position else ""
    yield f"\nmember {told.member}  {told.outcome}{position}"
    for step in told.steps:
        if not isinstance(step, Received | Decided):
            yield _line(step)
    if told.waits is not None:
        again = f"; tried again by {format_instant(told.waits.again_at)}" if told.waits.again_at else ""
        yield f"  waits for {told.waits.awaited} since {format_instant(told.waits.since)}{again}"


def _shared(receipts: Sequence[Receipt]) -> Sequence[Step]:
    """What happened to the signal itself, the same in every receipt."""
    return [step for told in receipts[:1] for step in told.steps if isinstance(step, Received | Decided)]


def _line(step: Step) -> str:
    facts = "  ".join(f"{name}={_text(value)}" for name, value in step_facts(step))
    return f"  {format_instant(step.at)}  {step_name(step):<12}  {facts}".rstrip()


def _posting(posting: Posting) -> Iterator[str]:
    journal = posting.journal
    yield f"\njournal {posting.id}  {journal.kind}  rule {journal.flow}  key {journal.key}"
    references = "".join(f"  {name}={value}" for name, value in sorted(journal.references.items()))
    yield f"  {format_instant(posting.posted_at)}  posted by {journal.actor}{references}"
    for entry in journal.entries:
        side = "debit " if entry.signed > 0 else "credit"
        yield f"  {side}  {entry.account.kind:<20}  {entry.amount}  {entry.account.owner}"
    if (crossed := journal.conversion) is not None:
        rate = f"{plain(crossed.rate.brl_per_usd)} BRL per USD of {crossed.rate.provider}"
        yield f"  {crossed.paid} paid {crossed.covered} at {rate}, {format_instant(crossed.rate.accepted_at)}"


def _text(value: Told) -> str:
    match value:
        case Money():
            return str(value).replace(" ", "")
        case tuple():
            return ",".join(f"{one.account}:{_text(one.amount)}" if isinstance(one, Source) else one for one in value)
        case _:
            return str(value)
