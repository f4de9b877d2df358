"""A light HTTP client for measuring: kept connections, one request at a time on each, the time of every answer."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from math import ceil
from typing import Final
from urllib.parse import urlsplit

import attrs

_LENGTH: Final = b"content-length:"


@attrs.frozen
class Post:
    """A request that is ready to be sent, and the status that its answer must have."""

    path: str
    body: bytes
    expected: int = 202


@attrs.frozen
class Load:
    """What came of many requests: how long all took, and each one, in seconds."""

    seconds: float
    each: Sequence[float]

    @property
    def per_second(self) -> float:
        return len(self.each) / self.seconds

    def quantile_ms(self, share: float) -> float:
        """The time within which this share of the answers came, in milliseconds."""
        return quantile(self.each, share) * 1_000


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that this share of them does not exceed."""
    return sorted(values)[max(0, ceil(len(values) * share) - 1)]


def together(loads: Sequence[Load]) -> Load:
    """Several rounds as one."""
    return Load(sum(load.seconds for load in loads), [each for load in loads for each in load.each])


async def post_all(url: str, posts: Sequence[Post], connections: int) -> Load:
    """Send them all over so many connections; raises AssertionError for an answer with another status."""
    address = urlsplit(url)
    waiting, times = iter(posts), list[float]()
    opened = [await asyncio.open_connection(address.hostname, address.port) for _ in range(connections)]
    began = time.perf_counter()
    await asyncio.gather(*(_work(address.netloc, waiting, times, *one) for one in opened))
    seconds = time.perf_counter() - began
    for _, writer in opened:
        writer.close()
    return Load(seconds, times)


async def _work(
    host: str, waiting: Iterator[Post], times: list[float], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    for post in waiting:
        head = f"POST {post.path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        began = time.perf_counter()
        writer.write(f"{head}Content-Length: {len(post.body)}\r\n\r\n".encode() + post.body)
        answer = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(answer))
        times.append(time.perf_counter() - began)
        status = int(answer[9:12])
        assert status == post.expected, f"expected {post.expected}, was {status}: {body[:200]!r}"


def _length(head: bytes) -> int:
    lower = head.lower()
    start = lower.index(_LENGTH) + len(_LENGTH)
    return int(lower[start : lower.index(b"\r", start)])
