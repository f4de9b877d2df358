"""The stop that comes with an entry at Bitget: a plan that the venue makes, and names, once the entry is done."""

from typing import Final

from cbc_adapters.exchange.simulated.model import VenueOrder
from cbc_adapters.exchange.simulated.travelling import stop_of, stop_with, travels
from cbc_adapters.exchange.simulated.venues.bitget.refusals import Wrong
from cbc_adapters.exchange.simulated.venues.house import House
from cbc_adapters.exchange.simulated.venues.order_numbers import order_number
from cbc_adapters.exchange.simulated.venues.wire import decimal_of, text
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.exchange import Ticket
from cbc_domain.trading.model import Leg

NOT_SIMULATED: Final = ("presetStopSurplusPrice", "presetStopSurplusExecutePrice", "presetStopLossExecutePrice")
NAMED_BY_VENUE: Final = 10**18
"""What the venue calls an order that nobody else named is so much higher than its number."""

Parameters = dict[str, str]


def attached(given: Parameters, entry: Ticket) -> list[Ticket]:
    """The stop that an order carries, if it does. Raises Wrong 40017."""
    if any(given.get(name) for name in NOT_SIMULATED):
        raise Wrong("40017", "Parameter verification failed: the simulated venue presets stops at market, and no targets")
    if not given.get("presetStopLossPrice"):
        return []
    trigger = decimal_of(given["presetStopLossPrice"])
    if entry.leg is not Leg.ENTRY or trigger is None or trigger <= 0:
        raise Wrong("40017", "Parameter verification failed presetStopLossPrice")
    return [stop_with(entry, trigger)]


def preset_of(house: House, account: AccountId, entry: str) -> str:
    """The price of the stop that came with an entry, whether it stands yet or not; "" without one."""
    standing = stop_of(house.account(account), entry)
    stops = [standing.ticket] if standing is not None else house.held_back(account, entry)
    return next((text(stop.trigger) for stop in stops if stop.trigger is not None), "")


def client_oid(order: VenueOrder) -> str:
    """Our id of an order, or the venue's where it made the order itself."""
    return str(NAMED_BY_VENUE + order_number(order.venue_order_id)) if travels(order) else order.ticket.client_id


def with_client_oid(house: House, account: AccountId, wanted: str) -> VenueOrder | None:
    """The order with such an id, ours or the venue's; None when the venue does not know it."""
    order = house.order(account, client_id=wanted)
    if order is None and wanted.isdecimal():
        order = house.order(account, number=int(wanted) - NAMED_BY_VENUE)
    return order if order is not None and client_oid(order) == wanted else None
