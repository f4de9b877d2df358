"""Every environment variable of the platform, what it means, and what applies without it (contract section 4)."""

from typing import Final

import attrs


@attrs.frozen
class Variable:
    """One `CBC_*` variable: `field` of Settings takes it, `absent` says in words what applies without it.

    `choices` are the values allowed, empty for any. A value that is `secret` is never shown.
    """

    name: str
    field: str
    meaning: str
    absent: str
    choices: tuple[str, ...] = ()
    secret: bool = False


VARIABLES: Final = (
    Variable(
        "CBC_ENV",
        "env",
        "In production a weak or missing secret refuses the start, and nobody is made administrator.",
        "development",
        choices=("development", "production"),
    ),
    Variable("CBC_DATA_DIR", "data_dir", "Where the embedded database, generated keys and letters live.", "~/.coinbitclub"),
    Variable(
        "CBC_DATABASE_URL",
        "database_url",
        "`postgresql+asyncpg://…` of the database.",
        "embedded PostgreSQL in the data directory",
        secret=True,
    ),
    Variable(
        "CBC_REDIS_URL",
        "redis_url",
        "`redis://…`, where several processes count requests together.",
        "counted in this process",
        secret=True,
    ),
    Variable(
        "CBC_SECRET_KEY",
        "secret_key",
        "Signs access tokens: 32 random characters or more.",
        "made once in the data directory; required in production",
        secret=True,
    ),
    Variable(
        "CBC_MASTER_KEYS",
        "master_keys",
        "Seal exchange keys: `id:base64` of 256 random bits, comma-separated, the first is current.",
        "made once in the data directory; required in production",
        secret=True,
    ),
    Variable(
        "CBC_LIVE_TRADING",
        "live_trading",
        "Without 1 no order leaves for a `live` key.",
        "0",
        choices=("0", "1"),
    ),
    Variable(
        "CBC_EXCHANGE_GATEWAY",
        "exchange_gateway",
        "`host:port` to which every exchange host name is resolved: an egress gateway, or `cbc venue-sim`.",
        "the venues' own addresses",
    ),
    Variable(
        "CBC_EXCHANGE_CA_FILE",
        "exchange_ca_file",
        "The certificate authority (PEM) that the exchange gateway answers with.",
        "the system's certificate authorities",
    ),
    Variable(
        "CBC_EXCHANGE_PROXIES",
        "exchange_proxies",
        "HTTP proxies of single exchanges, calls and streams: `exchange=http://host:port`, comma-separated.",
        "no exchange has one",
        secret=True,
    ),
    Variable(
        "CBC_OUTGOING_ADDRESSES",
        "outgoing_addresses",
        "The IP addresses that exchanges see us come from, comma-separated: members allow them for their keys.",
        "none are shown",
    ),
    Variable(
        "CBC_TRUSTED_PROXIES",
        "trusted_proxies",
        "How many proxies of our own stand before the API and add to `X-Forwarded-For`.",
        "0",
        choices=("0", "1", "2", "3"),
    ),
    Variable(
        "CBC_LOG_FORMAT",
        "log_format",
        "How log lines on standard error look.",
        "console",
        choices=("console", "json"),
    ),
    Variable(
        "CBC_LOG_LEVEL",
        "log_level",
        "The least important log line that is written.",
        "info",
        choices=("debug", "info", "warning", "error"),
    ),
)
