"""A member's exchange keys (contract 2.2, KEY): a secret goes in and never comes out.

Adding and removing need a step-up (KEY-02, AUT-15).
"""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from cbc_domain.application.people.add_key import AddKey, KeyForm
from cbc_domain.application.people.remove_key import RemoveKey
from cbc_domain.application.people.show_keys import KeyShown, ShowKeys
from cbc_domain.application.people.verify_key import VerifyKey
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.venue_keys import Credentials
from cbc_domain.risk.keys import KeyRefusal
from cbc_entrypoints.http.access import Caller, needs
from cbc_entrypoints.http.problems import documented
from cbc_entrypoints.http.shapes import moment, object_id

VIEW: Final = needs("trading.view")
ACT: Final = needs("trading.act")
CHANGE: Final = needs("trading.act", step_up=True)

Secret = Annotated[
    str, msgspec.Meta(pattern=r"^[\x21-\x7e]{1,512}$", extra_json_schema={"format": "password", "writeOnly": True})
]
"""Printable, without spaces; what is only unusual for an exchange is a warning (KEY-05)."""
Label = Annotated[str, msgspec.Meta(max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]


class KeyBody(msgspec.Struct, forbid_unknown_fields=True):
    """`passphrase` for the exchanges that have one; a paper account has no secret at all (KEY-01)."""

    exchange: Venue
    environment: Environment
    label: Label | None = None
    api_key: Secret | None = None
    api_secret: Secret | None = None
    passphrase: Secret | None = None

    def __repr__(self) -> str:
        return f"KeyBody({self.exchange}, {self.environment})"


class PermissionsShape(msgspec.Struct):
    """What the exchange last said of the key; null where it does not tell, or nobody asked."""

    trade: bool
    withdraw: bool
    hedge_mode: bool
    ip_restricted: bool | None
    expires_at: str | None
    verified_at: str | None


class KeyShape(msgspec.Struct):
    """An exchange account; `ips_to_allow` are the platform's own addresses, for the key's list at the exchange (KEY-02).

    `warnings` are what is unusual about a key that was just added (KEY-05), `refusals` every reason why a key that was just
    verified is refused (KEY-03).
    """

    id: str
    exchange: Venue
    environment: Environment
    label: str
    last4: str
    status: str
    permissions: PermissionsShape
    ips_to_allow: list[str]
    warnings: list[str] = []
    refusals: list[str] = []


class KeysShape(msgspec.Struct):
    items: list[KeyShape]
    ips_to_allow: list[str]


class KeyRemovedShape(msgspec.Struct):
    """`left_open` are positions that the platform cannot manage any more: the member must (KEY-11)."""

    id: str
    status: str
    left_open: list[str]


@get("/api/trading/exchange-keys", opt=VIEW, responses=documented(401))
async def exchange_keys(
    caller: NamedDependency[Caller],
    show_keys: NamedDependency[ShowKeys],
    outgoing_addresses: NamedDependency[tuple[str, ...]],
) -> KeysShape:
    shown = await show_keys(caller.member.id)
    return KeysShape([_key(one, outgoing_addresses) for one in shown], list(outgoing_addresses))


@post("/api/trading/exchange-keys", opt=CHANGE, responses=documented(401, 403, 409, 422, 502))
async def add(
    data: JSONBody[KeyBody],
    caller: NamedDependency[Caller],
    add_key: NamedDependency[AddKey],
    outgoing_addresses: NamedDependency[tuple[str, ...]],
) -> KeyShape:
    """The key is examined at its exchange first, and kept only when nothing speaks against it."""
    given = any(part is not None for part in (data.api_key, data.api_secret, data.passphrase))
    credentials = Credentials(data.api_key or "", data.api_secret or "", data.passphrase) if given else None
    label = (data.label or "").strip() or data.exchange.value
    added = await add_key(caller.member.id, KeyForm(data.exchange, data.environment, label, credentials))
    return _key(added.shown, outgoing_addresses, warnings=added.warnings)


@post("/api/trading/exchange-keys/{key_id:str}/verify", status_code=200, opt=ACT, responses=documented(401, 404, 409, 502, 503))
async def verify(
    key_id: FromPath[str],
    caller: NamedDependency[Caller],
    verify_key: NamedDependency[VerifyKey],
    outgoing_addresses: NamedDependency[tuple[str, ...]],
) -> KeyShape:
    """Examine the key again now. A second failure in a row makes it INVALID; one that passes is VALID again (KEY-10)."""
    shown, refusals = await verify_key(caller.member.id, AccountId(object_id(key_id)))
    return _key(shown, outgoing_addresses, refusals=refusals)


@delete("/api/trading/exchange-keys/{key_id:str}", status_code=200, opt=CHANGE, responses=documented(401, 403, 404, 409))
async def remove(
    key_id: FromPath[str],
    caller: NamedDependency[Caller],
    remove_key: NamedDependency[RemoveKey],
    confirm: FromQuery[str | None] = None,
) -> KeyRemovedShape:
    """Erase the key at once. While its account has open positions, `confirm` is the exchange's name, typed (KEY-11)."""
    removed = await remove_key(caller.member.id, AccountId(object_id(key_id)), confirm)
    account = removed.account
    return KeyRemovedShape(str(account.id), account.status.value, [str(position) for position in removed.left_open])


def _key(
    shown: KeyShown, outgoing: Sequence[str], *, warnings: Sequence[str] = (), refusals: Sequence[KeyRefusal] = ()
) -> KeyShape:
    account, health = shown.account, shown.health
    return KeyShape(
        id=str(account.id),
        exchange=account.venue,
        environment=account.environment,
        label=account.label,
        last4=account.last4,
        status=account.status.value,
        permissions=PermissionsShape(
            trade=account.can_trade,
            withdraw=account.can_withdraw,
            hedge_mode=account.hedge,
            ip_restricted=health.restricted if health else None,
            expires_at=moment(health.expires_at) if health else None,
            verified_at=moment(health.verified_at) if health else None,
        ),
        ips_to_allow=list(outgoing),
        warnings=list(warnings),
        refusals=[one.value for one in refusals],
    )


HANDLERS: Final[list[HTTPRouteHandler]] = [exchange_keys, add, verify, remove]
