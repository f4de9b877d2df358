"""The workers: who does what waits, and how long they wait for it."""
