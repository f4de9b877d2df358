"""The machine's clock and cryptographic identities."""
