"""What signals meant for members, in memory."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

import attrs

from cbc_adapters.persistence.memory.table import Changes, Index, Table
from cbc_adapters.persistence.memory.trade_tables import TradeTables
from cbc_domain.kernel.ids import MemberId, PositionId, SignalId
from cbc_domain.ports.persistence.views import MemberDecision, SignalTally
from cbc_domain.trading.facts import Verdict as DatedVerdict
from cbc_domain.trading.model import Ordered, Skipped


@attrs.frozen
class Verdict:
    """A member's decision and the position it made, None when he was skipped; its orders are read from the position."""

    decision: MemberDecision
    at: datetime
    position: PositionId | None = None


class MemoryVerdicts:
    def __init__(self, changes: Changes, trades: TradeTables) -> None:
        self._trades = trades
        self._of_signal = Index[Verdict, SignalId, MemberId](lambda row: row.decision.signal, lambda row: row.decision.member)
        self._verdicts = Table[tuple[SignalId, MemberId], Verdict](changes, self._of_signal)

    def decided(self, signal: SignalId, member: MemberId) -> bool:
        return (signal, member) in self._verdicts

    def verdict(self, signal: SignalId, member: MemberId) -> tuple[DatedVerdict, PositionId | None]:
        """What was decided for a member and when, with the position that it made."""
        found = self._verdicts[signal, member]
        decision = found.decision
        dated = DatedVerdict(found.at, decision.environment, decision.reasons, decision.failing_gates)
        return dated, found.position

    def members_of(self, signal: SignalId, before: MemberId | None) -> Iterator[MemberId]:
        """Who has a decision on a signal, newest first."""
        return self._of_signal.before(signal, before)

    def order(self, part: Ordered, now: datetime) -> None:
        place = part.position
        decision = MemberDecision(place.signal, place.member, place.environment, "ordered", (), part.failing_gates, ())
        self._verdicts.put((place.signal, place.member), Verdict(decision, now, place.id))

    def skip(self, part: Skipped, now: datetime) -> None:
        decision = MemberDecision(part.signal, part.member, part.environment, "skipped", part.reasons, part.failing_gates, ())
        self._verdicts.put((part.signal, part.member), Verdict(decision, now))

    def of_member(self, member: MemberId, signals: Sequence[SignalId]) -> Sequence[MemberDecision]:
        """A member's decisions in the order of the signals asked for; signals without one are left out."""
        found = (self._verdicts.get((signal, member)) for signal in signals)
        return [self._shown(verdict) for verdict in found if verdict is not None]

    def tallies(self, signals: Sequence[SignalId]) -> Sequence[SignalTally]:
        """One tally for each signal asked for, in that order."""
        return [self._tally(signal) for signal in signals]

    def _shown(self, verdict: Verdict) -> MemberDecision:
        if verdict.position is None:
            return verdict.decision
        orders = self._trades.trade(verdict.position).orders
        return attrs.evolve(verdict.decision, orders=tuple(order.id for order in orders))

    def _tally(self, signal: SignalId) -> SignalTally:
        decisions = [self._verdicts[signal, member].decision for member in self._of_signal.all(signal)]
        refused = Counter(decision.reasons[0].value for decision in decisions if decision.outcome == "skipped")
        return SignalTally(signal, len(decisions) - refused.total(), dict(refused))
