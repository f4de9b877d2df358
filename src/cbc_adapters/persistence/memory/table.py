"""Transactional collections: every change can be undone until the unit that made it commits."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial
from typing import Final, Generic, Protocol, Self, TypeVar


class Comparable(Protocol):
    def __lt__(self, other: Self, /) -> bool: ...


K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
G = TypeVar("G", bound=Hashable)
P = TypeVar("P", bound=Comparable)
R_contra = TypeVar("R_contra", contravariant=True)

ALL: Final = "all"
"""The group of an index that does not divide its rows."""


class Changes:
    """What the open unit has changed, newest last; mutable, because it is the undo log of the whole store."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []
        self._open = False

    def begin(self) -> None:
        self._open = True

    def record(self, undo: Callable[[], None]) -> None:
        """Raises RuntimeError outside a unit: a unit is spent once it has committed."""
        if not self._open:
            raise RuntimeError("expected an open unit of work, was a spent one")
        self._undo.append(undo)

    def mark(self) -> int:
        """A point to which `back_to` can return."""
        return len(self._undo)

    def back_to(self, mark: int) -> None:
        while len(self._undo) > mark:
            self._undo.pop()()

    def keep(self) -> None:
        self._undo.clear()
        self._open = False

    def drop(self) -> None:
        self.back_to(0)
        self._open = False


class Follower(Protocol[R_contra]):
    def follow(self, before: R_contra | None, after: R_contra | None) -> None:
        """Take over one change of a row; None before it was there, None after it is gone."""


class Index(Generic[V, G, P]):
    """The places of a table's rows by group, ascending; a row whose group is None is left out.

    Places are unique within a group and carry the row's key. Mutable: it follows its table.
    """

    def __init__(self, group: Callable[[V], G | None], place: Callable[[V], P]) -> None:
        self._group, self._place = group, place
        self._places: dict[G, list[P]] = {}

    def follow(self, before: V | None, after: V | None) -> None:
        old = None if before is None else self._group(before)
        new = None if after is None else self._group(after)
        if before is not None and after is not None and old == new and self._place(before) == self._place(after):
            return
        if before is not None and old is not None:
            places = self._places[old]
            del places[bisect_left(places, self._place(before))]
            if not places:
                del self._places[old]
        if after is not None and new is not None:
            insort(self._places.setdefault(new, []), self._place(after))

    def all(self, group: G) -> Sequence[P]:
        return tuple(self._places.get(group, ()))

    def count(self, group: G) -> int:
        return len(self._places.get(group, ()))

    def only(self, group: G) -> P | None:
        """The first place of a group, None without one."""
        places = self._places.get(group)
        return places[0] if places else None

    def after(self, group: G, place: P | None) -> Iterator[P]:
        """Places above `place`, ascending; all of them for None."""
        places = self._places.get(group, [])
        start = 0 if place is None else bisect_right(places, place)
        return (places[number] for number in range(start, len(places)))

    def between(self, group: G, least: P, most: P) -> Sequence[P]:
        """Places from `least` to `most`, both included, ascending."""
        places = self._places.get(group, [])
        return places[bisect_left(places, least) : bisect_right(places, most)]

    def before(self, group: G, place: P | None) -> Iterator[P]:
        """Places below `place`, descending; all of them for None."""
        places = self._places.get(group, [])
        end = len(places) if place is None else bisect_left(places, place)
        return (places[number] for number in range(end - 1, -1, -1))


class Table(Generic[K, V]):
    """Frozen rows by key; reading by key costs the same however many there are."""

    def __init__(self, changes: Changes, *followers: Follower[V]) -> None:
        self._changes, self._followers = changes, followers
        self._rows: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: K) -> bool:
        return key in self._rows

    def __getitem__(self, key: K) -> V:
        return self._rows[key]

    def get(self, key: K) -> V | None:
        return self._rows.get(key)

    def values(self) -> Iterator[V]:
        return iter(self._rows.values())

    def items(self) -> Iterator[tuple[K, V]]:
        return iter(self._rows.items())

    def put(self, key: K, row: V) -> None:
        self._changes.record(partial(self._set, key, self._rows.get(key)))
        self._set(key, row)

    def remove(self, key: K) -> None:
        self._changes.record(partial(self._set, key, self._rows.get(key)))
        self._set(key, None)

    def _set(self, key: K, row: V | None) -> None:
        before = self._rows.get(key)
        if row is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = row
        for follower in self._followers:
            follower.follow(before, row)


class Series(Generic[G, V]):
    """Rows that are only ever added, by group in the order of adding."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._rows: dict[G, list[V]] = {}

    def add(self, group: G, row: V) -> None:
        rows = self._rows.setdefault(group, [])
        self._changes.record(partial(_shorten, rows))
        rows.append(row)

    def of(self, group: G) -> Sequence[V]:
        """The rows as they stand; not to be kept over a change."""
        return self._rows.get(group, ())


def _shorten(rows: list[V]) -> None:
    rows.pop()
