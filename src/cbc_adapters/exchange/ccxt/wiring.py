"""The way to the venues: their own host names, resolved to a gateway where one is set, and always verified."""

import socket
import ssl
from pathlib import Path
from typing import Final

import attrs
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

CALL_S: Final = 10
"""Seconds for one call (EXC-09)."""
CONNECTIONS: Final = 200
"""To one venue at once, for calls."""


@attrs.frozen
class Gateway:
    """Where every exchange host name leads to, and the authority (PEM file) it answers with; None: the system's own."""

    host: str
    port: int
    ca_file: Path | None = None


class _OneWay(AbstractResolver):
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=self._gateway.host,
                port=self._gateway.port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        pass


def trust(gateway: Gateway | None) -> ssl.SSLContext:
    """What certificates are verified with."""
    return ssl.create_default_context(cafile=str(gateway.ca_file) if gateway and gateway.ca_file else None)


def open_session(
    gateway: Gateway | None, trusted: ssl.SSLContext, connections: int | None = CONNECTIONS, proxy: str | None = None
) -> ClientSession:
    """One session for all clients of a venue; no proxy of the environment, 10 s for each call.

    A call waits for one of its `connections`; None is as many as are asked for. A `proxy` is told the venue's own host names,
    and whatever the gateway answers with is verified behind it too.
    """
    resolver = _OneWay(gateway) if gateway and proxy is None else None
    connector = TCPConnector(limit=connections or 0, ssl=trusted, resolver=resolver, use_dns_cache=resolver is None)
    return ClientSession(connector=connector, timeout=ClientTimeout(total=CALL_S), trust_env=False, proxy=proxy)
