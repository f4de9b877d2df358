"""The history of the schema, one revision after the other, each with its way back (DAT-01)."""
