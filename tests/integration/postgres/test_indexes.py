"""Every reference can be followed backwards without reading a whole table."""

from typing import Final

from sqlalchemy import text

from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore

BARE: Final = text("""
SELECT constraint_.conname
FROM pg_constraint AS constraint_
WHERE constraint_.contype = 'f' AND constraint_.connamespace = 'public'::regnamespace AND NOT EXISTS (
    SELECT FROM pg_index AS index_
    WHERE index_.indrelid = constraint_.conrelid AND index_.indkey[0] = ANY (constraint_.conkey)
      AND (index_.indpred IS NULL OR pg_get_expr(index_.indpred, index_.indrelid) LIKE '(% IS NOT NULL)')
)
""")


async def test_every_foreign_key_has_an_index(store: PostgresStore) -> None:
    """rules: DAT-06"""
    async with store.engine.connect() as connection:
        assert list((await connection.scalars(BARE)).all()) == []


async def test_the_guard_sees_a_foreign_key_without_an_index(store: PostgresStore) -> None:
    """rules: DAT-06"""
    async with store.engine.connect() as connection:
        await connection.execute(text("CREATE TABLE bare (member uuid REFERENCES members)"))
        assert list((await connection.scalars(BARE)).all()) == ["bare_member_fkey"]
