"""How a closed position was settled, as it is kept."""

from datetime import datetime
from decimal import Decimal

import attrs

from cbc_domain.commissions.model import SettlementReason, SettlementState
from cbc_domain.kernel.ids import JournalId, PositionId
from cbc_domain.kernel.money import Money
from cbc_domain.kernel.rates import FxRate


@attrs.frozen
class Settlement:
    """How a position was settled (COM-10, COM-11); money None where nothing was charged, `rate` where none was needed.

    `profit` in USDT is what was charged on, None until it is known; `computed` when the venue had no record of it (COM-05).
    A REVERSED one still says what had been charged (COM-14).
    """

    position: PositionId
    state: SettlementState
    reason: SettlementReason | None
    at: datetime
    commission: Money | None = None
    affiliate: Money | None = None
    company: Money | None = None
    debt: Money | None = None
    rate: FxRate | None = None
    journal: JournalId | None = None
    profit: Decimal | None = None
    computed: bool = False

    @property
    def paid(self) -> Money | None:
        """The commission that stands: None where nothing was charged and once it was taken back."""
        return None if self.state is SettlementState.REVERSED else self.commission
