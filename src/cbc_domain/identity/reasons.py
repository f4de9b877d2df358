"""The reason that every act of staff must name (ROL-07)."""

from typing import Final

from cbc_domain.kernel.errors import Invalid

SHORTEST_REASON: Final = 10
"""Characters."""


def checked_reason(reason: str) -> str:
    """The reason without the space around it. Raises Invalid `reason_required`."""
    told = reason.strip()
    if len(told) < SHORTEST_REASON:
        raise Invalid("reason_required", f"expected a reason of at least {SHORTEST_REASON} characters, was {len(told)}")
    return told
