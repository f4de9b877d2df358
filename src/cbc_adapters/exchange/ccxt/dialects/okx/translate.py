"""OKX's dictionaries made values, and tickets made its parameters.

Everything is in contracts: `step` and `min_quantity` are, and a contract is `contract_size` coins.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.ccxt.translate import Vendor, instant, number
from cbc_domain.kernel.rounding import EXACT
from cbc_domain.kernel.venues import Side, Symbol, coin_of
from cbc_domain.ports.exchange import Holding, ReportState, Ticket
from cbc_domain.trading.model import Fill, Leg
from cbc_domain.trading.sizes import Bracket, Instrument

SUFFIX: Final = "-USDT-SWAP"
STATES: Final = {
    "live": ReportState.LIVE,
    "partially_filled": ReportState.PARTIALLY_FILLED,
    "filled": ReportState.FILLED,
    "canceled": ReportState.CANCELLED,
    "mmp_canceled": ReportState.CANCELLED,
}
ALGO_STATES: Final = {
    "live": ReportState.LIVE,
    "pause": ReportState.LIVE,
    "partially_effective": ReportState.LIVE,
    "effective": ReportState.LIVE,
    "canceled": ReportState.CANCELLED,
    "order_failed": ReportState.REJECTED,
    "partially_failed": ReportState.REJECTED,
}
"""An effective one has become a plain order, whose state counts; while that has no number yet, it is under way."""
NO_NEWS: Final = frozenset({"live", "pause", "effective"})
"""An order that was placed stands; one that took effect became a plain order, which names it and tells its fills."""
CONDITIONAL: Final = {Leg.STOP: "sl", Leg.TARGET: "tp"}
"""Stop and target, in the venue's words."""
AT_MARKET: Final = "-1"
CANDLE: Final = timedelta(minutes=1)


def instrument_id(symbol: Symbol) -> str:
    return coin_of(symbol) + SUFFIX


def symbol_of(told: Vendor) -> Symbol | None:
    """None for what is no linear USDT perpetual."""
    name = str(told["instId"])
    return Symbol(f"{name.removesuffix(SUFFIX)}USDT") if name.endswith(SUFFIX) else None


def _side(ticket: Ticket) -> str:
    return "buy" if ticket.buys else "sell"


def _order(ticket: Ticket, hedge: bool) -> dict[str, object]:
    """In hedge mode an order names its side and reduces by that; in net mode it says that it reduces (EXC-06)."""
    told: dict[str, object] = {
        "instId": instrument_id(ticket.symbol),
        "tdMode": "isolated",
        "side": _side(ticket),
        "posSide": position_side(ticket.side, hedge),
        "sz": format(ticket.quantity, "f"),
        "clOrdId": ticket.client_id,
    }
    if not hedge and ticket.leg is not Leg.ENTRY:
        told["reduceOnly"] = True
    return told


def position_side(side: Side, hedge: bool) -> str:
    return side.value.lower() if hedge else "net"


def plain_order(ticket: Ticket, hedge: bool, attached: Sequence[Ticket] = ()) -> dict[str, object]:
    """An order at market; what is attached becomes an algo order of the size that filled, once the entry is done."""
    order = _order(ticket, hedge) | {"ordType": "market"}
    carried = [{"attachAlgoClOrdId": each.client_id} | _trigger(each) for each in attached]
    return order | {"attachAlgoOrds": carried} if carried else order


def algo_order(ticket: Ticket, hedge: bool) -> dict[str, object]:
    """A stop or target by mark price; it names `clOrdId` too, in whose place ccxt would put an id and a tag of its own."""
    return _order(ticket, hedge) | {"ordType": "conditional", "algoClOrdId": ticket.client_id} | _trigger(ticket)


def _trigger(ticket: Ticket) -> dict[str, object]:
    kind = CONDITIONAL[ticket.leg]
    return {
        f"{kind}TriggerPx": format(ticket.trigger or Decimal(0), "f"),
        f"{kind}TriggerPxType": "mark",
        f"{kind}OrdPx": AT_MARKET,
    }


def instruments_of(told: Sequence[Vendor]) -> dict[Symbol, Instrument]:
    """Linear USDT perpetuals; one that is announced only and has no rules yet is left out."""
    return {
        symbol: instrument_of(one)
        for one in told
        if (symbol := symbol_of(one)) and one["ctType"] == "linear" and one["settleCcy"] == "USDT" and _has_rules(one)
    }


def _has_rules(told: Vendor) -> bool:
    return all(told[name] for name in ("tickSz", "lotSz", "minSz", "ctVal"))


def instrument_of(told: Vendor) -> Instrument:
    """OKX sets no least notional for perpetuals: the least quantity is all (SIZ-06)."""
    return Instrument(
        symbol=Symbol(str(told["instId"]).removesuffix(SUFFIX) + "USDT"),
        tick=number(told["tickSz"]),
        step=number(told["lotSz"]),
        min_quantity=number(told["minSz"]),
        min_notional=Decimal(0),
        brackets=(),
        max_market_quantity=number(told.get("maxMktSz")) or None,
        contract_size=EXACT.multiply(number(told["ctVal"]), number(told.get("ctMult")) or Decimal(1)),
        tradable=told["state"] == "live",
    )


def brackets_of(tiers: Sequence[Vendor], contract_size: Decimal, price: Decimal) -> tuple[Bracket, ...]:
    """OKX counts its tiers in contracts; their ends in USDT are those at the mark price of now (SIZ-07)."""
    of_contract = EXACT.multiply(contract_size, price)
    brackets = (
        Bracket(
            EXACT.multiply(number(one["maxSz"]), of_contract),
            int(number(one["maxLever"])),
            number(one["mmr"]),
        )
        for one in tiers
    )
    return tuple(sorted(brackets, key=lambda bracket: bracket.notional_up_to or Decimal(0)))


def holding_of(told: Vendor) -> Holding | None:
    """None for what is no position in a linear USDT perpetual."""
    symbol, contracts = symbol_of(told), number(told["pos"])
    if symbol is None or not contracts:
        return None
    of_net = Side.LONG if contracts > 0 else Side.SHORT
    return Holding(symbol, of_net if told["posSide"] == "net" else Side(str(told["posSide"]).upper()), abs(contracts))


def margin_of(told: Vendor) -> Decimal:
    """USDT bound by a position: its own when isolated, its part of the account's otherwise."""
    return number(told["margin"]) or number(told["imr"])


def fill_of(told: Vendor, client_id: str) -> Fill:
    """The venue numbers the trades of each instrument by themselves, so that the id names the instrument too.

    A fee that was paid is negative at OKX and positive with us.
    """
    return Fill(
        f"{told['instId']}-{told['tradeId']}",
        client_id,
        number(told["fillSz"]),
        number(told["fillPx"]),
        -number(told["fee"]),
        instant(told.get("fillTime") or told["ts"]),
        told["execType"] == "M",
    )


def heard_of(told: Vendor) -> tuple[Symbol, str] | None:
    """Which order a stream speaks of; None for other instruments and for what is no news."""
    symbol, client_id = symbol_of(told), told.get("algoClOrdId") or told.get("clOrdId")
    if symbol is None or not client_id or told["state"] in NO_NEWS:
        return None
    return symbol, str(client_id)
