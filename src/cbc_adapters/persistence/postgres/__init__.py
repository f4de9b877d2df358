"""The stores on PostgreSQL: tables, statements, migrations and background jobs."""
