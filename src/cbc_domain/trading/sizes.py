"""What a venue allows and says, and the size a trade gets from it."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import attrs

from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Symbol


@attrs.frozen
class Bracket:
    """Leverage that a venue allows up to a notional in USDT (None: no end), and its maintenance margin rate, a fraction."""

    notional_up_to: Decimal | None
    max_leverage: int
    maintenance_rate: Decimal


@attrs.frozen
class Instrument:
    """A venue's rules for one symbol (SIZ-07); quantities in the venue's own unit, coins = quantity x contract_size."""

    symbol: Symbol
    tick: Decimal
    step: Decimal
    min_quantity: Decimal
    min_notional: Decimal
    brackets: tuple[Bracket, ...]
    max_market_quantity: Decimal | None = None
    contract_size: Decimal = Decimal(1)
    taker_fee: Decimal = Decimal("0.0006")
    maker_fee: Decimal = Decimal("0.0002")
    tradable: bool = True


@attrs.frozen
class Quote:
    """A mark price in USDT and when it was read; never older than the rule that uses it allows.

    `spread` is how far bid and ask are apart, a fraction of the price; None when the venue does not tell (ORD-05).
    """

    symbol: Symbol
    price: Decimal
    at: datetime
    spread: Decimal | None = None


@attrs.frozen
class AccountReading:
    """What an exchange says of one account, in USDT (SIZ-02).

    `held` are the symbols in which the account has any position, the member's own included (POS-03).
    """

    account: AccountId
    equity: Decimal
    available: Decimal
    margin_in_use: Decimal
    at: datetime
    held: frozenset[Symbol] = frozenset()


class SizeFlag(StrEnum):
    REDUCED_HALF = "reduced_half"
    MARGIN_CAPPED = "margin_capped"
    RISK_CAPPED = "risk_capped"
    EXPOSURE_CAPPED = "exposure_capped"
    USER_CAPPED = "user_capped"
    MAX_QTY_CAPPED = "max_qty_capped"
    STOP_ROUNDED_TOWARD_ENTRY = "stop_rounded_toward_entry"


@attrs.frozen
class Size:
    """A trade sized and protected for one account: USDT amounts unrounded, prices on the tick, quantity on the step."""

    quantity: Decimal
    leverage: int
    notional: Decimal
    margin: Decimal
    stop_loss: Decimal
    take_profit: Decimal
    loss_at_stop: Decimal
    gain_at_target: Decimal
    flags: tuple[SizeFlag, ...] = ()
