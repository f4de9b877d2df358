"""The first thing a task does at the exchange: get in, get out, or look (ORD-02 to ORD-11)."""

import attrs

from cbc_domain.application.trading.absorb import News
from cbc_domain.application.trading.enter_position import EnterPosition, Halts
from cbc_domain.application.trading.leave_position import LeavePosition
from cbc_domain.application.trading.look_at_position import LookAtPosition
from cbc_domain.application.trading.standing import being_sold
from cbc_domain.ports.persistence.work import Claim
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import TaskAction


@attrs.frozen
class FirstCalls:
    """Every answer is News about the claimed position; nothing is written here."""

    enter: EnterPosition
    leave: LeavePosition
    look: LookAtPosition

    async def __call__(self, claim: Claim, account: ExchangeAccount, halts: Halts) -> News:
        match claim.task.action:
            case TaskAction.OPEN:
                return await self.enter(claim, account, halts)
            case TaskAction.CLOSE:
                return await self.leave(claim, account)
            case TaskAction.PROTECT:
                if being_sold(claim.trade):
                    return News(claim.task.position)
                return await self.look(claim.trade, account)
