"""The API on a socket: opened first, so that a busy port is known before anything else is started."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

import uvicorn
from litestar import Litestar

from cbc_domain.kernel.errors import Unavailable


def open_socket(host: str, port: int) -> socket.socket:
    """Bind a listening socket; port 0 takes a free one. Raises Unavailable `port_busy`."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as fault:
        listener.close()
        raise Unavailable("port_busy", f"expected {host} port {port} to be free, was {fault.strerror}") from None
    return listener


@asynccontextmanager
async def serving(app: Litestar, listener: socket.socket) -> AsyncIterator[str]:
    """Answer requests while the context is open; gives the base URL."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=5,
        # uvicorn would believe whoever sits on this machine; which proxies are ours, the settings say (SIG-44).
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    # uvicorn would take SIGINT and SIGTERM for itself; whoever runs the platform decides what they mean.
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]  # uvicorn has no setting for it
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():
        await asyncio.sleep(0.005)
    host, port = listener.getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        await task
