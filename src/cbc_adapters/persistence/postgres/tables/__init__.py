"""Every table of the database, one module for each part of the business."""

from cbc_adapters.persistence.postgres.tables import (
    books,
    keys,
    lane,
    outcomes,
    people,
    proofs,
    signals,
    sweeps,
    trades,
    transfers,
    work,
)
from cbc_adapters.persistence.postgres.tables.metadata import METADATA

__all__ = [
    "METADATA",
    "books",
    "keys",
    "lane",
    "outcomes",
    "people",
    "proofs",
    "signals",
    "sweeps",
    "trades",
    "transfers",
    "work",
]
