"""A statement over rows is made once, however many of them come with each call."""

from sqlalchemy import Column, Integer, MetaData, String, Table, Update

from cbc_adapters.persistence.postgres.batches import Columns, over_rows, update_rows

THINGS = Table("things", MetaData(), Column("id", Integer), Column("name", String), Column("size", Integer))


@over_rows
def save(columns: Columns) -> Update:
    return update_rows(THINGS, columns, "id")


def test_calls_with_the_same_columns_share_a_statement_and_bring_their_own_values() -> None:
    one, first = save([{"id": 1, "name": "a"}])
    same, second = save([{"id": 2, "name": "b"}, {"id": 3, "name": "c"}])

    assert one is same
    assert first == {"batch_id": [1], "batch_name": ["a"]}
    assert second == {"batch_id": [2, 3], "batch_name": ["b", "c"]}


def test_rows_with_other_columns_have_a_statement_of_their_own() -> None:
    narrow, _ = save([{"id": 1, "size": 2}])
    wide, values = save([{"id": 1, "name": "a", "size": 2}])

    assert narrow is not wide
    assert set(values) == {"batch_id", "batch_name", "batch_size"}
