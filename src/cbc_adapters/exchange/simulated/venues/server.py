"""The venues on loopback: one HTTPS and WebSocket server that tells them apart by the host that is asked for."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import attrs
import msgspec
from aiohttp import WSMsgType, web

from cbc_adapters.exchange.simulated.adapter import Sleep, sleep_for
from cbc_adapters.exchange.simulated.venues.certificates import server_context
from cbc_adapters.exchange.simulated.venues.house import House
from cbc_adapters.exchange.simulated.venues.listeners import CUT
from cbc_adapters.exchange.simulated.venues.trouble import GatewayPage, Outcome, Silence, Trouble
from cbc_adapters.exchange.simulated.venues.wire import Wire, WireAnswer, WireCall
from cbc_domain.kernel.errors import Unavailable
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.system import Clock

LOOPBACK: Final = "127.0.0.1"
Houses = Mapping[tuple[Venue, Environment], House]


@attrs.frozen
class Serving:
    """Where the venues are: `gateway` is what every host name has to be resolved to."""

    port: int
    ca_file: Path

    @property
    def gateway(self) -> str:
        return f"{LOOPBACK}:{self.port}"


class _AiohttpSocket:
    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._request, self._socket = request, socket

    @property
    def path(self) -> str:
        return self._request.path_qs

    async def send(self, text: str) -> None:
        # Whoever went without a word is not told; that it is gone is seen by who reads.
        with suppress(ConnectionResetError):
            if not self._socket.closed:
                await self._socket.send_str(text)

    def cut(self) -> None:
        _cut(self._request)

    async def messages(self) -> AsyncIterator[str]:
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                yield message.data


class VenueServer:
    """Dispatch by host; mutable only in what its houses are."""

    def __init__(self, wires: Sequence[Wire], houses: Houses, clock: Clock, sleep: Sleep = sleep_for) -> None:
        self._wires = {host: wire for wire in wires for host in wire.hosts}
        self._houses, self._clock, self._trouble = houses, clock, Trouble(sleep)

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset(self._wires)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        call = await self._call(request)
        wire = self._wires.get(call.host)
        if wire is None:
            return _response(WireAnswer({"error": f"expected a host of a simulated venue, was {call.host}"}, 421))
        house = self._houses[wire.venue, wire.environment(call)]
        call = attrs.evolve(call, at=house.now())
        if request.headers.get("upgrade", "").lower() == "websocket" and not house.under_maintenance:
            return await self._converse(request, wire, house)
        outcome = await self._trouble.bring(call, wire, house)
        house.tell()
        return _sent_back(request, outcome)

    async def close(self) -> None:
        """Let nothing happen any more."""
        await self._trouble.close()

    async def _converse(self, request: web.Request, wire: Wire, house: House) -> web.WebSocketResponse:
        response = web.WebSocketResponse(autoping=True)
        await response.prepare(request)
        socket = _AiohttpSocket(request, response)
        CUT.set(socket.cut)
        await wire.converse(socket, house)
        return response

    async def _call(self, request: web.Request) -> WireCall:
        return WireCall(
            method=request.method,
            host=request.host.split(":")[0].lower(),
            path=request.rel_url.raw_path,
            query=request.rel_url.raw_query_string,
            body=await request.read(),
            headers={name.lower(): value for name, value in request.headers.items()},
            address=request.remote or "",
            at=self._clock.now(),
        )


@asynccontextmanager
async def serving(server: VenueServer, folder: Path, port: int = 0) -> AsyncIterator[Serving]:
    """Serve until the context is left; port 0 takes a free one. The authority's certificate lies in `folder`.

    Raises Unavailable `port_busy`.
    """
    ca_file = folder / "venues-ca.pem"
    app = web.Application(client_max_size=2**20)
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, port, ssl_context=server_context(server.hosts, ca_file))
        try:
            await site.start()
        except OSError:
            raise Unavailable("port_busy", f"expected {LOOPBACK} port {port} to be free, was taken") from None
        yield Serving(runner.addresses[0][1], ca_file)
    finally:
        await server.close()
        await runner.cleanup()


def _sent_back(request: web.Request, outcome: Outcome) -> web.Response:
    match outcome:
        case WireAnswer():
            return _response(outcome)
        case GatewayPage(status):
            return web.Response(text=f"<html><body><h1>{status}</h1></body></html>", status=status, content_type="text/html")
        case Silence():
            _cut(request)
            return web.Response()


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _response(answer: WireAnswer) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(answer.body), status=answer.status, content_type="application/json", headers=answer.headers
    )
