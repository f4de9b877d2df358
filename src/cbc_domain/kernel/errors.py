"""The tree of domain errors, each with a stable code of rule book section 37.

DomainError
├── Invalid          a value cannot be what it claims to be (422)
│   └── FieldFaults  one or more named fields are wrong (422 validation_error)
├── Conflict         the state does not allow it, or a key was used for something else (409)
├── NotFound         nothing of that name that the asker may see (404)
├── Gone             it was there and its time is over (410)
├── Denied           the asker may not (401, 403)
├── TooMany          the asker is too fast (429)
└── Unavailable      something outside cannot answer now (503)
"""

from datetime import timedelta

import attrs


class DomainError(Exception):
    """Carry a stable snake_case `code`; the text says what was expected and what was found, never a secret."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Invalid(DomainError):
    pass


class Conflict(DomainError):
    pass


class NotFound(DomainError):
    pass


class Gone(DomainError):
    pass


class Denied(DomainError):
    pass


class TooMany(DomainError):
    """Refuse for speed; `retry_after` is how long to wait, at least."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("rate_limited", f"expected a pause of {retry_after.total_seconds():.0f} s")
        self.retry_after = retry_after


class Unavailable(DomainError):
    pass


@attrs.frozen
class FieldFault:
    """Name one wrong field (`path.with.dots`), what is wrong in words, and its field code (section 37)."""

    field: str
    message: str
    code: str


class FieldFaults(Invalid):
    """Refuse a whole request for all its wrong fields at once (GEN-09, CFG-02)."""

    def __init__(self, faults: tuple[FieldFault, ...]) -> None:
        super().__init__("validation_error", "; ".join(f"{fault.field}: {fault.message}" for fault in faults))
        self.faults = faults
