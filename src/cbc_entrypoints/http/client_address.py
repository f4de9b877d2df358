"""From which address a request comes, past the proxies that are ours (SIG-44)."""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any

from litestar import Request


def client_address(trusted_proxies: int) -> Callable[[Request[Any, Any, Any]], str | None]:
    """Make the dependency: each of our proxies adds to X-Forwarded-For whom it heard, so only that many are believed."""

    def provide(request: Request[Any, Any, Any]) -> str | None:
        peer = request.client.host if request.client is not None else None
        return past_proxies(request.headers.getall("x-forwarded-for", []), peer, trusted_proxies)

    return provide


def past_proxies(forwarded: list[str], peer: str | None, trusted_proxies: int) -> str | None:
    """The address that the outermost of our proxies heard, canonical; None when it told none, or nonsense."""
    heard = [part.strip() for header in forwarded for part in header.split(",")]
    if trusted_proxies == 0:
        return _canonical(peer)
    return _canonical(heard[-trusted_proxies]) if len(heard) >= trusted_proxies else None


def _canonical(text: str | None) -> str | None:
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    # A socket for both families shows an IPv4 sender as ::ffff:a.b.c.d.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
