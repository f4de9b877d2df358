"""Give a position the stop and the target it should have, at the exchange and confirmed (ORD-09, ORD-10)."""

from collections.abc import Awaitable, Collection, Iterable, Iterator, Mapping

import attrs

from cbc_domain.application.trading.absorb import News, absorb
from cbc_domain.application.trading.cover import beyond_protection
from cbc_domain.application.trading.desk import Desk, Heard
from cbc_domain.application.trading.needed_protection import Protection, VenueWays, needs
from cbc_domain.kernel.ids import OrderId
from cbc_domain.kernel.venues import Environment, Symbol, Venue
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import UnitOfWork
from cbc_domain.ports.system import Clock, Identities, Together
from cbc_domain.ports.venue_faults import OutcomeUnknown, VenueRefused
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import PROTECTION, Leg
from cbc_domain.trading.orders import Acknowledged, Expired
from cbc_domain.trading.sizes import Instrument

Listed = tuple[Venue, Environment, Symbol]
Listings = Mapping[Listed, Instrument]
"""The rules of each venue that answered and lists the symbol."""


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
            self.desk.insist(account, order, leverage, again=order.attempts > 0 or order.id in perhaps_sent)
            for order in protection.orders
        ]
        told = Heard(tuple((order.client_id, Expired(self.clock.now())) for order in unsent))
        told += await self.desk.heard([*sends, *(self.desk.find(account, order) for order in doubtful)])
        settled = [protection.of(leg) for leg in self._settled(protection, told)]
        told += await self.desk.heard([call for own in settled for call in self._make_room(account, own, told, perhaps_sent)])
        return News(protection.trade.position.id, told.facts, unanswered=told.passing is not None)

    def _settled(self, protection: Protection, told: Heard) -> Collection[Leg]:
        """The legs whose old orders are seen to: a stop that was not taken is tried again in a moment, and waits for no target.

        Where it came too late for what is open, an exit follows, which waits for no order that it will end (POS-11).
        """
        if _taken(protection.of(Leg.STOP), told):
            return PROTECTION
        trade, now = protection.trade, self.clock.now()
        new = (order for order in protection.orders if order.id not in _ids(trade))
        after = absorb(attrs.evolve(trade, orders=(*trade.orders, *new)), News(trade.position.id, told.facts), now)
        return () if beyond_protection(after, now, self.limits) else (Leg.STOP,)

    def _make_room(
        self, account: ExchangeAccount, own: Protection, told: Heard, perhaps_sent: Collection[OrderId]
    ) -> Iterator[Awaitable[Heard]]:
        """What a new order replaces stays until the venue has taken the new one, and is asked for when it did not.

        Whatever kept the venue from taking the new one may have ended the old one too: a price that went past both.
        """
        if not _taken(own, told):
            yield from (self.desk.find(account, order) for order in own.cancel)
            return
        doubtful = (order for order in own.lapse if order.id in perhaps_sent)
        yield from (self.desk.cancel(account, order) for order in (*own.cancel, *doubtful))

    def _needs(self, trade: Trade, listings: Listings) -> Protection:
        position = trade.position
        instrument = listings.get((position.venue, position.environment, position.symbol))
        if instrument is None:
            return Protection(trade)
        ways = VenueWays(self.exchange.attached_legs(position.venue), self.exchange.takes_stop_first(position.venue))
        return needs(trade, instrument, ways, self.limits, self.clock.now(), lambda: OrderId(self.identities.new()))


def _taken(own: Protection, heard: Heard) -> bool:
    acknowledged = {name for name, fact in heard.facts if isinstance(fact, Acknowledged)}
    return all(order.client_id in acknowledged for order in own.orders)


def _ids(trade: Trade) -> frozenset[OrderId]:
    return frozenset(order.id for order in trade.orders)
