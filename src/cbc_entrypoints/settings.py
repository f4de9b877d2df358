"""Every setting of the platform: one frozen value, read once from the environment, safe by default."""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import attrs

from cbc_domain.kernel.errors import Invalid, Unavailable
from cbc_domain.kernel.venues import Venue
from cbc_entrypoints.variables import VARIABLES, Variable

WEAKEST_SECRET: Final = 32
"""Characters; SEC-01 refuses shorter ones in production."""
SEALING_KEY_BYTES: Final = 32
DEFAULT_DATA_DIR: Final = Path("~/.coinbitclub").expanduser()
_GATEWAY: Final = re.compile(r"[^\s:/]+:[0-9]{1,5}")
_PROXY: Final = re.compile(r"http://([^\s/@]+@)?[^\s:/@]+:[0-9]{1,5}")
_PROXIED: Final = frozenset(Venue) - {Venue.PAPER}
_SECRET_FILE: Final = "secret.key"
_SEALING_FILE: Final = "master.key"


@attrs.frozen
class Settings:
    """What `CBC_*` says; None means that the default described in the contract applies."""

    env: str = "development"
    data_dir: Path = DEFAULT_DATA_DIR
    database_url: str | None = None
    redis_url: str | None = None
    secret_key: str | None = attrs.field(default=None, repr=False)
    master_keys: str | None = attrs.field(default=None, repr=False)
    live_trading: bool = False
    exchange_gateway: str | None = None
    exchange_ca_file: Path | None = None
    exchange_proxies: Mapping[Venue, str] = attrs.field(factory=dict, repr=False)
    outgoing_addresses: tuple[str, ...] = ()
    trusted_proxies: int = 0
    log_format: str = "console"
    log_level: str = "info"

    @property
    def production(self) -> bool:
        return self.env == "production"

    def signing_key(self) -> str:
        """The key that signs access tokens; in development one is made once in the data directory."""
        return self.secret_key or _kept(self.data_dir / _SECRET_FILE, lambda: secrets.token_hex(WEAKEST_SECRET))

    def sealing_keys(self) -> tuple[tuple[str, bytes], ...]:
        """Sealing keys by id, the current one first; in development one is made once in the data directory."""
        text = self.master_keys or _kept(self.data_dir / _SEALING_FILE, _fresh_sealing_key)
        return tuple(_sealing_key(item) for item in text.split(","))


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the environment (contract section 4). Raises Invalid `settings_invalid` naming variable and expectation."""
    given = {variable.field: _allowed(variable, value) for variable in VARIABLES if (value := environ.get(variable.name))}
    url = given.get("database_url")
    if url and not url.startswith("postgresql+asyncpg://"):
        raise Invalid("settings_invalid", "CBC_DATABASE_URL: expected postgresql+asyncpg://…, was another scheme")
    settings = Settings(
        env=given.get("env", "development"),
        data_dir=Path(given["data_dir"]).expanduser() if "data_dir" in given else DEFAULT_DATA_DIR,
        database_url=url,
        redis_url=given.get("redis_url"),
        secret_key=given.get("secret_key"),
        master_keys=given.get("master_keys"),
        live_trading=given.get("live_trading") == "1",
        exchange_gateway=_gateway(given.get("exchange_gateway")),
        exchange_ca_file=Path(given["exchange_ca_file"]).expanduser() if "exchange_ca_file" in given else None,
        exchange_proxies=_proxies(given.get("exchange_proxies")),
        outgoing_addresses=_addresses(given.get("outgoing_addresses")),
        trusted_proxies=int(given.get("trusted_proxies", "0")),
        log_format=given.get("log_format", "console"),
        log_level=given.get("log_level", "info"),
    )
    _refuse_weak(settings)
    return settings


def _allowed(variable: Variable, value: str) -> str:
    if variable.choices and value not in variable.choices:
        expected = " or ".join(variable.choices)
        raise Invalid("settings_invalid", f"{variable.name}: expected {expected}, was {value[:40]!r}")
    return value


def _gateway(text: str | None) -> str | None:
    if text is not None and not _GATEWAY.fullmatch(text):
        raise Invalid("settings_invalid", f"CBC_EXCHANGE_GATEWAY: expected host:port, was {text[:40]!r}")
    return text


def _proxies(text: str | None) -> Mapping[Venue, str]:
    named = [one.strip().partition("=") for one in text.split(",")] if text else []
    urls = {Venue(name): url for name, _, url in named if name in _PROXIED and _PROXY.fullmatch(url)}
    if len(urls) < len(named):
        # What was found may hold a password.
        expected = "exchange=http://host:port, comma-separated, one for each exchange"
        raise Invalid("settings_invalid", f"CBC_EXCHANGE_PROXIES: expected {expected}")
    return urls


def _addresses(text: str | None) -> tuple[str, ...]:
    try:
        return tuple(str(ip_address(one.strip())) for one in text.split(",")) if text else ()
    except ValueError:
        raise Invalid("settings_invalid", "CBC_OUTGOING_ADDRESSES: expected IP addresses, comma-separated") from None


def _refuse_weak(settings: Settings) -> None:
    if settings.master_keys:
        settings.sealing_keys()
    if not settings.production:
        return
    if not settings.secret_key or len(settings.secret_key) < WEAKEST_SECRET or len(set(settings.secret_key)) < 8:
        raise Invalid("settings_invalid", f"CBC_SECRET_KEY: expected at least {WEAKEST_SECRET} random characters in production")
    if not settings.master_keys:
        raise Invalid("settings_invalid", "CBC_MASTER_KEYS: expected `id:base64` of 256 random bits in production")


def _sealing_key(item: str) -> tuple[str, bytes]:
    name, _, text = item.strip().partition(":")
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if not name or len(key) != SEALING_KEY_BYTES or len(set(key)) < 8:
        raise Invalid("settings_invalid", "CBC_MASTER_KEYS: expected `id:base64` of 256 random bits")
    return name, key


def _fresh_sealing_key() -> str:
    return f"k1:{base64.b64encode(secrets.token_bytes(SEALING_KEY_BYTES)).decode()}"


def make_data_dir(settings: Settings) -> None:
    """Make the data directory, for this user alone. Raises Unavailable `data_dir_unwritable`."""
    with _writing(settings.data_dir):
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)


def _kept(path: Path, make: Callable[[], str]) -> str:
    with _writing(path.parent):
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_once(path, make())
        return path.read_text()


@contextmanager
def _writing(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        detail = f"expected a directory to write to at {directory}, was {fault.strerror}"
        raise Unavailable("data_dir_unwritable", detail) from fault


def _write_once(path: Path, text: str) -> None:
    """Two processes that start together agree: the file appears whole, and only the first one's."""
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
