"""What becomes of a call on its way to a venue and back, as the plan of the house has it."""

import asyncio
from datetime import timedelta
from typing import Final
from uuid import UUID

import attrs

from cbc_adapters.exchange.simulated.adapter import Sleep
from cbc_adapters.exchange.simulated.faults import Break, Call, Delay, DropBefore, FillPart, Harm, LoseAnswer, Refuse
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.wire import Purpose, Wire, WireAnswer, WireCall
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.venue_faults import Fault

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


class Trouble:
    """Mutable: it remembers what is still to come."""

    def __init__(self, sleep: Sleep) -> None:
        self._sleep = sleep
        self._to_come: set[asyncio.Task[None]] = set()

    async def bring(self, call: WireCall, wire: Wire, house: House) -> Outcome:
        """Bring a call to its venue and the answer back, with whatever the plan does to either."""
        if house.under_maintenance:
            return wire.refusal(Fault.MAINTENANCE, INJECTED)
        key = wire.account(call, house)
        harms = _harms(call, wire, house, key)
        hindered = await _on_the_way(harms, wire, self._sleep)
        if hindered is not None:
            return hindered
        part = next((harm for harm in harms if isinstance(harm, FillPart)), None)
        if part is None or key is None:
            return _on_the_way_back(harms, await wire.answer(call, house))
        return _on_the_way_back(harms, await self._partly(part, key.account, call, wire, house))

    async def close(self) -> None:
        """Forget what is still to come."""
        for task in self._to_come:
            task.cancel()
        await asyncio.gather(*self._to_come, return_exceptions=True)

    async def _partly(self, part: FillPart, account: AccountId, call: WireCall, wire: Wire, house: House) -> WireAnswer:
        before = house.partly_filled(account)
        house.fraction_of_next = part.fraction
        try:
            answer = await wire.answer(call, house)
        finally:
            # A call that was refused leaves nothing for the next one.
            house.fraction_of_next = None
        if part.rest_after is not None:
            for client_id in house.partly_filled(account) - before:
                task = asyncio.create_task(self._fill_rest(house, account, client_id, part.rest_after))
                self._to_come.add(task)
                task.add_done_callback(self._to_come.discard)
        return answer

    async def _fill_rest(self, house: House, account: AccountId, client_id: str, after: timedelta) -> None:
        await self._sleep(after)
        house.fill_rest(account, client_id)


def _harms(call: WireCall, wire: Wire, house: House, key: IssuedKey | None) -> tuple[Harm, ...]:
    try:
        purpose = wire.purpose(call)
    except (ValueError, LookupError):
        # What cannot be read the venue refuses in its own words.
        return ()
    if key is not None:
        about = purpose or Purpose(Call.OTHER)
        return house.plan.harms(about.call, key.account, house.account(key.account).ordinal, about.leg)
    # An unknown key is refused by the venue itself, and no account pays for it.
    return house.plan.harms(Call.PUBLIC, NOBODY, 0) if purpose is None else ()


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
