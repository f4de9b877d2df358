"""All that is stored of one member's part of a signal, from which his receipt is told."""

from datetime import datetime

import attrs

from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import Money
from cbc_domain.kernel.venues import Environment
from cbc_domain.ledger.model import AccountKind
from cbc_domain.risk.model import LiveGate, Reason
from cbc_domain.trading.model import Order, Position, Setback, Task
from cbc_domain.trading.settlement import Settlement


@attrs.frozen
class Verdict:
    """What was decided for a member about an open signal; no reasons means that it was to be traded (ELG-04)."""

    at: datetime
    environment: Environment
    reasons: tuple[Reason, ...] = ()
    failing_gates: tuple[LiveGate, ...] = ()


@attrs.frozen
class Source:
    """What one of a member's accounts gave to a commission, or the debt that it became (BAL-10)."""

    account: AccountKind
    amount: Money


@attrs.frozen
class Facts:
    """A member's part of a signal: `verdict` None while it is not decided and for closes, `position` None without a trade.

    Orders and tasks are oldest first; `sources` are of the journal that the settlement names.
    """

    member: MemberId
    verdict: Verdict | None = None
    position: Position | None = None
    orders: tuple[Order, ...] = ()
    tasks: tuple[Task, ...] = ()
    setbacks: tuple[Setback, ...] = ()
    settlement: Settlement | None = None
    sources: tuple[Source, ...] = ()
