"""A unit test that reaches for the network fails, and says so."""

import socket
from collections.abc import Iterator
from typing import NoReturn

import pytest


@pytest.fixture(scope="module", autouse=True)
def no_network() -> Iterator[None]:
    def refuse(*address: object) -> NoReturn:
        raise AssertionError(f"expected a unit test without a socket, was a call of {address[1:]}")

    with pytest.MonkeyPatch.context() as patch:
        for verb in ("bind", "connect", "connect_ex"):
            patch.setattr(socket.socket, verb, refuse)
        yield
