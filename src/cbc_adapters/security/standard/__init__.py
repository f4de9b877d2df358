"""Argon2id, signed tokens and AES-GCM from well-kept libraries."""
