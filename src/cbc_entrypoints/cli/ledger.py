"""`cbc ledger`: prove the books, or show one member's statement."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import click

from cbc_domain.application.health.check_invariants import Health
from cbc_domain.identity.rules import fold_email
from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.time import format_instant
from cbc_domain.ledger.findings import StatementLine
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_entrypoints.cli.opened import opened
from cbc_entrypoints.settings import Settings

_PRINTED: Final = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")


@click.group()
def ledger() -> None:
    """The double-entry ledger."""


@ledger.command()
@click.option("--printed", multiple=True, metavar="SEALED:HASH", help="What an earlier proof printed; may be repeated.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def proof(settings: Settings, printed: Sequence[str], as_json: bool) -> int:
    """Check sums, derived balances, lots, debts and the hash chain; exit 1 and the first broken row otherwise."""
    health, missing = asyncio.run(_prove(settings, _read(printed)))
    facts = _facts(health) | ({"printed": missing[0] if missing else "ok"} if printed else {})
    if as_json:
        click.echo(json.dumps(facts))
    else:
        for name, value in facts.items():
            click.echo(f"{name:<22} {'-' if value is None else value}")
    return 0 if health.proof.holds and not missing else 1


@ledger.command()
@click.argument("member")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def statement(settings: Settings, member: str, as_json: bool) -> None:
    """Every entry of a member's accounts, newest first; MEMBER is an id or an e-mail."""
    for line in asyncio.run(_lines(settings, member)):
        told = {
            "at": format_instant(line.posted_at),
            "rule": line.flow,
            "account": line.account.value,
            "amount": str(line.effect),
            "balance": str(line.balance),
            "id": str(line.journal),
        }
        click.echo(json.dumps(told) if as_json else "  ".join(f"{value:<18}" for value in told.values()).rstrip())


def _read(printed: Sequence[str]) -> Mapping[int, str]:
    found = [_PRINTED.fullmatch(one) for one in printed]
    if not all(found):
        raise click.UsageError("--printed expected a number, a colon and 64 hexadecimal digits")
    return {int(one[1]): one[2] for one in found if one}


async def _prove(settings: Settings, printed: Mapping[int, str]) -> tuple[Health, Sequence[str]]:
    async with opened(settings) as live:
        return await live.platform.check_invariants()(), await live.platform.compare_printed()(printed)


async def _lines(settings: Settings, member: str) -> list[StatementLine]:
    async with opened(settings) as live:
        found = await member_id(live.platform.store(), member)
        return [line async for line in live.platform.show_money().all_lines(found, None, None)]


async def member_id(store: Store, text: str) -> MemberId:
    """Find a member by id or e-mail. Raises NotFound."""
    async with store() as work:
        try:
            known = await work.people.member(MemberId(UUID(text)))
        except ValueError:
            credential = await work.people.credential(fold_email(text))
            known = credential.member if credential else None
    if known is None:
        raise NotFound("not_found", f"expected a member, was {text[:64]!r}")
    return known.id


def _facts(health: Health) -> dict[str, object]:
    checked, before = health.proof, health.good_before
    return {
        "holds": checked.holds,
        "journals": checked.journals,
        "entries": checked.entries,
        "sealed": checked.sealed,
        "last_hash": checked.last_hash,
        "unbalanced": len(checked.unbalanced),
        "mismatched_balances": len(checked.mismatched_balances),
        "negative_balances": len(checked.negative_balances),
        "lot_faults": len(checked.lot_faults),
        "debt_faults": len(checked.debt_faults),
        "hash_chain": checked.chain_fault or "ok",
        "first_broken_row": next(iter(checked.faults), None),
        "last_good_before": format_instant(before.at) if before else None,
    }
