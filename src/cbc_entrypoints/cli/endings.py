"""How the command line ends when something is wrong: one line and an exit code of the contract, never a stack trace."""

import os
import tempfile
import traceback
from typing import Final

import click

from cbc_domain.kernel.errors import Conflict, Denied, DomainError, FieldFaults, Gone, Invalid, TooMany
from cbc_entrypoints.logs import without_secrets

DONE: Final = 0
WRONG: Final = 1
"""The thing asked about is wrong or not there: a proof fails, a schema differs, an id is unknown."""
BAD_USAGE: Final = 2
OUTSIDE: Final = 3
"""Something outside is unavailable; also a fault of this program, so that 1 is only said about what was asked."""
INTERRUPTED: Final = 130
"""What shells expect after Ctrl-C."""

LONGEST: Final = 200
"""Characters of an unexpected error that go into its line."""

_SETTINGS_CODES: Final = frozenset({"data_dir_unwritable"})
_GIVEN: Final = (Invalid, Conflict, Gone, Denied, TooMany)


def exit_code(fault: DomainError) -> int:
    """The exit code of a failure: 2 for what the caller gave, 3 for what is outside, 1 for what was found."""
    if isinstance(fault, _GIVEN) or fault.code in _SETTINGS_CODES:
        return BAD_USAGE
    return WRONG if fault.code == "not_found" else OUTSIDE


def tell(fault: BaseException) -> int:
    """Say on standard error in one line what happened, and answer the exit code."""
    text, code = _ending(_first(fault))
    click.echo(f"cbc: {' '.join(text.split())}", err=True)
    return code


def _ending(fault: BaseException) -> tuple[str, int]:
    match fault:
        case click.UsageError(ctx=click.Context() as context):
            return f"{fault.format_message()} See `{context.command_path} --help`.", BAD_USAGE
        case click.ClickException():
            return fault.format_message(), BAD_USAGE
        case FieldFaults():
            return fault.detail, BAD_USAGE
        case DomainError():
            return f"{fault.detail} ({fault.code})", exit_code(fault)
        case _:
            said = without_secrets(f"{type(fault).__name__}: {fault}")[:LONGEST]
            return f"unexpected {said}; the whole story is in {_kept_story(fault)}", OUTSIDE


def _first(fault: BaseException) -> BaseException:
    """The fault itself, or the first of a group of tasks that ended together."""
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault


def _kept_story(fault: BaseException) -> str:
    handle, path = tempfile.mkstemp(prefix="cbc-crash-", suffix=".txt", text=True)
    with os.fdopen(handle, "w") as file:
        file.write(without_secrets("".join(traceback.format_exception(fault))))
    return path
