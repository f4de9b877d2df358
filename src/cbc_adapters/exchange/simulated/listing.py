"""Instruments of the demonstration: eight USDT perpetuals with made-up but plausible rules, simulated."""

from decimal import Decimal
from typing import Final

from cbc_domain.kernel.venues import Symbol
from cbc_domain.trading.sizes import Bracket, Instrument

MAJOR_BRACKETS: Final = (
    Bracket(Decimal(300_000), 50, Decimal("0.004")),
    Bracket(Decimal(3_000_000), 20, Decimal("0.01")),
    Bracket(None, 10, Decimal("0.025")),
)
ALT_BRACKETS: Final = (
    Bracket(Decimal(50_000), 25, Decimal("0.01")),
    Bracket(Decimal(500_000), 20, Decimal("0.02")),
    Bracket(None, 10, Decimal("0.05")),
)


def _instrument(
    coin: str, tick: str, step: str, largest: str, notional: str = "5", brackets: tuple[Bracket, ...] = ALT_BRACKETS
) -> Instrument:
    return Instrument(
        symbol=Symbol(f"{coin}USDT"),
        tick=Decimal(tick),
        step=Decimal(step),
        min_quantity=Decimal(step),
        min_notional=Decimal(notional),
        brackets=brackets,
        max_market_quantity=Decimal(largest),
    )


DEMONSTRATION: Final = (
    _instrument("BTC", "0.1", "0.001", "120", "50", MAJOR_BRACKETS),
    _instrument("ETH", "0.01", "0.001", "2000", "20", MAJOR_BRACKETS),
    _instrument("SOL", "0.01", "0.01", "30000"),
    _instrument("XRP", "0.0001", "0.1", "2000000"),
    _instrument("ADA", "0.0001", "1", "2000000"),
    _instrument("DOGE", "0.00001", "1", "30000000"),
    _instrument("LINK", "0.001", "0.01", "100000"),
    _instrument("AVAX", "0.001", "0.1", "100000"),
)

START_PRICES: Final = {
    Symbol("BTCUSDT"): Decimal("47000.0"),
    Symbol("ETHUSDT"): Decimal("3700.00"),
    Symbol("SOLUSDT"): Decimal("170.00"),
    Symbol("XRPUSDT"): Decimal("0.8300"),
    Symbol("ADAUSDT"): Decimal("1.3100"),
    Symbol("DOGEUSDT"): Decimal("0.17000"),
    Symbol("LINKUSDT"): Decimal("20.000"),
    Symbol("AVAXUSDT"): Decimal("109.000"),
}
"""Where the made-up price paths begin, in USDT."""
