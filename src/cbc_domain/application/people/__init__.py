"""Registration, sign-in, settings."""
