"""The development channel: letters go to a file in the data directory instead of a mail server (NTF-01)."""
