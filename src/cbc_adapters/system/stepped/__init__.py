"""A clock that moves when told and identities that repeat for a seed."""
