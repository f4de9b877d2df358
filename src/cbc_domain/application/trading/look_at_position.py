"""Look: ask for every order of ours that may stand at the venue, and for what it holds of the position (ORD-04, POS-11)."""

from decimal import Decimal

import attrs

from cbc_domain.application.trading.absorb import Held, News
from cbc_domain.application.trading.desk import Desk, Heard
from cbc_domain.application.trading.standing import entered, newest, still_buying, stray
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.system import Clock
from cbc_domain.ports.venue_faults import OutcomeUnknown, VenueRefused
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import PROTECTION, Leg, Order, OrderState, Position
from cbc_domain.trading.orders import Expired


@attrs.frozen
class LookAtPosition:
    """The answer is News about the position; nothing is written here."""

    desk: Desk
    exchange: Exchange
    clock: Clock

    async def __call__(self, trade: Trade, account: ExchangeAccount) -> News:
        """Ask for every order that may stand at the venue, and for what is left of a position that was entered."""
        position = trade.position
        ended = await self.end_entry(trade, account) if still_buying(trade) else Heard()
        asks = position.quantity > 0 and entered(trade)
        held = await self.held(account, position) if asks else None
        gone = held is not None and held < position.quantity
        asked = [order for order in trade.orders if _may_stand(order, trade) or (gone and _may_have_left(order))]
        heard = ended + await self.desk.find_all(account, asked)
        if held is None or heard.passing is not None:
            return News(position.id, heard.facts, denied=heard.denied, unanswered=heard.passing is not None)
        try:
            since = position.opened_at or position.created_at
            ending = await self.exchange.ending(account, position.symbol, position.side, since) if gone else None
        except (VenueRefused, OutcomeUnknown):
            return News(position.id, heard.facts)
        return News(position.id, heard.facts, held=Held(held, ending))

    async def held(self, account: ExchangeAccount, position: Position, *, hurried: bool = False) -> Decimal | None:
        """What the venue has of our side of a symbol, in its unit; None when it did not answer: `hurried`, within a moment."""
        try:
            holding = await self.exchange.holding(account, position.symbol, position.side, hurried=hurried)
        except (VenueRefused, OutcomeUnknown):
            return None
        return holding.quantity if holding is not None else Decimal(0)

    async def end_entry(self, trade: Trade, account: ExchangeAccount) -> Heard:
        """Cancel what an entry may still buy (ORD-11); what protects a stray one stays until that is sold."""
        entry = newest(trade.orders, Leg.ENTRY)
        if entry is None or (entry.state.final and not stray(trade)):
            return Heard()
        if entry.state is OrderState.CREATED:
            return Heard(((entry.client_id, Expired(self.clock.now())),))
        return await self.desk.cancel(account, entry)


def _may_have_left(order: Order) -> bool:
    """What travelled with an entry, or whoever died sent without a word, may have sold what is missing."""
    return order.reduces and order.state is OrderState.CREATED


def _may_stand(order: Order, trade: Trade) -> bool:
    if trade.position.state.final and not order.reduces and order.sent_at is not None and not order.filled:
        # An entry that was given up in doubt may have arrived after all.
        return order.state is OrderState.EXPIRED
    if order.leg in PROTECTION and stray(trade):
        return not order.filled
    return not order.state.final and order.state is not OrderState.CREATED
