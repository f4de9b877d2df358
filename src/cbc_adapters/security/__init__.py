"""Passwords, access tokens and sealed secrets."""
