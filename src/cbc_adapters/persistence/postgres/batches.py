"""Many rows in one statement: each column travels as one array, so the text is the same for any number of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, TableValuedAlias, Update, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_into
from sqlalchemy.dialects.postgresql.dml import Insert as PostgresInsert
from sqlalchemy.types import TypeEngine

Row = Mapping[str, Any]


def batch(rows: Sequence[Row], types: Mapping[str, TypeEngine[Any]], name: str = "batch") -> TableValuedAlias:
    """Lay rows out as a table of these columns, with `place` counting from 1 in the order given."""
    arrays = [bindparam(f"{name}_{key}", [row[key] for row in rows], ARRAY(kind, dimensions=1)) for key, kind in types.items()]
    columns = [column(key, kind) for key, kind in types.items()]
    return func.unnest(*arrays).table_valued(*columns, with_ordinality="place").render_derived(name=name)


def insert_rows(table: Table, rows: Sequence[Row]) -> PostgresInsert:
    """Insert rows that all have the keys of the first, in the order given; there must be one."""
    new = batch(rows, _types(table, rows))
    names = list(rows[0])
    return insert_into(table).from_select(names, select(*(new.c[name] for name in names)).order_by(new.c.place))


def update_rows(table: Table, rows: Sequence[Row], *key: str) -> Update:
    """Set all other columns of the rows that `key` names; rows that are not there change nothing."""
    new = batch(rows, _types(table, rows))
    values = {name: new.c[name] for name in rows[0] if name not in key}
    return update(table).values(values).where(*(table.c[name] == new.c[name] for name in key))


def _types(table: Table, rows: Sequence[Row]) -> dict[str, TypeEngine[Any]]:
    return {name: table.c[name].type for name in rows[0]}
