"""The wire shapes of receipts: what happened to a member's part of a signal, step by step."""

from collections.abc import Sequence

import msgspec

from cbc_domain.application.trading.show_receipts import Count, SignalReceipts
from cbc_domain.kernel.money import Money
from cbc_domain.trading.facts import Source
from cbc_domain.trading.receipt import Receipt, Waiting
from cbc_domain.trading.steps import Step
from cbc_domain.trading.telling import Told, step_facts, step_name
from cbc_entrypoints.http.shapes import MoneyShape, moment, money


class SourceShape(msgspec.Struct):
    """An account of the member's that paid, or `member_debt` for what it could not pay (BAL-10)."""

    account: str
    amount: MoneyShape


FactShape = str | int | MoneyShape | list[str | SourceShape]


class StepShape(msgspec.Struct):
    """`facts` are the ids and figures that explain the step; what is unknown is left out."""

    at: str
    step: str
    facts: dict[str, FactShape]


class WaitingShape(msgspec.Struct):
    """What an unfinished story waits for, as a code and in words; `again_at` is when it is tried again at the latest."""

    awaited: str
    text: str
    since: str
    again_at: str | None


class ReceiptShape(msgspec.Struct):
    """`steps` oldest first; `waits_for` null once nothing more is due; `reasons` are those of a refusal."""

    signal_id: str
    member_id: str
    position_id: str | None
    outcome: str
    reasons: list[str]
    steps: list[StepShape]
    waits_for: WaitingShape | None


class Receipts(msgspec.Struct):
    items: list[ReceiptShape]
    next_cursor: str | None


class CountShape(msgspec.Struct):
    """How many parts came to the same; `reason` is the first reason of a refusal."""

    outcome: str
    reason: str | None
    members: int


class SignalReceiptsShape(msgspec.Struct):
    """`counts` are of all parts of the signal, not of this page."""

    counts: list[CountShape]
    items: list[ReceiptShape]
    next_cursor: str | None


def receipt_shape(told: Receipt) -> ReceiptShape:
    return ReceiptShape(
        signal_id=str(told.signal),
        member_id=str(told.member),
        position_id=str(told.position) if told.position else None,
        outcome=told.outcome,
        reasons=list(told.reasons),
        steps=[_step_shape(step) for step in told.steps],
        waits_for=_waiting_shape(told.waits) if told.waits else None,
    )


def receipts_shape(told: Sequence[Receipt]) -> Receipts:
    return Receipts([receipt_shape(one) for one in told], None)


def signal_receipts_shape(told: SignalReceipts) -> SignalReceiptsShape:
    return SignalReceiptsShape(
        counts=[count_shape(one) for one in told.counts],
        items=[receipt_shape(one) for one in told.page.items],
        next_cursor=told.page.next_cursor,
    )


def count_shape(count: Count) -> CountShape:
    return CountShape(count.outcome, count.reason, count.parts)


def _step_shape(step: Step) -> StepShape:
    facts = {name: _fact_shape(value) for name, value in step_facts(step)}
    return StepShape(moment(step.at) or "", step_name(step), facts)


def _fact_shape(value: Told) -> FactShape:
    match value:
        case Money():
            return money(value)
        case tuple():
            return [SourceShape(one.account, money(one.amount)) if isinstance(one, Source) else one for one in value]
        case _:
            return value


def _waiting_shape(waits: Waiting) -> WaitingShape:
    return WaitingShape(waits.awaited.name.lower(), waits.awaited, moment(waits.since) or "", moment(waits.again_at))
