"""Traps that the workers of a seed share: whoever steps into an armed one is killed on the spot."""

import mmap
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.chaos.points import POINTS

_PLACE: Final = {point: number for number, point in enumerate(POINTS)}
_SIZE: Final = 2 * len(POINTS)


class Traps:
    """A byte for each point that counts down to the kill, and one that counts kills; mutable because it is a shared file."""

    def __init__(self, path: Path, *, new: bool = False) -> None:
        if new:
            path.write_bytes(bytes(_SIZE))
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), _SIZE)

    def arm(self, point: str, passes: int) -> None:
        """Kill whoever comes by as the `passes`-th from now."""
        self._bytes[_PLACE[point]] = passes

    def disarm(self) -> None:
        for place in _PLACE.values():
            self._bytes[place] = 0

    def step(self, point: str) -> None:
        """Pass a point, or die there by a real SIGKILL."""
        place = _PLACE[point]
        left = self._bytes[place]
        if left == 0:
            return
        self._bytes[place] = left - 1
        if left == 1:
            self._bytes[len(POINTS) + place] += 1
            os.kill(os.getpid(), signal.SIGKILL)

    def kills(self) -> Mapping[str, int]:
        """How often somebody died at each point."""
        return {point: self._bytes[len(POINTS) + place] for point, place in _PLACE.items() if self._bytes[len(POINTS) + place]}

    def close(self) -> None:
        self._bytes.close()
