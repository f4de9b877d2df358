"""Take in an alert: authenticate, understand, de-duplicate, store; answer only after a durable write (SIG-01, SIG-46)."""

from datetime import datetime
from functools import partial
from typing import Final

import attrs

from cbc_domain.application.trading.limit_alerts import LimitAlerts
from cbc_domain.application.trading.recognise_sender import RecogniseSender
from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, SignalId
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.model import Reason
from cbc_domain.signals import rules
from cbc_domain.signals.closing import sides_of
from cbc_domain.signals.model import ParsedAlert, Scope, Signal, SignalStatus, Strategy, StrategyState
from cbc_domain.signals.parse import parse_alert, read_body, readable_body, take_secret
from cbc_domain.signals.rules import Window
from cbc_domain.signals.webhook import secret_hash


@attrs.frozen
class Receipt:
    """What the sender is told: `status` is accepted, expired or rejected; a repeat names the first signal (SIG-46)."""

    signal: SignalId
    status: str
    duplicate: bool


@attrs.frozen
class SignalIntake:
    """Stores an alert that was authenticated and understood, once for each dedupe key (SIG-30), with its job."""

    store: Store
    identities: Identities

    async def __call__(self, strategy: Strategy, alert: ParsedAlert, fields: dict[str, object], now: datetime) -> Receipt:
        signal = self._signal(strategy, alert, fields, now)
        return await self.store.run(partial(self._store, strategy, alert, signal))

    def _signal(self, strategy: Strategy, alert: ParsedAlert, fields: dict[str, object], now: datetime) -> Signal:
        status, reason = _first_status(strategy, alert, now)
        return Signal(
            id=SignalId(self.identities.new()),
            strategy=strategy.id,
            kind=alert.kind,
            side=alert.side,
            scope=alert.scope,
            symbol=alert.symbol,
            price=alert.price,
            fired_at=rules.fired_at(alert, strategy, now),
            received_at=now,
            dedupe_key=rules.dedupe_key(strategy.slug, alert, now),
            indicators=alert.indicators,
            warnings=alert.warnings,
            raw=readable_body(fields),
            status=status,
            reason=reason,
            advised=alert.advised,
        )

    async def _store(self, strategy: Strategy, alert: ParsedAlert, signal: Signal, work: UnitOfWork) -> Receipt:
        first = await self._earlier(work, strategy, alert, signal)
        if first is not None:
            await work.outbox.add([self._event(first.signal, EventName.SIGNAL_DUPLICATE, signal)])
            return first
        if signal.status is SignalStatus.PENDING:
            await work.jobs.enqueue("plan_orders", {"signal": str(signal.id)})
        accepted = signal.status is SignalStatus.PENDING
        outcome = EventName.SIGNAL_ACCEPTED if accepted else EventName.SIGNAL_REJECTED
        await work.outbox.add([self._event(signal.id, name, signal) for name in (EventName.SIGNAL_RECEIVED, outcome)])
        return Receipt(signal.id, _ANSWERS[signal.status], duplicate=False)

    async def _earlier(self, work: UnitOfWork, strategy: Strategy, alert: ParsedAlert, signal: Signal) -> Receipt | None:
        """Store the signal, or answer with the one it repeats (SIG-30)."""
        if signal.status is SignalStatus.PENDING and alert.kind.opens and alert.symbol and alert.side:
            running = await work.signals.running_open(strategy.id, alert.symbol, alert.side)
            if running is not None:
                return Receipt(running, "accepted", duplicate=True)
        first = await work.signals.add(signal)
        if first is None or not alert.kind.closes:
            return _repeats(first)
        reopened = await work.trades.opened_since(
            strategy.id, alert.symbol if alert.scope is Scope.SYMBOL else None, sides_of(alert.kind), first.received_at
        )
        if reopened is None:
            return _repeats(first)
        again = attrs.evolve(signal, dedupe_key=secret_hash(f"{signal.dedupe_key}|{reopened}"))
        return _repeats(await work.signals.add(again))

    def _event(self, subject: SignalId, name: EventName, signal: Signal) -> Event:
        return Event(
            id=EventId(self.identities.new()),
            name=name,
            subject=subject,
            occurred_at=signal.received_at,
            data={"kind": signal.kind, "symbol": signal.symbol or "*", "reason": signal.reason or ""},
        )


@attrs.frozen
class ReceiveSignal:
    """Raises Denied `webhook_auth_failed`, Invalid with a signal code, TooMany. Never leaves half a row."""

    store: Store
    clock: Clock
    recognise: RecogniseSender
    limit: LimitAlerts
    intake: SignalIntake

    async def __call__(
        self, body: bytes, secret: str | None, signature: str | None = None, address: str | None = None
    ) -> Receipt:
        """Take a raw body; `secret` from the path or the bearer header, None to look for it in the body (SIG-40).

        `address` is the sender's IP address (SIG-44).
        """
        now = self.clock.now()
        sender = await self.recognise(body, secret, signature, now, address)
        try:
            fields, alert = await self._understood(sender.strategy, body, now)
        except Invalid as fault:
            await self.limit(sender, None, now)
            await self._refuse(sender.strategy, body, fault, now)
            raise
        await self.limit(sender, alert, now)
        return await self.intake(sender.strategy, alert, fields, now)

    async def _understood(self, strategy: Strategy, body: bytes, now: datetime) -> tuple[dict[str, object], ParsedAlert]:
        _, fields = take_secret(read_body(body))
        try:
            alert = parse_alert(fields, trusted=strategy.trusted)
        except Invalid as fault:
            if fault.code != "signal_kind_missing" or not await self._infers():
                raise
            alert = parse_alert(fields, trusted=strategy.trusted, infer=True)
        if rules.window(alert, strategy, now) is Window.FROM_FUTURE:
            raise Invalid("signal_from_future", "expected an alert at most 5 s ahead of our clock")
        return fields, alert

    async def _infers(self) -> bool:
        # Asked only for an alert without words, so that the usual one costs no statement more (SIG-14).
        async with self.store() as work:
            return (await work.configuration.switches()).infer_kind_from_indicators

    async def _refuse(self, strategy: Strategy, body: bytes, fault: Invalid, now: datetime) -> None:
        async with self.store() as work:
            await work.signals.add_refused(strategy.id, now, fault.code, readable_body(body))
            await work.commit()


def _repeats(first: Signal | None) -> Receipt | None:
    return Receipt(first.id, _ANSWERS.get(first.status, "accepted"), duplicate=True) if first is not None else None


_ANSWERS: Final = {SignalStatus.PENDING: "accepted", SignalStatus.EXPIRED: "expired", SignalStatus.REJECTED: "rejected"}


def _first_status(strategy: Strategy, alert: ParsedAlert, now: datetime) -> tuple[SignalStatus, str | None]:
    expires_at = alert.advised.expires_at if alert.kind.opens else None
    if rules.window(alert, strategy, now) is Window.EXPIRED or (expires_at is not None and now >= expires_at):
        return SignalStatus.EXPIRED, Reason.SIGNAL_TOO_OLD
    if not alert.kind.closes and strategy.state is StrategyState.PAUSED:
        return SignalStatus.REJECTED, Reason.STRATEGY_PAUSED
    if alert.kind.opens and strategy.allowed_symbols and alert.symbol not in strategy.allowed_symbols:
        return SignalStatus.REJECTED, Reason.SYMBOL_NOT_TRADABLE
    return SignalStatus.PENDING, None
