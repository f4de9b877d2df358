"""Get out: end the entry, hear of an exit that was sent before, sell what is ours and still there (ORD-04, ORD-11)."""

from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.application.trading.absorb import Held, News, absorb
from cbc_domain.application.trading.cover import unguarded
from cbc_domain.application.trading.desk import Desk, Heard
from cbc_domain.application.trading.look_at_position import LookAtPosition
from cbc_domain.application.trading.standing import AT_VENUE, IN_DOUBT, newest, stray
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.work import Claim
from cbc_domain.ports.system import Clock, Together
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import CloseReason, Leg, OrderState
from cbc_domain.trading.orders import Expired, PutOff
from cbc_domain.trading.protection import still_to_come

NOTHING_THERE: Final = Held(Decimal(0))


@attrs.frozen
class LeavePosition:
    """The answer is News about the claimed position; nothing is written here."""

    desk: Desk
    look: LookAtPosition
    clock: Clock
    together: Together

    async def __call__(self, claim: Claim, account: ExchangeAccount) -> News:
        """What no stop covers is sold while its entry is being ended, and not afterwards (POS-11)."""
        reason = CloseReason(claim.task.reason) if claim.task.reason else CloseReason.SIGNAL
        silent = News(claim.trade.position.id, closing=reason)
        if unguarded(claim.trade):
            news = await self._at_once(claim, account, silent)
        else:
            news = await self._in_turn(claim, account, silent)
        return self._without_needless_exit(claim.trade, news)

    async def _in_turn(self, claim: Claim, account: ExchangeAccount, silent: News) -> News:
        match await self.together([self.look.end_entry(claim.trade, account), self._exit_so_far(claim, account)]):
            case [Heard() as ended, Heard() as left]:
                news = attrs.evolve(silent, facts=ended.facts + left.facts, denied=ended.denied or left.denied)
                return await self._sold(claim, account, news, left, None)
            case answers:
                raise next(answer for answer in answers if isinstance(answer, Exception))

    async def _at_once(self, claim: Claim, account: ExchangeAccount, silent: News) -> News:
        async def sell() -> News:
            left, held = await self._so_far(claim, account)
            return await self._sold(claim, account, attrs.evolve(silent, facts=left.facts, denied=left.denied), left, held)

        match await self.together([self.look.end_entry(claim.trade, account), sell()]):
            case [Heard() as ended, News() as sold]:
                return attrs.evolve(sold, facts=ended.facts + sold.facts, denied=ended.denied or sold.denied)
            case answers:
                raise next(answer for answer in answers if isinstance(answer, Exception))

    async def _sold(self, claim: Claim, account: ExchangeAccount, news: News, left: Heard, held: Decimal | None) -> News:
        trade = absorb(claim.trade, news, self.clock.now())
        if left.passing is not None or claim.lease_is_over(self.clock.now()):
            return news
        told = await self._reduce(account, trade, held)
        return attrs.evolve(news, facts=news.facts + told.facts, held=told.held)

    async def _so_far(self, claim: Claim, account: ExchangeAccount) -> tuple[Heard, Decimal]:
        """Hear of an exit that was sent before, and ask what there is to sell, at once.

        Where the venue does not tell in a moment, that is what we know of: it goes reduce-only, and nothing waits for another
        answer (POS-11). Once an exit was refused its answer is waited for: there may be nothing left.
        """
        trade = claim.trade
        asked = self.look.held(account, trade.position, hurried=not _was_refused(trade))
        match await self.together([self._exit_so_far(claim, account), asked]):
            case [Heard() as left, Decimal() | None as held]:
                return left, _may_be_held(trade) if held is None else held
            case answers:
                raise next(answer for answer in answers if isinstance(answer, Exception))

    async def _exit_so_far(self, claim: Claim, account: ExchangeAccount) -> Heard:
        """Hear of an exit that was sent before; one that was not answered for may not be sent again (ORD-04)."""
        leave = newest(claim.trade.orders, Leg.EXIT)
        if leave is None or leave.state.final or (leave.state is OrderState.SUBMITTED and claim.task.attempts == 1):
            return Heard()
        if leave.state in AT_VENUE:
            return await self.desk.follow(account, leave)
        return await self.desk.find(account, leave)

    async def _reduce(self, account: ExchangeAccount, trade: Trade, held: Decimal | None) -> News:
        """Sell what is ours and still there (`held`, if it was asked for); when nothing is, hear what took it (ORD-11)."""
        silent, open_ = News(trade.position.id), _may_be_held(trade)
        leave = newest(trade.orders, Leg.EXIT)
        if open_ <= 0 or leave is None or leave.state not in IN_DOUBT:
            return silent
        if held is None and (held := await self.look.held(account, trade.position)) is None:
            return silent
        if not held:
            told = await self.look(trade, account)
            return attrs.evolve(told, held=told.held or NOTHING_THERE) if stray(trade) else told
        # Never more than its row says: what sold more would count as filled before it is, and the rest be nobody's.
        sized = attrs.evolve(leave, quantity=min(open_, held, leave.quantity))
        heard = await self.desk.send(account, sized, (), trade.position.size.leverage, again=False)
        return attrs.evolve(silent, facts=heard.facts)

    def _without_needless_exit(self, trade: Trade, news: News) -> News:
        """An exit that is not needed any more lapses, unless the venue knows it."""
        after = absorb(trade, news, self.clock.now())
        leave = newest(after.orders, Leg.EXIT)
        over = after.position.state.final and (not stray(after) or (news.held is not None and not news.held.quantity))
        if leave is None or leave.state.final or not over:
            return news
        known = any(name == leave.client_id and not isinstance(fact, PutOff) for name, fact in news.facts)
        lapsed = () if known else ((leave.client_id, Expired(self.clock.now())),)
        return attrs.evolve(news, facts=news.facts + lapsed)


def _may_be_held(trade: Trade) -> Decimal:
    """What is open, with what an entry that is not over may have bought beyond it; or what strayed."""
    open_ = trade.position.quantity
    return open_ + (still_to_come(trade.orders) or 0) if open_ > 0 else stray(trade)


def _was_refused(trade: Trade) -> bool:
    return any(order.leg is Leg.EXIT and order.state is OrderState.REJECTED for order in trade.orders)
