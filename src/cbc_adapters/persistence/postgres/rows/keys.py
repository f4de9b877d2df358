"""Rows of sealed keys and of what was done with them."""

from typing import Any

from sqlalchemy import RowMapping

from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.ports.persistence.keys import KeyAct, KeyDeed, StoredKey
from cbc_domain.risk.keys import KeyHealth


def key_of(row: RowMapping) -> StoredKey:
    health = KeyHealth(row["verified_at"], row["due_at"], row["failures"], row["expires_at"], row["restricted"])
    return StoredKey(AccountId(row["account"]), row["sealed"], row["fingerprint"], health)


def key_row(key: StoredKey) -> dict[str, Any]:
    return {"sealed": key.sealed, "fingerprint": key.fingerprint, **health_row(key.account, key.health)}


def health_row(account: AccountId, health: KeyHealth) -> dict[str, Any]:
    return {
        "account": account,
        "verified_at": health.verified_at,
        "due_at": health.due_at,
        "failures": health.failures,
        "expires_at": health.expires_at,
        "restricted": health.restricted,
    }


def act_of(row: RowMapping) -> KeyAct:
    return KeyAct(
        id=row["id"],
        member=MemberId(row["member"]),
        account=None if row["account"] is None else AccountId(row["account"]),
        deed=KeyDeed(row["deed"]),
        purpose=row["purpose"],
        outcome=row["outcome"],
        actor=row["actor"],
        at=row["at"],
        times=row["times"],
        since=row["since"],
    )


def act_row(act: KeyAct) -> dict[str, Any]:
    return {
        "id": act.id,
        "member": act.member,
        "account": act.account,
        "deed": act.deed.value,
        "purpose": act.purpose,
        "outcome": act.outcome,
        "actor": act.actor,
        "at": act.at,
        "times": act.times,
        "since": act.since,
    }
