"""The roles a worker process can have (ARC-04)."""

from enum import StrEnum


class Role(StrEnum):
    ALL = "all"
    INGEST = "ingest"
    EXECUTE = "execute"
    MARKET = "market"
    MONEY = "money"
    NOTIFY = "notify"

    def covers(self, work: "Role") -> bool:
        """Say whether a worker of this role does work of that role."""
        return self in {Role.ALL, work}
