"""The wire shapes of signals and of the market they were judged by."""

from collections.abc import Sequence

import msgspec

from cbc_domain.application.trading.show_trading import SignalShown
from cbc_domain.market.model import MarketReading, Pulse
from cbc_domain.trading.receipt import Receipt
from cbc_entrypoints.http.receipt_shapes import ReceiptShape, receipt_shape
from cbc_entrypoints.http.shapes import maybe_text, moment, text


class PulseShape(msgspec.Struct):
    """Percent of rising coins and volume-weighted change in percent, of so many valid rows (MKT-03)."""

    pm_plus: str
    vwdelta: str
    valid_rows: int
    as_of: str


class ReadingShape(msgspec.Struct):
    """The market as it was judged; null is unknown, never a substitute (GEN-12)."""

    fear_greed: int | None
    pulse: PulseShape | None
    dominance: str | None
    dominance_state: str
    allowed_directions: str
    code: str
    confidence: str
    divergence: bool
    as_of: str
    simulated: bool
    sources: list[str]


class MyDecision(msgspec.Struct):
    outcome: str
    environment: str
    reasons: list[str]
    failing_gates: list[str]
    order_ids: list[str]


class SignalShape(msgspec.Struct):
    """`decision` is mine; null while the signal is undecided or was only recorded. `ai_verdict` is null without AI."""

    id: str
    strategy_id: str
    kind: str
    symbol: str | None
    price: str | None
    status: str
    reason: str | None
    fired_at: str
    received_at: str
    decided_at: str | None
    market: ReadingShape | None
    ai_verdict: str | None
    decision: MyDecision | None


class SignalDetail(SignalShape):
    """`receipts` tell the whole story of my part: one, or one for each position of mine that a close reached."""

    receipts: list[ReceiptShape]


class Signals(msgspec.Struct):
    items: list[SignalShape]
    next_cursor: str | None


def reading_shape(reading: MarketReading) -> ReadingShape:
    seen = reading.observation
    return ReadingShape(
        fear_greed=seen.fear_greed.value if seen.fear_greed else None,
        pulse=_pulse_shape(seen.pulse) if seen.pulse else None,
        dominance=maybe_text(seen.btc_dominance),
        dominance_state=reading.dominance,
        allowed_directions=reading.direction,
        code=reading.code,
        confidence=f"{reading.confidence:f}",
        divergence=reading.divergence,
        as_of=moment(seen.at) or "",
        simulated=seen.simulated,
        sources=list(seen.sources),
    )


def _pulse_shape(pulse: Pulse) -> PulseShape:
    return PulseShape(text(pulse.pm_plus), text(pulse.vwdelta), pulse.valid_rows, moment(pulse.taken_at) or "")


def signal_shape(shown: SignalShown) -> SignalShape:
    signal, mine = shown.signal, shown.mine
    return SignalShape(
        id=str(signal.id),
        strategy_id=str(signal.strategy),
        kind=signal.kind,
        symbol=signal.symbol,
        price=maybe_text(signal.price),
        status=signal.status,
        reason=signal.reason,
        fired_at=moment(signal.fired_at) or "",
        received_at=moment(signal.received_at) or "",
        decided_at=moment(signal.decided_at),
        market=reading_shape(signal.reading) if signal.reading else None,
        ai_verdict=None,
        decision=MyDecision(
            outcome=mine.outcome,
            environment=mine.environment,
            reasons=[reason.value for reason in mine.reasons],
            failing_gates=[gate.value for gate in mine.failing_gates],
            order_ids=[str(order) for order in mine.orders],
        )
        if mine
        else None,
    )


def signal_detail(shown: SignalShown, receipts: Sequence[Receipt]) -> SignalDetail:
    return SignalDetail(**msgspec.structs.asdict(signal_shape(shown)), receipts=[receipt_shape(one) for one in receipts])
