"""The proof of the books: what the statements found, in words (LED-20, LED-22)."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import TextualSelect
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.proof_statements import PROVE_ALL, PROVE_NEW
from cbc_domain.kernel.ids import JournalId
from cbc_domain.kernel.money import currency
from cbc_domain.ledger.findings import BalanceOf, KeptProof, Proof
from cbc_domain.ledger.model import Account, AccountKind
from cbc_domain.ledger.proof import mismatched, negative
from cbc_domain.ledger.seal import GENESIS, changed, gone, out_of_place, rewritten

Fact = Mapping[str, Any]
Facts = Mapping[str, Sequence[Fact]]


async def prove_all(connection: AsyncConnection, good: KeptProof | None) -> Proof:
    """Check everything; `good` is the last proof that held, whose end of the chain must still be in it."""
    return await _prove(connection, PROVE_ALL, None, good)


async def prove_new(connection: AsyncConnection, good: KeptProof) -> Proof:
    """Check what came after `good`, and every stored balance against those that it left."""
    return await _prove(connection, PROVE_NEW, good, good)


async def _prove(
    connection: AsyncConnection, statement: TextualSelect, since: KeptProof | None, mark: KeptProof | None
) -> Proof:
    read_from = since.sealed if since else 0
    asked = {
        "since": read_from,
        "since_hash": since.last_hash if since else GENESIS,
        "mark": mark.sealed if mark else 0,
        "mark_hash": mark.last_hash if mark else GENESIS,
    }
    facts: dict[str, list[Fact]] = {}
    for row in await connection.execute(statement, asked):
        facts.setdefault(row.part, []).append(row.fact)
    balances = [
        BalanceOf(_account_of(fact), Decimal(fact["stored"]), Decimal(fact["summed"])) for fact in facts.get("balance", ())
    ]
    [counts] = facts["counts"]
    [end] = facts.get("end", [{"seq": 0, "hash": GENESIS}])
    return Proof(
        journals=counts["journals"],
        entries=counts["entries"],
        unbalanced=tuple(fault for fact in facts.get("journal", ()) for fault in _sum_faults(fact)),
        mismatched_balances=mismatched(balances),
        negative_balances=negative(balances),
        lot_faults=_part_faults(facts, "lots", "lot"),
        debt_faults=_part_faults(facts, "debts", "debt"),
        chain_faults=tuple(_chain_faults(facts, mark)),
        sealed=end["seq"],
        last_hash=end["hash"],
        since=read_from,
    )


def _account_of(fact: Fact) -> Account:
    return Account(AccountKind(fact["kind"]), fact["owner"], currency(fact["currency"]))


def _chain_faults(facts: Facts, mark: KeptProof | None) -> Iterator[str]:
    for fact in facts.get("mark", ()):
        if mark is not None:
            yield rewritten(mark.sealed, mark.last_hash, fact["hash"])
    for fact in facts.get("journal", ()):
        yield from _link_faults(fact)


def _link_faults(fact: Fact) -> Iterator[str]:
    seq, name = fact["seq"], fact["key"] or f"journal {fact['id']}"
    if seq is None:
        if fact["gone"] and fact["waits"]:
            yield f"expected {name} to wait for its seal, was none"
        elif not fact["gone"] and not fact["waits"]:
            yield f"expected {name} to be sealed or waiting for it, was neither"
        return
    if seq != fact["seq_before"] + 1:
        yield out_of_place(fact["seq_before"] + 1, seq)
    elif fact["gone"]:
        yield gone(JournalId(UUID(fact["id"])), seq)
    elif fact["hash"] != fact["expected"]:
        yield changed(name, seq, fact["expected"], fact["hash"])
    if fact["waits"]:
        yield f"expected {name} to be sealed at sequence {seq} only, was waiting for it too"


def _sum_faults(fact: Fact) -> Iterator[str]:
    name = fact["key"] or f"journal {fact['id']}"
    if fact["gone"]:
        if fact["entries"]:
            yield f"{name}: {fact['entries']} entries of no journal"
        return
    if fact["entries"] == 0:
        yield f"{name}: no entries"
    if fact["last_line"] != fact["entries"]:
        yield f"{name}: expected lines 1 to {fact['last_line']}, was {fact['entries']} of them"
    if fact["adrift"]:
        yield f"{name}: unknown account"
    for code, minor in fact["sums"].items():
        if minor:
            yield f"{name}: {code} sums to {minor}"


def _part_faults(facts: Facts, of_members: str, single: str) -> tuple[str, ...]:
    sums = [
        f"{fact['kind']} {fact['currency']} of {fact['owner']}: {of_members} {fact['stored']}, entries {fact['summed']}"
        for fact in facts.get(of_members, ())
    ]
    rows = [f"{single} {fact['owner']}: remaining {fact['stored']}, moves {fact['summed']}" for fact in facts.get(single, ())]
    return (*sums, *rows)
