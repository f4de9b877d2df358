"""A real PostgreSQL of the program's own: nothing to install, its files in one directory."""

from cbc_adapters.persistence.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres"]
