"""What one position's protection needs where it is: what to place, send, cancel, let lapse, and what is the venue's to make."""

from collections.abc import Callable
from datetime import datetime

import attrs

from cbc_domain.application.trading.cover import immovable, lacks_first_stop
from cbc_domain.application.trading.standing import AT_VENUE, IN_DOUBT, entered, in_doubt, may_arrive, newest, standing, stray
from cbc_domain.kernel.ids import OrderId
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.trading.model import PROTECTION, Leg, Order
from cbc_domain.trading.protection import Repairs, first_stop, leg_order, next_seq, repairs, trigger_order
from cbc_domain.trading.sizes import Instrument


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
class VenueWays:
    """What a venue does with protection: which legs go with an entry, and whether a stop may stand before it."""

    attached: frozenset[Leg] = frozenset()
    takes_stop_first: bool = False


def needs(
    trade: Trade, instrument: Instrument, ways: VenueWays, limits: SystemLimits, now: datetime, new_id: Callable[[], OrderId]
) -> Protection:
    """Compare a trade with its orders, and leave to the venue what travelled with an entry (ORD-08 to ORD-10, SIZ-10)."""
    found = _with_stop_kept(repairs(trade.position, trade.orders, instrument, limits), trade, ways, now)
    # Nothing better is placed for these: the one that covers everything has to make room for none.
    settled = {trigger.leg for trigger in found.place if immovable(trade, trigger.leg, limits)}
    stay = [standing(trade.orders, leg) for leg in settled]
    triggers = (trigger for trigger in found.place if trigger.leg not in settled)
    placed = [trigger_order(trade.position, trigger, new_id(), now) for trigger in triggers]
    if ways.takes_stop_first and not found.unprotectable and lacks_first_stop(trade, limits):
        placed.append(first_stop(trade.position, trade.orders, new_id(), now))
    travelled, over = _travelled(trade, ways), entered(trade)
    # What travelled is the venue's to make when the entry is over: what is bought before is covered by one of another id.
    early = [order for order in found.send if order.leg in travelled and not over]
    placed += [_instead(trade, order, new_id(), now) for order in early]
    send = [order for order in found.send if order not in early and not (in_doubt(trade) and order.leg in ways.attached)]
    # And until then nobody can cancel it.
    made = [order for order in found.expire if order.leg in travelled]
    cancel = [order for order in found.cancel if order not in stay] + (made if over else [])
    lapse = [order for order in found.expire if order not in made]
    return Protection(trade, (*_unheard(trade, found), *send, *placed), tuple(cancel), tuple(lapse), found.unprotectable)


def _with_stop_kept(found: Repairs, trade: Trade, ways: VenueWays, now: datetime) -> Repairs:
    """The stop of an entry that was given up stays while that may arrive, where it went first, and until what came is sold."""
    if not (stray(trade) or (ways.takes_stop_first and may_arrive(trade, now))):
        return found
    return attrs.evolve(found, cancel=tuple(o for o in found.cancel if o.leg is not Leg.STOP or o.state not in AT_VENUE))


def _unheard(trade: Trade, found: Repairs) -> list[Order]:
    """What was sent, is wanted, and was not answered for: it is asked for and sent again."""
    if trade.position.state.final:
        return []
    doubtful = (order for order in trade.orders if order.leg in PROTECTION and order.state in IN_DOUBT)
    return [order for order in doubtful if order not in found.cancel]


def _travelled(trade: Trade, ways: VenueWays) -> frozenset[Leg]:
    """What went with an entry that the venue took, though it may not have told of it yet."""
    entry = newest(trade.orders, Leg.ENTRY)
    return ways.attached if entry is not None and entry.acked_at is not None else frozenset()


def _instead(trade: Trade, order: Order, new: OrderId, now: datetime) -> Order:
    return leg_order(trade.position, order.leg, next_seq(trade.orders, order.leg), new, order.quantity, order.trigger, now)
