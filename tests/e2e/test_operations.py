"""Life, readiness, version and the document of the API; and the whole of it over a real socket."""

import asyncio
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Final

import httpx
import pytest

from cbc_domain.kernel.errors import Unavailable
from cbc_entrypoints.http.server import open_socket, serving
from tests.e2e.house import House, Json
from tests.e2e.problems import problem

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "openapi.json"
WRITE: Final = "CBC_WRITE_OPENAPI"
HOW: Final = f"docs/openapi.json differs from the API; write it anew with {WRITE}=1 ./dev test tests/e2e/test_operations.py"


async def test_the_process_is_alive_and_says_which_version_it_is(house: House) -> None:
    """rules: OPS-01"""
    alive = await house.client.get("/health/live")
    shown = await house.client.get("/version")

    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert shown.json() == {"name": "coinbitclub", "version": version("coinbitclub")}


async def test_readiness_names_each_part_with_its_state_and_age(house: House) -> None:
    """rules: OPS-01, GEN-12"""
    unknown = (await house.client.get("/health/ready")).json()
    await house.market()
    known = (await house.client.get("/health/ready")).json()

    assert unknown["status"] == "ok"
    assert unknown["parts"]["market"] == {"state": "unknown", "age_s": None}
    assert known["parts"]["market"] == {"state": "ok", "age_s": 0}


async def document(house: House) -> Json:
    answer: Json = (await house.client.get("/openapi.json")).json()
    return answer


async def test_the_document_is_the_one_that_was_reviewed(house: House) -> None:
    """rules: API-01"""
    served = json.dumps(await document(house), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get(WRITE):
        DOCUMENT.write_text(served, "utf-8")

    assert served == DOCUMENT.read_text("utf-8"), HOW


async def test_the_document_names_every_route_and_how_it_fails(house: House) -> None:
    """rules: API-01, GEN-09"""
    paths = (await document(house))["paths"]
    routes = {
        route.path_format: {str(method) for method in route.methods if method != "OPTIONS"}
        for route in house.app.routes
        if hasattr(route, "methods") and not route.path_format.startswith(("/docs", "/openapi"))
    }

    assert {path: {method.upper() for method in item} for path, item in paths.items()} == routes
    for path, item in paths.items():
        for method, operation in item.items():
            failures = [answer for status, answer in operation["responses"].items() if int(status) >= 400]
            assert all("application/problem+json" in answer["content"] for answer in failures), (method, path)


async def test_the_document_can_be_looked_at(house: House) -> None:
    """rules: API-01"""
    page = await house.client.get("/docs")

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "openapi.json" in page.text


async def raw(url: str, request: bytes) -> bytes:
    """Send bytes as they are and read until the server has no more to say."""
    parts = httpx.URL(url)
    reader, writer = await asyncio.open_connection(parts.host, parts.port)
    writer.write(request)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(65_536), 10)
    writer.close()
    return answer


async def test_over_a_socket_alerts_come_in_and_noise_bounces_off(house: House) -> None:
    """rules: SIG-40, SIG-46, API-04"""
    path = f"/api/webhooks/signal/{house.secret}"
    async with (
        serving(house.app, open_socket("127.0.0.1", 0)) as url,
        httpx.AsyncClient(base_url=url, headers={"Connection": "close"}) as client,
    ):
        accepted = await client.post(path, content=json.dumps(house.body()), headers={"Content-Type": "text/plain"})
        repeated = await client.post(path, content=json.dumps(house.body()))
        too_large = await client.post(path, content=b"x" * 70_000)
        unknown = await client.post("/api/webhooks/signal/%2e%2e%2f%00%ff", content=b"{}")
        chunked = await raw(
            url,
            b"POST "
            + path.encode()
            + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            + b"2\r\n{}\r\n0\r\n\r\n",
        )
        garbage = await raw(url, b"\x16\x03\x01\x02\x00\x01\r\n\r\n")
        lying = await raw(url, b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n")
        dotted = await raw(url, b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert (accepted.status_code, repeated.status_code) == (202, 200)
    problem(too_large, 413, "payload_too_large")
    assert unknown.status_code in (401, 404)
    assert chunked.startswith(b"HTTP/1.1 422")
    assert garbage.startswith(b"HTTP/1.1 400")
    assert lying.startswith(b"HTTP/1.1 400")
    assert dotted.startswith(b"HTTP/1.1 404")
    assert len(await house.rows("SELECT 1 FROM signals")) == 1


def test_a_busy_port_is_known_at_once() -> None:
    """rules: OPS-01"""
    with open_socket("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(Unavailable, match="port_busy"):
            open_socket("127.0.0.1", taken.getsockname()[1])
