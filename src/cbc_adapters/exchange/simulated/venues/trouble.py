"""What becomes of a call on its way to a venue and back, as the plan of the house has it."""

from typing import Final
from uuid import UUID

import attrs

from cbc_adapters.exchange.simulated.adapter import Sleep
from cbc_adapters.exchange.simulated.faults import Break, Call, Delay, DropBefore, FillPart, Harm, LoseAnswer, Refuse
from cbc_adapters.exchange.simulated.venues.house import House
from cbc_adapters.exchange.simulated.venues.wire import Errand, Wire, WireAnswer, WireCall
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.exchange import Fault

NOBODY: Final = AccountId(UUID(int=0))
"""Whose calls the public ones are."""
INJECTED: Final = "injected (simulated)"


@attrs.frozen
class Silence:
    """No answer at all: the connection dies."""


@attrs.frozen
class GatewayPage:
    """What a server in front of the venue says when something broke: a page, in no venue's format."""

    status: int


Outcome = WireAnswer | Silence | GatewayPage


async def brought(call: WireCall, wire: Wire, house: House, sleep: Sleep) -> Outcome:
    """Bring a call to its venue and the answer back, with whatever the plan does to either."""
    if house.under_maintenance:
        return wire.refusal(Fault.MAINTENANCE, INJECTED)
    harms = _harms(call, wire, house)
    hindered = await _on_the_way(harms, wire, sleep)
    if hindered is not None:
        return hindered
    house.fraction_of_next = next((harm.fraction for harm in harms if isinstance(harm, FillPart)), None)
    try:
        answer = await wire.answer(call, house)
    finally:
        # A call that was refused leaves nothing for the next one.
        house.fraction_of_next = None
    return _on_the_way_back(harms, answer)


def _harms(call: WireCall, wire: Wire, house: House) -> tuple[Harm, ...]:
    key, errand = wire.account(call, house), wire.errand(call)
    if key is not None:
        about = errand or Errand(Call.OTHER)
        return house.plan.harms(about.call, key.account, house.account(key.account).ordinal, about.leg)
    # An unknown key is refused by the venue itself, and no account pays for it.
    return house.plan.harms(Call.PUBLIC, NOBODY, 0) if errand is None else ()


async def _on_the_way(harms: tuple[Harm, ...], wire: Wire, sleep: Sleep) -> Outcome | None:
    for harm in harms:
        match harm:
            case Delay(by):
                await sleep(by)
            case Refuse(fault, retry_after_s):
                return wire.refusal(fault, INJECTED, retry_after_s)
            case DropBefore():
                return Silence()
            case Break(status, done=False):
                return GatewayPage(status)
            case LoseAnswer() | Break() | FillPart():
                pass
    return None


def _on_the_way_back(harms: tuple[Harm, ...], answer: WireAnswer) -> Outcome:
    for harm in harms:
        match harm:
            case LoseAnswer():
                return Silence()
            case Break(status):
                return GatewayPage(status)
            case _:
                pass
    return answer
