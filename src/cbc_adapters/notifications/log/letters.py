"""Letters as lines of a file that only the operator of this machine can read."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import attrs
import structlog

from cbc_domain.identity.model import Member

log = structlog.get_logger()


@attrs.frozen
class LogLetters:
    """Appends one JSON line a letter, with its one-time token; the log names the letter and the member only."""

    file: Path

    async def send(self, member: Member, letter: str, values: Mapping[str, str]) -> None:
        line = json.dumps({"to": member.email, "letter": letter, **values})
        try:
            with os.fdopen(os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
                file.write(line + "\n")
        except OSError as fault:
            log.error("letter.lost", letter=letter, member=str(member.id), cause=type(fault).__name__)
            return
        log.info("letter.written", letter=letter, member=str(member.id), file=str(self.file))
