"""Judge the gates of live trading for one member as they stand now, without planning anything (ELG-02)."""

from datetime import datetime

import attrs

from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.persistence.unit_of_work import UnitOfWork
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.model import LiveGate
from cbc_domain.trading.part import gates_of


@attrs.frozen
class Judged:
    """`failing` in the order of ELG-02; `environment` is live when none fails."""

    failing: tuple[LiveGate, ...]
    environment: Environment


async def judge_gates(work: UnitOfWork, member: MemberId, now: datetime, *, process_allows_live: bool) -> Judged:
    (candidate,) = await work.planning.candidates([member], None, now, lock=False)
    switches = await work.configuration.switches()
    failing = gates_of(candidate, switches, SystemLimits(), process_allows_live=process_allows_live)
    rehearsal = Environment.PAPER if candidate.settings.trading_mode is Environment.PAPER else Environment.TESTNET
    return Judged(failing, rehearsal if failing else Environment.LIVE)
