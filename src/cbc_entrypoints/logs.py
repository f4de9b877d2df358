"""Structured logs: events with fields, request ids, and no secret in any line (OPS-06, PRV-02)."""

import logging
import re
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_SECRET_FIELD: Final = re.compile(r"secret|token|password|passphrase|api_key|authorization|cookie|email|phone", re.IGNORECASE)
_SECRET_TEXT: Final = re.compile(
    r"(?<=/api/webhooks/signal/)[^\s/?\"']+|(?<=Bearer )\S+|(?<=://)[^\s/@]+@|(?<=DETAIL:).+|"
    r"(?<=signature=)[^\s&\"']+|(?<=listenKey=)[^\s&\"']+"
)
MASK: Final = "***"


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask every field whose name says that it is a secret or personal, and secrets inside paths, headers and URLs."""
    for name, value in event.items():
        if _SECRET_FIELD.search(name):
            event[name] = MASK
        elif isinstance(value, str):
            event[name] = without_secrets(value)
    return event


def without_secrets(text: str) -> str:
    """Mask webhook secrets, bearer tokens, user information, signatures and stream keys of URLs wherever they stand."""
    return _SECRET_TEXT.sub(MASK, text)


def configure(log_format: str, level: str) -> None:
    """Set up structlog and the standard library's logging alike; called once, at start."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    renderer = structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for noisy in ("asyncio", "pgqueuer", "alembic", "httpx", "uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
