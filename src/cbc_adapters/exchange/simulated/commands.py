"""What a simulated venue is told to do, one after the other: its journal, from which all of it follows."""

from datetime import datetime
from decimal import Decimal

import attrs

from cbc_adapters.exchange.simulated.model import Bar
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Symbol
from cbc_domain.ports.exchange import Ticket


@attrs.frozen
class OpenAccount:
    account: AccountId
    balance: Decimal
    hedge: bool
    at: datetime


@attrs.frozen
class Deposit:
    """Money in, or out when negative; never trading results."""

    account: AccountId
    amount: Decimal
    at: datetime


@attrs.frozen
class Mark:
    """A price that set nothing off."""

    symbol: Symbol
    price: Decimal
    at: datetime


@attrs.frozen
class Candle:
    symbol: Symbol
    bar: Bar
    at: datetime


@attrs.frozen
class FundingDue:
    symbol: Symbol
    rate: Decimal
    at: datetime


@attrs.frozen
class Place:
    """An order with its protection; `fraction` of it is filled at once, None for all of it."""

    account: AccountId
    ticket: Ticket
    attached: tuple[Ticket, ...]
    at: datetime
    fraction: Decimal | None = None


@attrs.frozen
class FillRest:
    account: AccountId
    client_id: str
    at: datetime


@attrs.frozen
class Cancel:
    account: AccountId
    client_id: str
    at: datetime


Command = OpenAccount | Deposit | Mark | Candle | FundingDue | Place | FillRest | Cancel
