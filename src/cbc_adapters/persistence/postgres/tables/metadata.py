"""How every table names its constraints and what its columns are made of (DAT-03, DAT-04)."""

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum
from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Index, Interval, MetaData, Numeric, Text, TextClause, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.types import TypeEngine

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

identity: Final = Uuid(as_uuid=True)
text: Final = Text()
document: Final = JSONB(none_as_null=True)
duration: Final = Interval()
instant: Final = TIMESTAMP(timezone=True)
money: Final = BigInteger()
"""Minor units of the currency that stands beside it."""
asset: Final[TypeEngine[Decimal]] = Numeric(asdecimal=True)
"""Prices, quantities and USDT amounts, without a bound: venues tick finer than eight places, averages are kept exactly."""
rate: Final[TypeEngine[Decimal]] = Numeric(18, 10, asdecimal=True)


def one_of(column: str, values: type[Enum] | Iterable[str]) -> CheckConstraint:
    """Allow only the values of an enum, or these words, in a text column; NULL stays what the column itself allows."""
    words = [str(member.value) for member in values] if isinstance(values, type) else list(values)
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def at_least(column: str, least: int) -> CheckConstraint:
    return CheckConstraint(f"{column} >= {least}", name=column)


def above_zero(column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} > 0", name=column)


def index(
    name: str,
    *columns: str,
    unique: bool = False,
    postgresql_where: TextClause | None = None,
    postgresql_using: str | None = None,
    postgresql_nulls_not_distinct: bool = False,
) -> Index:
    """An index of its own name, for the list order or job query that it serves (DAT-06)."""
    return Index(
        f"ix_{name}",
        *columns,
        unique=unique,
        postgresql_where=postgresql_where,
        postgresql_using=postgresql_using,
        postgresql_nulls_not_distinct=postgresql_nulls_not_distinct,
    )
