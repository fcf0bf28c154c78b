"""What the surroundings decide: read once from the environment, checked, and refused when it would be unsafe."""

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

DEVELOPMENT_SECRET = "development-only-secret-never-used-in-production"
DEVELOPMENT_VAULT_KEY = base64.b64encode(b"development-only-vault-key-32byt").decode()

RETURN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}")
RETURN_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


class UnsafeSettings(RuntimeError):
    """The program refuses to start. Every problem is named at once."""


@dataclass(frozen=True)
class Settings:
    """Addresses, secrets and limits of one installation. README's settings table says what each is for."""

    environment: str = "development"
    secret_key: str = DEVELOPMENT_SECRET
    vault_keys: tuple[str, ...] = (DEVELOPMENT_VAULT_KEY,)
    database_url: str = "sqlite:///instance/portal.sqlite3"
    platform_database_url: str = ""
    scheme: str = "http"
    public_port: int | None = None
    trusted_proxies: int = 0
    gateway_api_base: str = "https://api.stripe.com"
    checkout_origin: str = "https://checkout.stripe.com"
    mail_server: str = "127.0.0.1"
    mail_port: int = 1025
    mail_username: str = ""
    mail_password: str = ""
    mail_tls: bool = False
    mail_from: str = "portal@localhost"
    mail_return_path: str = ""
    mail_bounces: str = ""
    mail_bounces_secret: str = ""
    limits_storage: str = "memory://"
    credit_alone: int = 1000
    staff_factor: str = "required"

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"

    def address(self, host: str, path: str = "/") -> str:
        """The public address of a path on a stored host, whatever the request's own headers said."""
        port = f":{self.public_port}" if self.public_port else ""
        return f"{self.scheme}://{host}{port}{path}"


def from_environment(source: Mapping[str, str] | None = None) -> Settings:
    """Raises UnsafeSettings when production is asked for with a default, or when a value cannot be read."""
    env = os.environ if source is None else source
    settings = Settings(
        environment=env.get("PORTAL_ENV", "development"),
        secret_key=env.get("PORTAL_SECRET_KEY", DEVELOPMENT_SECRET),
        vault_keys=tuple(k for k in env.get("PORTAL_VAULT_KEYS", DEVELOPMENT_VAULT_KEY).split(",") if k),
        database_url=env.get("DATABASE_URL", Settings.database_url),
        platform_database_url=env.get("PLATFORM_DATABASE_URL", ""),
        scheme=env.get("PORTAL_SCHEME", "http"),
        public_port=_number(env, "PORTAL_PUBLIC_PORT") or None,
        trusted_proxies=_number(env, "PORTAL_TRUSTED_PROXIES"),
        gateway_api_base=env.get("STRIPE_API_BASE", Settings.gateway_api_base).rstrip("/"),
        checkout_origin=env.get("STRIPE_CHECKOUT_ORIGIN", Settings.checkout_origin).rstrip("/"),
        mail_server=env.get("MAIL_SERVER", Settings.mail_server),
        mail_port=_number(env, "MAIL_PORT") or Settings.mail_port,
        mail_username=env.get("MAIL_USERNAME", ""),
        mail_password=env.get("MAIL_PASSWORD", ""),
        mail_tls=env.get("MAIL_USE_TLS", "") in ("1", "true", "yes"),
        mail_from=env.get("MAIL_FROM", Settings.mail_from),
        mail_return_path=env.get("MAIL_RETURN_PATH", ""),
        mail_bounces=env.get("MAIL_BOUNCES", ""),
        mail_bounces_secret=env.get("MAIL_BOUNCES_SECRET", ""),
        limits_storage=env.get("PORTAL_LIMITS_STORAGE", "memory://"),
        credit_alone=_number(env, "PORTAL_CREDIT_ALONE") if "PORTAL_CREDIT_ALONE" in env else Settings.credit_alone,
        staff_factor=env.get("PORTAL_STAFF_FACTOR") or Settings.staff_factor,
    )
    problems = list(_problems(settings))
    if problems:
        raise UnsafeSettings("The portal does not start:\n" + "\n".join(f"  - {p}" for p in problems))
    return settings


def _number(env: Mapping[str, str], name: str) -> int:
    """0 when it is not set."""
    text = env.get(name) or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise UnsafeSettings(f"The portal does not start:\n  - {name} is not a number from 0 to 65535.")
    return int(text)


def _problems(settings: Settings) -> list[str]:
    found = []
    if settings.environment not in ("development", "production"):
        found.append("PORTAL_ENV is neither development nor production.")
    if settings.scheme not in ("http", "https"):
        found.append("PORTAL_SCHEME is neither http nor https.")
    if settings.staff_factor not in ("required", "offered"):
        found.append("PORTAL_STAFF_FACTOR is neither required nor offered.")
    for key in settings.vault_keys:
        if not _is_vault_key(key):
            found.append("PORTAL_VAULT_KEYS must hold base64 keys of 32 bytes each, the one in use first.")
    if not settings.vault_keys:
        found.append("PORTAL_VAULT_KEYS is empty.")
    found += _bounce_problems(settings)
    if settings.is_production:
        found += _production_problems(settings)
    return found


def _bounce_problems(settings: Settings) -> list[str]:
    found = []
    name, _, domain = settings.mail_return_path.rpartition("@")
    # The reference takes 43 of the 64 octets that a name may have (RFC 5321).
    if settings.mail_return_path and not (RETURN_NAME.fullmatch(name) and RETURN_DOMAIN.fullmatch(domain)):
        found.append("MAIL_RETURN_PATH is not an address such as bounces@mail.example, its name at most 21 characters.")
    if settings.mail_bounces_secret and len(settings.mail_bounces_secret) < 32:
        found.append("MAIL_BOUNCES_SECRET is shorter than 32 characters.")
    return found


def _production_problems(settings: Settings) -> list[str]:
    found = []
    if settings.secret_key == DEVELOPMENT_SECRET or len(settings.secret_key) < 32:
        found.append("PORTAL_SECRET_KEY is the default or shorter than 32 characters.")
    if DEVELOPMENT_VAULT_KEY in settings.vault_keys:
        found.append("PORTAL_VAULT_KEYS is the default.")
    if not settings.is_secure:
        found.append("PORTAL_SCHEME must be https: cards and passwords pass through these pages.")
    if urlsplit(settings.gateway_api_base).scheme != "https":
        found.append("STRIPE_API_BASE must be https; the sandbox is for demonstrations.")
    if settings.mail_from == Settings.mail_from:
        found.append("MAIL_FROM is the default.")
    return found


def _is_vault_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 32
    except ValueError:
        return False


_installed: list[Settings] = []


def install(settings: Settings) -> None:
    """Make these the settings of the process."""
    _installed[:] = [settings]


def current() -> Settings:
    if not _installed:
        install(from_environment())
    return _installed[0]


def root() -> Path:
    """The folder that holds `portal/` and `migrations/`."""
    return Path(__file__).resolve().parents[2]
