"""The outcome of a play as tables for a person at a terminal."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

from cbc_domain.kernel.rounding import half_up

COLUMNS: Final = {
    "member": "name",
    "plan": "plan",
    "where": "environment",
    "trades": "trades",
    "won": "won",
    "fees": "fees_usdt",
    "net": "net_usdt",
    "commission": "commission",
    "earned": "affiliate_share",
    "debt": "debt",
    "balance": "balance",
}
"""Heading and key of the document; fees and net are USDT, shown with two places."""
WORDS: Final = frozenset({"member", "plan", "where"})
NARROWEST: Final = 120
"""Columns of text that the widest row takes."""


def show(console: Console, document: bytes) -> None:
    """Print member by member what happened and why, then the money, the proof and the latencies."""
    told = json.loads(document)
    console.width = max(NARROWEST, console.width)
    console.print(_people(told))
    console.print("Why members did not trade (reason x times; what is in brackets is on purpose):")
    for person in told["people"]:
        if person["refused"]:
            reasons = ", ".join(f"{name} x{count}" for name, count in person["refused"].items())
            flaw = f" [{person['flaw']}]" if person["flaw"] else ""
            console.print(f"  {person['name']}{flaw}: {reasons}", highlight=False, markup=False, soft_wrap=True)
    console.print(_facts(told))


def _people(told: Mapping[str, Any]) -> Table:
    table = Table(title=f"Member by member, {told['label']}; fees and net in USDT", box=box.SIMPLE, padding=(0, 1, 0, 0))
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in WORDS else "right", no_wrap=True)
    for person in told["people"]:
        table.add_row(*(_cell(key, person[key]) for key in COLUMNS.values()))
    return table


def _cell(key: str, value: object) -> str:
    if isinstance(value, dict):
        return " + ".join(f"{code} {amount}" for code, amount in value.items() if amount != "0.00") or "0"
    return f"{half_up(Decimal(str(value)), 2):f}" if key.endswith("_usdt") else str(value)


def _facts(told: Mapping[str, Any]) -> Table:
    title = f"All together, {told['label']} (prices: {told['prices']})"
    table = Table(title=title, show_header=False, box=box.SIMPLE, padding=(0, 1, 0, 0))
    for name in ("webhook", "positions", "close_reasons", "settlements", "ledger", "latency_ms"):
        for key, value in told[name].items():
            table.add_row(name.replace("_", " "), str(key), _cell(key, value))
    return table
