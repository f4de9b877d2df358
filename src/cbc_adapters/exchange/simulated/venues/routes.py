"""Which call is answered by what: what everybody may ask, and what the owner of a key may ask and order."""

from collections.abc import Callable, Mapping

import attrs

from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_adapters.exchange.simulated.venues.wire import Json, WireCall

Public = Callable[[House, dict[str, str]], Json]
Signed = Callable[[House, IssuedKey, Json], Json]


@attrs.frozen
class Routes:
    """A venue's paths; `public` ones are read with GET.

    `proved` gives the key of a call or raises the venue's refusal, `given` the parameters of a signed call, and `unknown`
    the refusal of a path that leads nowhere.
    """

    public: Mapping[str, Public]
    signed: Mapping[tuple[str, str], Signed]
    proved: Callable[[WireCall, House], IssuedKey]
    given: Callable[[WireCall], Json]
    unknown: Callable[[WireCall], Exception]

    def answer(self, call: WireCall, house: House) -> Json:
        """What the venue says; refusals are raised."""
        tell = self.public.get(call.path) if call.method == "GET" else None
        if tell is not None:
            return tell(house, call.parameters)
        act = self.signed.get((call.method, call.path))
        if act is None:
            raise self.unknown(call)
        return act(house, self.proved(call, house), self.given(call))
