"""Stops that travel with an entry at venues that name them themselves: what the engine calls them."""

from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.model import VenueAccount, VenueOrder
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import Ticket
from cbc_domain.trading.model import Leg

PREFIX: Final = "attached-"


def travelling_id(entry: str) -> str:
    """The engine's name of the stop that came with an entry; no client ever hears it."""
    return PREFIX + entry


def entry_of(client_id: str) -> str | None:
    """The id of the entry with which an order came; None for an order that did not come with another."""
    return client_id.removeprefix(PREFIX) if client_id.startswith(PREFIX) else None


def travels(order: VenueOrder) -> bool:
    return entry_of(order.ticket.client_id) is not None


def stop_with(entry: Ticket, trigger: Decimal) -> Ticket:
    """The stop that goes with an entry, for all of it."""
    return Ticket(travelling_id(entry.client_id), entry.symbol, entry.side, Leg.STOP, entry.quantity, trigger)


def stop_of(account: VenueAccount, entry: str) -> VenueOrder | None:
    """The stop that came with an entry, whatever became of it; None when there was none, or not yet."""
    return account.orders.get(travelling_id(entry))


def standing_stops(account: VenueAccount, symbol: Symbol, side: Side) -> list[VenueOrder]:
    """The stops of a side that came with entries and may still fire, oldest first."""
    return [order for order in account.open_orders(symbol, side) if travels(order)]
