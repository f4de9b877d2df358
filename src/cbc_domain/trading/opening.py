"""What everybody shares when a signal is planned: the signal, the rules in force, and the market of this moment."""

from collections.abc import Collection, Mapping
from datetime import datetime

import attrs

from cbc_domain.kernel.ids import AccountId, OrderId, PositionId, TaskId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.risk.defaults import Switches, SystemLimits
from cbc_domain.risk.model import Stop
from cbc_domain.signals.model import Signal, Strategy
from cbc_domain.trading.sizes import AccountReading, Instrument, Quote

Market = tuple[Venue, Environment]


@attrs.frozen
class Opening:
    """The shared inputs of planning an open signal, which carries its decision.

    `instruments` and `quotes` are of the signal's symbol: a market that could not be read is left out, an instrument None
    means that the market does not list the symbol. `earlier` are mark prices of 5 s ago, needed for signals without a price
    (ORD-06). `readings` holds the accounts that could be read. `over` when the strategy has closed meanwhile what this signal
    would open. `required_terms` None: any accepted version will do.
    """

    signal: Signal
    strategy: Strategy
    switches: Switches
    stops: Collection[Stop]
    instruments: Mapping[Market, Instrument | None]
    quotes: Mapping[Market, Quote]
    readings: Mapping[AccountId, AccountReading]
    process_allows_live: bool
    now: datetime
    limits: SystemLimits = attrs.field(factory=SystemLimits)
    over: bool = False
    earlier: Mapping[Market, Quote] = attrs.field(factory=dict)
    required_terms: str | None = None


@attrs.frozen
class PlannedIds:
    """The identities that a member's part gets if it is traded; unused ones are thrown away."""

    task: TaskId
    position: PositionId
    entry: OrderId
    stop: OrderId
    target: OrderId
