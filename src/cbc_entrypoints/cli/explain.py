"""`cbc explain ID`: the whole chain of causes and effects of a row."""

import asyncio
from typing import Final

import click
import msgspec

from cbc_domain.application.health.explain import Explanation
from cbc_domain.kernel.time import format_instant
from cbc_domain.ledger.model import Posting
from cbc_domain.signals.model import Signal
from cbc_entrypoints.cli.ledger import member_id
from cbc_entrypoints.cli.opened import opened
from cbc_entrypoints.cli.story import lines_of
from cbc_entrypoints.http.receipt_shapes import count_shape, receipt_shape
from cbc_entrypoints.settings import Settings

FIRST: Final = 10
MOST: Final = 1000


@click.command()
@click.argument("subject", metavar="ID")
@click.option("--member", metavar="MEMBER", help="Of a signal, the part of this member only; an id or an e-mail.")
@click.option(
    "--first", type=click.IntRange(0, MOST), default=FIRST, help=f"Of a signal, the parts of so many members ({FIRST})."
)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def explain(settings: Settings, subject: str, member: str | None, first: int, as_json: bool) -> None:
    """Tell the story of a signal, order, position or journal transaction.

    ID is theirs, of an order also its client order id. A signal says how the parts of all members stand, then tells some of
    them; an order, a position and a commission tell the part they belong to. Withdrawals are not kept yet.
    """
    explained = asyncio.run(_explained(settings, subject, member, first))
    if as_json:
        click.echo(msgspec.json.encode(_document(explained)).decode())
        return
    for line in lines_of(explained):
        click.echo(line)


async def _explained(settings: Settings, subject: str, member: str | None, first: int) -> Explanation:
    async with opened(settings) as live:
        who = None if member is None else await member_id(live.platform.store(), member)
        return await live.platform.explain()(subject, who, first)


def _document(explained: Explanation) -> dict[str, object]:
    return {
        "signal": _signal(explained.signal) if explained.signal else None,
        "counts": [count_shape(one) for one in explained.counts],
        "receipts": [receipt_shape(one) for one in explained.receipts],
        "more": explained.more,
        "journal": _journal(explained.posting) if explained.posting else None,
    }


def _signal(signal: Signal) -> dict[str, object]:
    return {
        "id": str(signal.id),
        "kind": signal.kind.value,
        "symbol": signal.symbol,
        "status": signal.status.value,
        "reason": signal.reason,
        "received_at": format_instant(signal.received_at),
    }


def _journal(posting: Posting) -> dict[str, object]:
    """Cause, rule, rate and every entry (BAL-13)."""
    journal = posting.journal
    return {
        "id": str(posting.id),
        "at": format_instant(posting.posted_at),
        "kind": journal.kind,
        "rule": journal.flow,
        "key": journal.key,
        "actor": journal.actor,
        "references": dict(journal.references),
        "rate": f"{journal.conversion.rate.brl_per_usd:f}" if journal.conversion else None,
        "entries": [
            {
                "side": entry.direction.value,
                "account": entry.account.kind.value,
                "owner": entry.account.owner,
                "amount": {"amount": entry.amount.text, "currency": entry.amount.currency.code},
            }
            for entry in journal.entries
        ],
    }
