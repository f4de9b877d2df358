"""Proofs that the platform is right, and the story behind any row."""
