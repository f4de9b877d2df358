"""The four venues as servers on loopback: their own wire protocols over the simulated engine."""
