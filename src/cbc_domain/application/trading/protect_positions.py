"""Give a position the stop and the target it should have, at the exchange and confirmed (ORD-09, ORD-10)."""

from collections.abc import Collection, Iterable, Mapping

import attrs

from cbc_domain.application.trading.absorb import News
from cbc_domain.application.trading.desk import Desk, Heard
from cbc_domain.application.trading.standing import IN_DOUBT, entered, immovable, in_doubt, newest, standing
from cbc_domain.kernel.ids import OrderId
from cbc_domain.kernel.venues import Environment, Symbol, Venue
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import UnitOfWork
from cbc_domain.ports.system import Clock, Identities, Together
from cbc_domain.ports.venue_faults import OutcomeUnknown, VenueRefused
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import PROTECTION, Leg, Order
from cbc_domain.trading.orders import Acknowledged, Expired
from cbc_domain.trading.protection import repairs, trigger_order
from cbc_domain.trading.sizes import Instrument

Listed = tuple[Venue, Environment, Symbol]
Listings = Mapping[Listed, Instrument]
"""The rules of each venue that answered and lists the symbol."""


@attrs.frozen
class Protection:
    """What one position needs: `orders` to send (their rows are written already), `cancel` afterwards."""

    trade: Trade
    orders: tuple[Order, ...] = ()
    cancel: tuple[Order, ...] = ()
    lapse: tuple[Order, ...] = ()
    unprotectable: bool = False

    @property
    def calls(self) -> bool:
        """Whether anything is to be done about its orders."""
        return bool(self.orders or self.cancel or self.lapse)

    def of(self, leg: Leg) -> "Protection":
        """What of it is about one leg."""
        orders, cancel, lapse = (
            tuple(order for order in some if order.leg is leg) for some in (self.orders, self.cancel, self.lapse)
        )
        return attrs.evolve(self, orders=orders, cancel=cancel, lapse=lapse)


@attrs.frozen
class ProtectPositions:
    """New triggers are sent before those they replace are cancelled, so that a position is never bare in between."""

    desk: Desk
    exchange: Exchange
    clock: Clock
    identities: Identities
    together: Together
    limits: SystemLimits

    async def listings(self, wanted: Iterable[Listed]) -> Listings:
        """Ask for the venues' rules before a transaction is opened; a venue that does not answer is left out."""
        asked = sorted(set(wanted))
        listings: dict[Listed, Instrument] = {}
        answers = await self.together(self.exchange.instrument(*listed, hurried=True) for listed in asked)
        for listed, answer in zip(asked, answers, strict=True):
            if isinstance(answer, VenueRefused | OutcomeUnknown):
                continue
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                listings[listed] = answer
        return listings

    async def intend(self, work: UnitOfWork, trades: Iterable[Trade], listings: Listings) -> list[Protection]:
        """Decide what each position needs and write the new orders before anybody calls the exchange (ORD-02)."""
        intended = [self._needs(trade, listings) for trade in trades]
        new = [order for protection in intended for order in protection.orders if order.id not in _ids(protection.trade)]
        await work.trades.add_orders(new)
        return [protection for protection in intended if protection.calls or protection.unprotectable]

    async def call(self, protection: Protection, account: ExchangeAccount, *, first: bool) -> News:
        """Send stop and target side by side, then cancel what they replace; what was not taken is tried again with the task.

        Unless this is the `first` time that anybody calls for the trade, whoever died may have sent every order that was
        intended before: it is asked for before it is sent, and cancelled when it is not wanted, whatever its row says (ORD-04).
        What may never have left is asked for beside the new ones, so that a refusal of theirs is known as soon as it can be.
        """
        perhaps_sent = frozenset() if first else _ids(protection.trade)
        unsent = [order for order in protection.lapse if order.id not in perhaps_sent]
        doubtful = [order for order in protection.lapse if order.id in perhaps_sent]
        leverage = protection.trade.position.size.leverage
        sends = [
            self._sent(account, order, leverage, again=order.attempts > 0 or order.id in perhaps_sent)
            for order in protection.orders
        ]
        told = Heard(tuple((order.client_id, Expired(self.clock.now())) for order in unsent))
        told += await self.desk.heard([*sends, self.desk.find_all(account, doubtful)])
        # A stop that was not taken is tried again in a moment, and nothing of the target keeps that waiting.
        legs = PROTECTION if _taken(protection.of(Leg.STOP), told) else (Leg.STOP,)
        told += await self.desk.heard([self._make_room(account, protection.of(leg), told, perhaps_sent) for leg in legs])
        return News(protection.trade.position.id, told.facts)

    async def _make_room(
        self, account: ExchangeAccount, own: Protection, told: Heard, perhaps_sent: Collection[OrderId]
    ) -> Heard:
        """What a new order replaces stays until the venue has taken the new one, and is asked for when it did not.

        Whatever kept the venue from taking the new one may have ended the old one too: a price that went past both.
        """
        if not _taken(own, told):
            return await self.desk.find_all(account, own.cancel)
        doubtful = [order for order in own.lapse if order.id in perhaps_sent]
        return await self.desk.heard([self.desk.cancel(account, order) for order in (*own.cancel, *doubtful)])

    async def _sent(self, account: ExchangeAccount, order: Order, leverage: int, *, again: bool) -> Heard:
        """A stop does not wait for the target's answer: when its own is lost it is asked for and sent again at once."""
        heard = await self.desk.send(account, order, (), leverage, again=again)
        return heard + await self.desk.send(account, order, (), leverage, again=True) if heard.lost else heard

    def _needs(self, trade: Trade, listings: Listings) -> Protection:
        position = trade.position
        instrument = listings.get((position.venue, position.environment, position.symbol))
        if instrument is None:
            return Protection(trade)
        found = repairs(position, trade.orders, instrument, self.limits)
        now = self.clock.now()
        # Nothing better is placed for these: the one that covers everything has to make room for none.
        settled = {trigger.leg for trigger in found.place if immovable(trade, trigger.leg, self.limits)}
        stay = [standing(trade.orders, leg) for leg in settled]
        placed = tuple(
            trigger_order(position, trigger, OrderId(self.identities.new()), now)
            for trigger in found.place
            if trigger.leg not in settled
        )
        cancel, lapse = tuple(order for order in found.cancel if order not in stay), found.expire
        unheard = tuple(
            order for order in trade.orders if order.leg in PROTECTION and order.state in IN_DOUBT and order not in found.cancel
        )
        travelled = self._travelled(trade)
        send = tuple(order for order in found.send if not in_doubt(trade) or order.leg not in self._attached(trade))
        # A venue may make them of its own accord when the entry is over, and not before: until then nobody can cancel them.
        cancel += tuple(order for order in lapse if order.leg in travelled and entered(trade))
        lapse = tuple(order for order in lapse if order.leg not in travelled)
        return Protection(trade, unheard + send + placed, cancel, lapse, found.unprotectable)

    def _travelled(self, trade: Trade) -> frozenset[Leg]:
        """What went with an entry that the venue took, though it may not have told of it yet."""
        entry = newest(trade.orders, Leg.ENTRY)
        taken = entry is not None and entry.acked_at is not None
        return self._attached(trade) if taken else frozenset()

    def _attached(self, trade: Trade) -> frozenset[Leg]:
        return self.exchange.attached_legs(trade.position.venue)


def _taken(own: Protection, heard: Heard) -> bool:
    acknowledged = {name for name, fact in heard.facts if isinstance(fact, Acknowledged)}
    return all(order.client_id in acknowledged for order in own.orders)


def _ids(trade: Trade) -> frozenset[OrderId]:
    return frozenset(order.id for order in trade.orders)
