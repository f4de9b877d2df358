"""Letters to members, by whatever channel they can be reached."""

from collections.abc import Mapping
from typing import Protocol

from cbc_domain.identity.model import Member


class Letters(Protocol):
    async def send(self, member: Member, letter: str, values: Mapping[str, str]) -> None:
        """Hand a letter over by its name; a channel that fails never fails the business act (NTF-02)."""
