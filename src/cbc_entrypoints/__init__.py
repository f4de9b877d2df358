"""The programs people and machines start: the command line, the HTTP API and the workers."""
