"""A signal by hand: staff name strategy, kind and symbol with a reason, and the same rules apply (SIG-01, DEC-07)."""

from typing import Final

import attrs

from cbc_domain.application.trading.receive_signal import Receipt, SignalIntake
from cbc_domain.identity.model import Member
from cbc_domain.kernel.errors import Invalid, NotFound
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.system import Clock
from cbc_domain.signals.kinds import EXACT_TEXTS
from cbc_domain.signals.model import Strategy
from cbc_domain.signals.parse import parse_alert

SHORTEST_REASON: Final = 10
"""Characters (ROL-07)."""

TEXT_OF_KIND: Final = {kind.value: text for text, kind in reversed(EXACT_TEXTS.items())}
"""The first text of SIG-10 for each kind by its wire name."""


@attrs.frozen
class InjectSignal:
    """Raises Invalid with a signal code or `reason_required`, NotFound for an unknown strategy slug."""

    store: Store
    clock: Clock
    intake: SignalIntake

    async def __call__(
        self, actor: Member, strategy_slug: str | None, kind: str, symbol: str, price: str | None, reason: str
    ) -> Receipt:
        """`strategy_slug` None means the only strategy there is; `kind` is a wire name or a text of SIG-10."""
        if len(reason.strip()) < SHORTEST_REASON:
            raise Invalid("reason_required", f"expected a reason of at least {SHORTEST_REASON} characters")
        strategy = await self._strategy(strategy_slug)
        fields: dict[str, object] = {
            "signal": TEXT_OF_KIND.get(kind, kind),
            "symbol": symbol,
            "reason": reason.strip(),
            "actor": str(actor.id),
        }
        alert = parse_alert(fields | ({"price": price} if price is not None else {}))
        return await self.intake(strategy, alert, fields, self.clock.now())

    async def _strategy(self, slug: str | None) -> Strategy:
        async with self.store() as work:
            strategies = await work.signals.strategies()
        known = [strategy for strategy in strategies if slug in (None, strategy.slug)]
        if len(known) != 1:
            raise NotFound("not_found", "expected the slug of one strategy")
        return known[0]
