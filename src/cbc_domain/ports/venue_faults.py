"""How a venue says no, or says nothing: the one set of causes that every venue's errors are mapped to (EXC-04)."""

from enum import StrEnum

from cbc_domain.kernel.errors import DomainError


class Fault(StrEnum):
    """The one set of causes that every venue's errors are mapped to (EXC-04), in words for the member who sees the code."""

    AUTH = "AUTH"
    """The exchange does not know the key, or the key has expired or was revoked: connect a new one."""
    PERMISSION = "PERMISSION"
    """The key may not trade futures: give it that right at the exchange, or connect another."""
    IP_NOT_ALLOWED = "IP_NOT_ALLOWED"
    """The key works from other addresses only: add the platform's outgoing addresses to it at the exchange."""
    CLOCK = "CLOCK"
    """Our clock and the exchange's differ too much for it to trust the order; the clocks are compared anew."""
    RATE_LIMIT = "RATE_LIMIT"
    """The exchange, or our own care for its limits, lets nothing more through for a moment."""
    INSUFFICIENT_MARGIN = "INSUFFICIENT_MARGIN"
    """The account has less free margin than the order needs, as after a withdrawal between plan and order."""
    FILTER = "FILTER"
    """Quantity, price or leverage is outside the exchange's rules for the symbol; they are read anew."""
    PRICE_PASSED = "PRICE_PASSED"
    """The price is past where the stop or target would stand: what it was to close is closed at the market at once."""
    POSITION_MODE = "POSITION_MODE"
    """The account was switched between one-way and hedge mode; the mode is read again within minutes."""
    SYMBOL_CLOSED = "SYMBOL_CLOSED"
    """The symbol is not listed at the exchange or not traded there now."""
    DUPLICATE_ID = "DUPLICATE_ID"
    """The exchange has an order of this identity already; that one is looked up."""
    NOT_FOUND = "NOT_FOUND"
    """The exchange does not know the order."""
    REDUCE_ONLY = "REDUCE_ONLY"
    """There is nothing left at the exchange for the order to close."""
    MAINTENANCE = "MAINTENANCE"
    """The exchange is in maintenance."""
    REGION_BLOCKED = "REGION_BLOCKED"
    """The exchange does not serve the country that our address is in."""
    NETWORK = "NETWORK"
    """The exchange cannot be reached."""
    LIVE_OFF = "LIVE_OFF"
    """Ours, not an exchange's: this process sends no order for a live account (CBC_LIVE_TRADING)."""
    UNKNOWN = "UNKNOWN"
    """The exchange refused for a reason that we have no name for."""


class VenueRefused(DomainError):
    """The venue understood and said no: it has not done it, and will not by itself. `said` is why, without the cause."""

    def __init__(self, fault: Fault, said: str) -> None:
        super().__init__("exchange_error", f"{fault}: {said}")
        self.fault, self.said = fault, said


class OutcomeUnknown(DomainError):
    """No usable answer came (time-out, reset, 5xx): the venue may have done it; ask by client order id (ORD-04)."""

    def __init__(self, said: str) -> None:
        super().__init__("exchange_error", f"outcome unknown: {said}")
        self.fault, self.said = Fault.NETWORK, said
