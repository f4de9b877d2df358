"""The real venues, opened when there is somebody to ask them for: their client takes half a second and 100 MB to import."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.system import Clock
from cbc_domain.ports.venue_keys import Credentials, KeyFindings, KeyRing
from cbc_entrypoints.settings import Settings

if TYPE_CHECKING:
    from cbc_adapters.exchange.ccxt.adapter import CcxtExchange
    from cbc_adapters.exchange.ccxt.clients import ClientPool
    from cbc_adapters.exchange.ccxt.limits import Published


class Venues:
    """Mutable: it opens what is asked for, once, and closes it again."""

    def __init__(
        self,
        settings: Settings,
        ring: KeyRing,
        clock: Clock,
        *,
        allow_live: bool,
        published: "Mapping[Venue, Published] | None" = None,
    ) -> None:
        """`published` are other limits than the venues' own, for measuring."""
        self._settings, self._ring, self._clock, self._allow_live = settings, ring, clock, allow_live
        self._limits = {} if published is None else {"published": published}
        self._pool: ClientPool | None = None
        self._exchange: CcxtExchange | None = None

    def exchange(self) -> Exchange:
        """Binance, Bybit, OKX and Bitget behind one port."""
        return self._known()

    def get_ready(self, markets: Collection[tuple[Venue, Environment]]) -> None:
        """Open what calls to these need, before anybody has something to do there; paper needs nothing."""
        if elsewhere := [market for market in sorted(markets) if market[0] is not Venue.PAPER]:
            self._known().get_ready(elsewhere)

    async def examine(self, venue: Venue, environment: Environment, credentials: Credentials) -> KeyFindings:
        """As a KeyExaminer."""
        from cbc_adapters.exchange.ccxt.examiner import CcxtExaminer  # noqa: PLC0415 - lazily, as said above

        return await CcxtExaminer(self._opened()).examine(venue, environment, credentials)

    async def close(self) -> None:
        if self._exchange is not None:
            await self._exchange.close()
        elif self._pool is not None:
            await self._pool.close()

    def _known(self) -> "CcxtExchange":
        if self._exchange is None:
            from cbc_adapters.exchange.ccxt.adapter import CcxtExchange  # noqa: PLC0415 - lazily, as said above

            self._exchange = CcxtExchange(self._opened(), self._clock, allow_live=self._allow_live, **self._limits)
        return self._exchange

    def _opened(self) -> "ClientPool":
        if self._pool is None:
            from cbc_adapters.exchange.ccxt.clients import ClientPool  # noqa: PLC0415 - lazily, as said above
            from cbc_adapters.exchange.ccxt.dialects import DIALECTS  # noqa: PLC0415
            from cbc_adapters.exchange.ccxt.wiring import Gateway  # noqa: PLC0415

            told = self._settings.exchange_gateway
            host, _, port = (told or "").rpartition(":")
            gateway = Gateway(host, int(port), self._settings.exchange_ca_file) if told else None
            self._pool = ClientPool(DIALECTS, self._ring, gateway, proxies=self._settings.exchange_proxies)
        return self._pool
