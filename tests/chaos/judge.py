"""What a seed left behind: the venue's own history against the database, figure by figure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

from cbc_adapters.exchange.simulated.model import VenueAccount, VenueOrder
from cbc_adapters.exchange.simulated.travelling import entry_of
from cbc_domain.kernel.ids import AccountId
from cbc_domain.trading.model import Leg
from cbc_entrypoints.containers import Platform
from tests.chaos.database import Eye, Owed
from tests.chaos.watch import Bare

if TYPE_CHECKING:
    from tests.chaos.stage import Stage

Row = Mapping[str, Any]

UNPROTECTED: Final = "unprotected past 5 s"

MUST_BE_ZERO: Final = (
    "duplicate orders",
    "unintended orders",
    "intents without an outcome",
    UNPROTECTED,
    "books that do not prove",
    "wrong settlements",
    "negative accounts",
    "results that differ from the venue's",
    "parts without a story",
    "ends that did not come",
)

WORST: Final = "longest unprotected, ms"

_ORDERS: Final = """
SELECT o.client_id, o.leg, o.quantity, o.state, o.filled, o.error_code, o.account, o.position, o.sent_at IS NOT NULL AS sent,
       p.state AS position_state, p.close_reason, p.closing_reason
FROM orders o JOIN positions p ON p.id = o.position
"""
_TASKS: Final = "SELECT t.id, t.action, t.state, t.reason, t.attempts, t.position FROM tasks t"
_POSITIONS: Final = """
SELECT p.id, p.account, p.environment, p.state, p.settlement, p.close_reason, p.closing_reason, p.side, p.symbol,
       (SELECT s.reason FROM settlements s WHERE s.position = p.id) AS settled_as,
       p.bought, p.entry_price, p.sold, p.exit_price, p.fees, p.contract_size,
       (SELECT count(*) FROM journals j WHERE j.key = 'commission:' || p.id) AS commissions
FROM positions p
"""
_UNTOLD: Final = """
SELECT s.id, f.member FROM signals s JOIN subscriptions f ON f.strategy = s.strategy
WHERE s.kind LIKE 'OPEN%' AND s.status = 'PROCESSED' AND s.reason IS NULL
  AND NOT EXISTS (SELECT FROM decisions d WHERE d.signal = s.id AND d.member = f.member)
"""
_OPEN_SIGNALS: Final = "SELECT id, status FROM signals WHERE status IN ('PENDING', 'PROCESSING')"
_NEGATIVE: Final = "SELECT id FROM ledger_accounts WHERE balance < 0"


@attrs.frozen
class Verdict:
    """One seed: `wrong` says each finding in words under its figure; `counts` says how much was going on."""

    seed: int
    wrong: Mapping[str, Sequence[str]]
    counts: Mapping[str, int]
    kills: Mapping[str, int]
    seconds: float

    @property
    def holds(self) -> bool:
        return not any(self.wrong.values())


@attrs.frozen
class Evidence:
    """What a seed left behind: `accounts` as the venues have them, by our own ids; `owed` is what never ended."""

    accounts: Mapping[AccountId, VenueAccount]
    eye: Eye
    too_long: Sequence[Bare]
    owed: Owed | None = None


async def judge(stage: "Stage", platform: Platform, *, quiet: bool, seconds: float) -> Verdict:
    owed = None if quiet else await stage.eye.owed(stage.clock.now())
    evidence = Evidence(stage.venue.accounts, stage.eye, stage.watch.too_long, owed)
    counts = await _counts(stage, evidence)
    return Verdict(stage.seed, await findings(evidence, platform), counts, stage.traps.kills(), seconds)


async def findings(evidence: Evidence, platform: Platform) -> Mapping[str, Sequence[str]]:
    """Everything that must not be, in words, under the figure that it counts for."""
    eye, accounts = evidence.eye, evidence.accounts
    orders = {row["client_id"]: row for row in await eye.rows(_ORDERS)}
    tasks, positions = await eye.rows(_TASKS), await eye.rows(_POSITIONS)
    health = await platform.check_invariants()()
    return {
        "duplicate orders": _duplicates(accounts, orders),
        "unintended orders": _unintended(accounts, orders),
        "intents without an outcome": _open_ends(orders, tasks, positions, await eye.rows(_OPEN_SIGNALS)),
        UNPROTECTED: [f"{one.account} {one.symbol} for {one.lasted} from {one.since}" for one in evidence.too_long],
        "books that do not prove": [] if health.proof.holds else [str(health.proof)],
        "wrong settlements": _wrongly_settled(positions),
        "negative accounts": [str(row["id"]) for row in await eye.rows(_NEGATIVE)],
        "results that differ from the venue's": _differing(accounts, positions),
        "parts without a story": [f"{row['id']} {row['member']}" for row in await eye.rows(_UNTOLD)],
        "ends that did not come": [] if evidence.owed is None else [str(evidence.owed)],
    }


def orders_at_venue(accounts: Mapping[AccountId, VenueAccount]) -> list[VenueOrder]:
    return [order for account in accounts.values() for order in account.orders.values()]


def _duplicates(accounts: Mapping[AccountId, VenueAccount], orders: Mapping[str, Any]) -> list[str]:
    """Two entries for one intended position, or more bought than was intended."""
    bought: Counter[Any] = Counter()
    found = []
    for order in orders_at_venue(accounts):
        known = orders.get(order.ticket.client_id)
        if known is None or order.ticket.leg is not Leg.ENTRY:
            continue
        bought[known["position"]] += 1
        filled = sum((fill.quantity for fill in order.fills), start=Decimal(0))
        if order.quantity > known["quantity"] or filled > known["quantity"]:
            found.append(f"{order.ticket.client_id}: {filled} of {known['quantity']}")
    return found + [f"position {position}: {times} entries" for position, times in bought.items() if times > 1]


def _unintended(accounts: Mapping[AccountId, VenueAccount], orders: Mapping[str, Any]) -> list[str]:
    """What the venue made of an entry that was intended was intended with it."""
    at_venue = [order.ticket for order in orders_at_venue(accounts)]
    intended = {ticket.client_id: entry_of(ticket.client_id) or ticket.client_id for ticket in at_venue}
    return [f"{ticket.client_id} {ticket.leg}" for ticket in at_venue if intended[ticket.client_id] not in orders]


def _open_ends(orders: Mapping[str, Any], tasks: Sequence[Any], positions: Sequence[Any], signals: Sequence[Any]) -> list[str]:
    """Everything that was intended has ended, and whatever did not become a trade says why."""
    final = {"FILLED", "CANCELLED", "REJECTED", "EXPIRED"}
    found = [f"order {o['client_id']} {o['leg']} {o['state']}" for o in orders.values() if o["state"] not in final]
    found += [
        f"order {o['client_id']} without a code" for o in orders.values() if o["state"] == "REJECTED" and not o["error_code"]
    ]
    given_up = {p["id"] for p in positions if p["state"] == "ABANDONED"}
    found += [
        f"task {t['id']} {t['action']} {t['state']}"
        for t in tasks
        if t["state"] not in {"DONE", "DEAD"} and not (t["action"] == "protect" and t["position"] in given_up)
    ]
    found += [f"task {t['id']} dead without a reason" for t in tasks if t["state"] == "DEAD" and not t["reason"]]
    found += [f"position {p['id']} {p['state']}" for p in positions if p["state"] not in {"CLOSED", "LIQUIDATED", "ABANDONED"}]
    found += [
        f"position {p['id']} closed without a reason" for p in positions if p["state"] == "CLOSED" and not p["close_reason"]
    ]
    said = {t["position"] for t in tasks if t["reason"]} | {o["position"] for o in orders.values() if o["error_code"]}
    found += [
        f"position {p['id']} abandoned without a reason"
        for p in positions
        if p["state"] == "ABANDONED" and not p["closing_reason"] and p["id"] not in said
    ]
    return found + [f"signal {s['id']} {s['status']}" for s in signals]


def _wrongly_settled(positions: Sequence[Any]) -> list[str]:
    """A profit of a live trade is charged once, and nothing else is charged at all."""
    found = []
    for position in positions:
        if position["state"] not in {"CLOSED", "LIQUIDATED"}:
            expected = 0
        else:
            expected = int(position["settlement"] == "SETTLED")
            profit = _net(position) > 0 and position["environment"] == "live" and position["settled_as"] != "below_one_cent"
            if position["settlement"] not in {"SETTLED", "NOT_CHARGEABLE"} or (profit and not expected):
                found.append(f"position {position['id']} {position['settlement']} with a net of {_net(position)}")
        if position["commissions"] > 1 or position["commissions"] > expected:
            found.append(f"position {position['id']}: {position['commissions']} commissions, expected {expected}")
    return found


def _net(position: Row) -> Decimal:
    if not position["sold"]:
        return Decimal(-position["fees"])
    sign = 1 if position["side"] == "LONG" else -1
    gross = (position["exit_price"] - position["entry_price"]) * position["sold"] * position["contract_size"] * sign
    net: Decimal = gross - position["fees"]
    return net


def _differing(accounts: Mapping[AccountId, VenueAccount], positions: Sequence[Any]) -> list[str]:
    """What each account made by our books is what it made by the venue's, to the last thousandth."""
    ours: Counter[Any] = Counter()
    for position in positions:
        ours[position["account"]] += _net(position)  # type: ignore[assignment]  # a Counter adds anything that adds
    found = []
    for known, account in accounts.items():
        made = account.realised - account.fees
        if abs(made - ours[known]) > Decimal("0.001"):
            found.append(f"account {known}: venue {made}, books {ours[known]}")
    return found


async def traded(evidence: Evidence, stretches: Sequence[Bare]) -> dict[str, int]:
    """How much was going on."""
    positions, at_venue = await evidence.eye.rows(_POSITIONS), orders_at_venue(evidence.accounts)
    return {
        "positions": len(positions),
        "abandoned": sum(position["state"] == "ABANDONED" for position in positions),
        "orders at the venue": len(at_venue),
        "fills": sum(len(order.fills) for order in at_venue),
        "stretches unprotected": len(stretches),
        WORST: max((int(one.lasted.total_seconds() * 1000) for one in stretches), default=0),
    }


async def _counts(stage: "Stage", evidence: Evidence) -> Mapping[str, int]:
    return {
        **await traded(evidence, stage.watch.stretches),
        "kills": len(stage.crew.deaths),
        "alerts sent again": stage.lost_alerts,
        "steps": stage.steps,
        "moments cut short": stage.impatient,
    }
