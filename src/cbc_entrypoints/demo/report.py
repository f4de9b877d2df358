"""What a play came to: one object for programs, tables for people."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from math import ceil
from typing import Final

import attrs
import msgspec

from cbc_domain.application.health.check_invariants import Health
from cbc_domain.application.trading.show_trading import PositionShown
from cbc_domain.commissions.model import SettlementState
from cbc_domain.kernel.ids import SignalId
from cbc_domain.kernel.money import LEDGER_CURRENCIES, Money, total
from cbc_domain.market.model import Direction
from cbc_domain.ports.persistence.views import MemberDecision
from cbc_domain.risk.model import Reason
from cbc_domain.signals.model import Signal
from cbc_domain.trading.positions import net
from cbc_entrypoints.demo.play import Posted
from cbc_entrypoints.demo.stage import Enrolled, Stage
from cbc_entrypoints.http.shapes import text

PAGE: Final = 200
LABEL: Final = "SIMULATED"


@attrs.frozen
class Share:
    """One member's part in the play."""

    enrolled: Enrolled
    positions: Sequence[PositionShown]
    refused: Mapping[str, int]
    balances: Mapping[str, str]


@attrs.frozen
class Outcome:
    """Everything that was found on the stage after the last moment."""

    prices: str
    posted: Sequence[Posted]
    signals: Sequence[Signal]
    ordered: Mapping[SignalId, int]
    refused: Mapping[SignalId, Mapping[str, int]]
    shares: Sequence[Share]
    health: Health


async def gather(stage: Stage, prices: str, posted: Sequence[Posted]) -> Outcome:
    """Read what happened, by the same use cases that members and staff read it with."""
    signals = await _signals(stage)
    by_id = {signal.id: signal for signal in signals}
    async with stage.live.platform.store()() as work:
        tallies = await work.signals.tallies([signal.id for signal in signals])
    shares = [await _share(stage, enrolled, by_id) for enrolled in stage.enrolled]
    return Outcome(
        prices=prices,
        posted=posted,
        signals=signals,
        ordered={tally.signal: tally.ordered for tally in tallies},
        refused={tally.signal: _named(by_id[tally.signal], tally.refused) for tally in tallies},
        shares=shares,
        health=await stage.live.platform.check_invariants()(),
    )


def as_json(outcome: Outcome) -> bytes:
    """The one object that `cbc demo --json` prints."""
    return msgspec.json.format(msgspec.json.encode(_document(outcome)), indent=2)


def _document(outcome: Outcome) -> Mapping[str, object]:
    positions = [shown for share in outcome.shares for shown in share.positions if shown.trade.position.bought]
    settlements = [shown.settlement for shown in positions if shown.settlement]
    proof = outcome.health.proof
    return {
        "label": LABEL,
        "prices": outcome.prices,
        "members": len(outcome.shares),
        "webhook": dict(sorted(Counter(one.answer for one in outcome.posted).items())),
        "signals": [
            {
                "id": str(signal.id),
                "kind": signal.kind,
                "symbol": signal.symbol,
                "status": signal.status,
                "reason": signal.reason,
                "ordered": outcome.ordered.get(signal.id, 0),
                "refused": dict(sorted(outcome.refused.get(signal.id, {}).items())),
            }
            for signal in outcome.signals
        ],
        "positions": {
            "opened": len(positions),
            "closed": sum(shown.trade.position.state.final for shown in positions),
            "unprotected": outcome.health.unprotected,
        },
        "close_reasons": dict(sorted(Counter(str(reason) for reason in _close_reasons(positions)).items())),
        "settlements": {
            "count": sum(one.state is SettlementState.SETTLED for one in settlements),
            "commission": _sums(one.commission for one in settlements),
            "affiliate": _sums(one.affiliate for one in settlements),
            "debt": _sums(one.debt for one in settlements),
        },
        "ledger": {
            "journals": proof.journals,
            "entries": proof.entries,
            "unbalanced": len(proof.unbalanced),
            "mismatched_balances": len(proof.mismatched_balances) + len(proof.negative_balances),
            "lots_and_debts": len(proof.lot_faults) + len(proof.debt_faults),
            "hash_chain": proof.chain_fault or "ok",
        },
        "latency_ms": {
            **_percentiles("webhook", [one.webhook_ms for one in outcome.posted]),
            **_percentiles("to_last_order", [one.to_last_order_ms for one in outcome.posted if one.to_last_order_ms]),
        },
        "people": [_person(share) for share in outcome.shares],
    }


def _person(share: Share) -> Mapping[str, object]:
    held = [shown for shown in share.positions if shown.trade.position.bought]
    part = share.enrolled.part
    return {
        "name": part.name,
        "plan": part.plan,
        "exchange": f"{part.venue} ({LABEL})",
        "environment": part.environment,
        "flaw": part.flaw,
        "trades": len(held),
        "won": sum(net(shown.trade.position) > 0 for shown in held if shown.trade.position.state.final),
        "net_usdt": text(sum((net(shown.trade.position) for shown in held), start=Decimal(0))),
        "fees_usdt": text(sum((shown.trade.position.fees for shown in held), start=Decimal(0))),
        "commission": _sums(shown.settlement.commission for shown in held if shown.settlement),
        "affiliate_share": share.balances["commission"],
        "debt": share.balances["debt"],
        "balance": share.balances["real"],
        "credit": share.balances["admin"],
        "refused": dict(share.refused),
    }


def _sums(amounts: Iterable[Money | None]) -> Mapping[str, str]:
    known = [amount for amount in amounts if amount is not None]
    return {
        currency.code: total((one for one in known if one.currency == currency), currency).text
        for currency in LEDGER_CURRENCIES
    }


def _close_reasons(positions: Iterable[PositionShown]) -> Iterable[str]:
    for shown in positions:
        if shown.trade.position.state.final:
            yield str(shown.trade.position.close_reason or shown.trade.position.state)


def _percentiles(name: str, values: Sequence[int]) -> Mapping[str, int | None]:
    ranked = sorted(values)
    return {f"{name}_p{part}": ranked[ceil(len(ranked) * part / 100) - 1] if ranked else None for part in (50, 95)}


def _named(signal: Signal, refused: Mapping[str, int]) -> Mapping[str, int]:
    """A market that allows nothing at all is named by its own code: that says more than the direction (MKT-10)."""
    reading = signal.reading
    if reading is None or reading.direction is not Direction.NONE:
        return refused
    named = {
        reading.code.value if reason == Reason.DIRECTION_NOT_ALLOWED else reason: count for reason, count in refused.items()
    }
    return dict(sorted(named.items()))


async def _signals(stage: Stage) -> Sequence[Signal]:
    found: list[Signal] = []
    cursor: str | None = None
    async with stage.live.platform.store()() as work:
        while True:
            page = await work.signals.page(cursor, PAGE, None, None)
            found += page.items
            if (cursor := page.next_cursor) is None:
                return found[::-1]


async def _share(stage: Stage, enrolled: Enrolled, signals: Mapping[SignalId, Signal]) -> Share:
    async with stage.live.platform.store()() as work:
        decisions = await work.signals.decisions(enrolled.member.id, list(signals))
    shown = await stage.live.platform.show_money().balances(enrolled.member)
    return Share(
        enrolled=enrolled,
        positions=await _positions(stage, enrolled),
        refused=dict(sorted(Counter(name for one in decisions for name in _headline(one, signals[one.signal])).items())),
        balances={
            "real": _words(shown.real),
            "admin": _words(shown.admin),
            "commission": _words(shown.commission),
            "debt": _words(shown.debt),
        },
    )


def _headline(decision: MemberDecision, signal: Signal) -> Iterable[str]:
    if decision.outcome == "ordered":
        return ()
    reason = decision.reasons[0]
    if reason is Reason.MODE_NOT_AVAILABLE and decision.failing_gates:
        return (f"{reason}: {', '.join(decision.failing_gates)}",)
    return tuple(_named(signal, {reason: 1}))


async def _positions(stage: Stage, enrolled: Enrolled) -> Sequence[PositionShown]:
    show, found = stage.live.platform.show_trading(), list[PositionShown]()
    cursor: str | None = None
    while True:
        page = await show.positions(enrolled.member.id, cursor, PAGE, None, final=None)
        found += page.items
        if (cursor := page.next_cursor) is None:
            return found


def _words(amounts: Iterable[Money]) -> str:
    return " + ".join(str(amount) for amount in amounts if amount) or "0"
