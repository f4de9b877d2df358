"""Password hashes by Argon2id."""

import asyncio
from collections.abc import Collection
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cbc_adapters.security.standard.leaked import LEAKED, is_run

AT_ONCE: Final = 4
"""Hashes made at the same time; each takes 19 MiB and a core for some 40 ms."""


class Argon2Passwords:
    """Hash with 19 MiB, two passes and one lane (AUT-04), in threads so that nobody else waits."""

    def __init__(self, leaked: Collection[str] = LEAKED) -> None:
        """`leaked` holds the passwords to refuse, in lower case."""
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._leaked = frozenset(leaked)
        self._nobodys = self._hasher.hash("nobody has this password")

    def breached(self, password: str) -> bool:
        folded = password.casefold()
        return folded in self._leaked or is_run(folded)

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password: str, hashed: str | None) -> bool:
        async with self._turns:
            is_right = await asyncio.to_thread(self._verify, password, hashed or self._nobodys)
        return is_right and hashed is not None

    def _verify(self, password: str, hashed: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False
