"""Acts that do everything there is to do: one run at a time in a process, and one more for all who asked meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable


class OneAtATime:
    """When a leap closes a hundred positions, each asks for a settlement of all: two of them do what a hundred would.

    Mutable: it knows whether somebody waits for the run after this one.
    """

    def __init__(self, act: Callable[[], Awaitable[object]]) -> None:
        self._act = act
        self._turn = asyncio.Lock()
        self._somebody_waits = False

    async def __call__(self) -> None:
        """Run the act, after the run that is under way.

        Returns at once when somebody waits already: his run has not begun, and covers what this call is for. Should it fail or
        its process die, he is the one who has to ask again. Raises what the act raises.
        """
        if self._somebody_waits:
            return
        self._somebody_waits = True
        try:
            await self._turn.acquire()
        finally:
            self._somebody_waits = False
        try:
            await self._act()
        finally:
            self._turn.release()
