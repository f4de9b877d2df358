"""Many rows in one statement: each column travels as one array, so the text is the same for any number of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Executable, Table, TableValuedAlias, Update, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_into
from sqlalchemy.dialects.postgresql.dml import Insert as PostgresInsert
from sqlalchemy.types import TypeEngine

Row = Mapping[str, Any]
Columns = tuple[str, ...]
Values = Mapping[str, Sequence[Any]]
Statement = TypeVar("Statement", bound=Executable)

BATCH = "batch"


def over_rows(make: Callable[[Columns], Statement]) -> Callable[[Sequence[Row]], tuple[Statement, Values]]:
    """Turn what makes a statement for the columns of its rows into what takes rows, of which there must be one.

    The statement is made once and told with the values of each call: making one takes three times as long as running it.
    """
    made = cache(make)
    return lambda rows: (made(tuple(rows[0])), values_of(rows))


def values_of(rows: Sequence[Row], name: str = BATCH) -> Values:
    """The arrays of rows that all have the keys of the first."""
    return {f"{name}_{key}": [row[key] for row in rows] for key in rows[0]}


def batch(rows: Sequence[Row], types: Mapping[str, TypeEngine[Any]], name: str = BATCH) -> TableValuedAlias:
    """Lay rows out as a table of these columns, with `place` counting from 1 in the order given; for one call only."""
    arrays = [bindparam(f"{name}_{key}", [row[key] for row in rows], _arrays(kind)) for key, kind in types.items()]
    return _table(arrays, types, name)


def rows_of(types: Mapping[str, TypeEngine[Any]], name: str = BATCH) -> TableValuedAlias:
    """The same table without its rows, which come with each call (`values_of`)."""
    return _table([bindparam(f"{name}_{key}", type_=_arrays(kind)) for key, kind in types.items()], types, name)


def insert_rows(table: Table, columns: Columns) -> PostgresInsert:
    """Insert rows of these columns, in the order given."""
    new = rows_of(_types(table, columns))
    return insert_into(table).from_select(columns, select(*(new.c[name] for name in columns)).order_by(new.c.place))


def update_rows(table: Table, columns: Columns, *key: str) -> Update:
    """Set all other columns of the rows that `key` names; rows that are not there change nothing."""
    new = rows_of(_types(table, columns))
    values = {name: new.c[name] for name in columns if name not in key}
    return update(table).values(values).where(*(table.c[name] == new.c[name] for name in key))


def _table(arrays: Iterable[BindParameter[Any]], types: Mapping[str, TypeEngine[Any]], name: str) -> TableValuedAlias:
    columns = [column(key, kind) for key, kind in types.items()]
    return func.unnest(*arrays).table_valued(*columns, with_ordinality="place").render_derived(name=name)


def _arrays(kind: TypeEngine[Any]) -> ARRAY[Any]:
    return ARRAY(kind, dimensions=1)


def _types(table: Table, columns: Columns) -> dict[str, TypeEngine[Any]]:
    return {name: table.c[name].type for name in columns}
